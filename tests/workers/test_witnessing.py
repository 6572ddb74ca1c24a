"""Witnesses are asked beside the sealing: one that never answers holds up nothing."""

from __future__ import annotations

import threading

from tests.engines import wait_until
from workers.witnessing import Asker


class Slow:
    """A round of asking that lasts until it is let go."""

    def __init__(self) -> None:
        self.rounds = 0
        self.go = threading.Semaphore(0)

    def ask(self) -> list[str]:
        self.rounds += 1
        self.go.acquire()
        if self.rounds == 2:
            raise ValueError("something nobody foresaw")
        return ["witness.example/w1 does not answer"]


def test_a_wish_returns_at_once_and_many_of_them_are_one_more_round() -> None:
    slow = Slow()
    asker = Asker(slow)  # type: ignore[arg-type]
    asker.wish()
    wait_until(lambda: slow.rounds == 1)
    for _ in range(100):  # each of them returns although the round goes on
        asker.wish()
    slow.go.release()
    wait_until(lambda: slow.rounds == 2)
    slow.go.release()
    asker.wish()  # what went wrong in one round does not end the asking
    wait_until(lambda: slow.rounds == 3)
    slow.go.release()
