"""Calling fans from a line of a million, in steps that leave the store to others in between."""

from __future__ import annotations

import time
from typing import Any

from redis import Redis

from bench.results import Figure
from console.measuring.private_store import private_store
from fairness import keys
from fairness.clock import SECOND, now_us
from fairness.line import Line
from fairness.manifest import Manifest

COMMAND = "python -m bench admission"
FANS, BATCH, ROUNDS = 1_000_000, 1_000, 20
SLOW_US = 5_000
SALE = "bench"


def measure() -> list[Figure]:
    """Return the store's time on the processor for a batch, beside bare ZRANGE and ZREM."""
    with private_store() as redis:
        line = _line(redis)
        floor_us = _floor(redis)
        line.admit(FANS, 0, most=1)  # the store has the scripts from here on
        _wait_for_rate(line)
        redis.slowlog_reset()
        redis.config_set("slowlog-log-slower-than", SLOW_US)
        called, wall_s, used_us = 0, 0.0, 0.0
        for number in range(ROUNDS):
            if number:
                _wait_for_rate(line)
            before_us, started = _cpu_us(redis), time.perf_counter()
            called += len(line.admit(FANS, 0, most=BATCH))
            wall_s += time.perf_counter() - started
            used_us += _cpu_us(redis) - before_us
        slow = [entry["duration"] for entry in redis.slowlog_get(100)]
    if called != ROUNDS * BATCH:
        raise SystemExit(f"{called} were called instead of {ROUNDS * BATCH}")
    floor_is = "ZRANGE + ZREM of 1,000 in one go"
    print(f"calls of the store over {SLOW_US} µs (SLOWLOG): {len(slow)} {slow[:5]}")
    print(f"a batch of {BATCH:,} as a worker sees it: {1_000 * wall_s / ROUNDS:.1f} ms")
    return [
        Figure("admission_batch_ms", round(used_us / ROUNDS / 1_000, 2), "ms of the store's CPU",
               round(floor_us / 1_000, 2), floor_is, COMMAND),
        Figure("admission_calls_over_5_ms", len(slow), "calls of the store", 0,
               "none is allowed", COMMAND),
    ]  # fmt: skip


def _line(redis: Redis) -> Line:
    """Return an open line with a million places, as a drawn window would have left it."""
    now, line = now_us(), Line(redis, SALE)
    hour = 3_600 * SECOND
    line.open(
        Manifest(SALE, now - hour, now - hour, now + hour, capacity=FANS, rate_per_s=FANS // 10)
    )
    for start in range(0, FANS, 10_000):
        places = {_fan(n): n for n in range(start + 1, start + 10_001)}
        redis.zadd(keys.line(SALE), places)
    return line


def _fan(number: int) -> str:
    return f"{number:022x}"


def _floor(redis: Redis) -> float:
    """Return its µs for taking a batch from the front of a sorted set of a million."""
    redis.copy(keys.line(SALE), "floor")
    before_us = _cpu_us(redis)
    for _ in range(ROUNDS):
        front: Any = redis.zrange("floor", 0, BATCH - 1)
        redis.zrem("floor", *front)
    used_us = (_cpu_us(redis) - before_us) / ROUNDS
    redis.unlink("floor")
    return used_us


def _cpu_us(redis: Redis) -> float:
    """Return the processor time, µs, that the store's one working thread has used."""
    used: Any = redis.info("cpu")
    return float(1e6 * (used["used_cpu_user_main_thread"] + used["used_cpu_sys_main_thread"]))


def _wait_for_rate(line: Line) -> None:
    """Wait until the rate allows a whole batch again."""
    time.sleep(2 * BATCH / line.manifest().rate_per_s)
