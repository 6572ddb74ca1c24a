"""Kill processes at random while the show goes on."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from random import Random
from threading import Event, Thread

from console.launch import Started
from fairness.errors import Invalid


@contextmanager
def killing(own: Started | None, every_s: float, rng: Random) -> Iterator[Counter[str]]:
    """Kill one of our processes with all it started every so many seconds; count which.

    Any but the stores: what they lose when they are killed is for the drill at the end. Invalid
    when the processes are somebody else's.
    """
    killed, over = Counter[str](), Event()
    if not every_s:
        yield killed
        return
    if own is None:
        raise Invalid(
            "this rehearsal runs on a stack that was there before",
            field="--kill-every",
            value=every_s,
            rule="only processes that the rehearsal started are killed",
            remedy="name another --home, or stop the stack first",
        )
    thread = Thread(target=_kill_on, args=(own, every_s, rng, killed, over), daemon=True)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def _kill_on(own: Started, every_s: float, rng: Random, killed: Counter[str], over: Event) -> None:
    kept = {engine.name for engine in own.stack.engines()}
    while not over.wait(every_s):
        running = own.supervisor.pids()
        name = rng.choice(sorted(running.keys() - kept))
        with suppress(ProcessLookupError):  # it died just now
            os.killpg(running[name], signal.SIGKILL)
            killed[name] += 1
