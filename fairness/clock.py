"""The one unit of time: microseconds since 1970, UTC, as an integer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache

SECOND = 1_000_000


def now_us() -> int:
    """Return this process's clock in µs. Places in a line use the store's clock instead."""
    return time.time_ns() // 1_000


def iso(at_us: int) -> str:
    """Return `at_us` as RFC 3339 text in UTC, to the millisecond."""
    second, rest_us = divmod(at_us, SECOND)
    return f"{_to_second(second)}.{rest_us // 1_000:03}Z"


@lru_cache(maxsize=1024)
def _to_second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def from_iso(text: str) -> int:
    """Return the µs of an RFC 3339 text with a zone; ValueError when it has none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write for example 2026-11-22T18:00:00Z")
    return int(moment.timestamp() * SECOND)
