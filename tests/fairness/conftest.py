"""A line that is open now, and the means to bring fans through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.line import Line
from fairness.manifest import Manifest

Opener = Callable[..., Line]
HOUR = 3600 * SECOND


def store_now_us(redis: Redis) -> int:
    seconds, micros = redis.time()
    return seconds * SECOND + micros


@pytest.fixture
def opened(redis: Redis) -> Opener:
    """Open a line. By default its opening window is shut already and tie windows are 1 ms."""

    def open_line(sale_id: str = "demo", **rules: int) -> Line:
        now_us = store_now_us(redis)
        defaults = {
            "opens_at_us": now_us - HOUR,
            "starts_at_us": now_us - HOUR,
            "ends_at_us": now_us + HOUR,
            "tie_us": 1000,
        }
        line = Line(redis, sale_id)
        line.open(Manifest(sale_id=sale_id, **(defaults | rules)))
        return line

    return open_line


def placed(redis: Redis, line: Line, fans: Iterable[str]) -> list[str]:
    """Bring fans through their windows, in the order given; return them."""
    fans = list(fans)
    for fan in fans:
        line.join(fan, "{}")
    pass_time(redis, line)
    line.close_due_windows()
    for window in line.windows_in("closed"):
        line.advance(window.number, "committed")
        line.place(window.number, [fan for fan, _ in window.arrivals])
    return fans


def pass_time(redis: Redis, line: Line) -> None:
    """Wait until the newest arrival's window is over by the store's clock."""
    newest_us = int(redis.hget(keys.state(line.sale_id), "last_us") or 0)
    rules = line.manifest()
    end_us = rules.window_ends_us(rules.window_of(newest_us))
    while store_now_us(redis) < end_us:
        pass
