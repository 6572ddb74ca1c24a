"""Retry policies, as values with names. Every task says which one is its own."""

from __future__ import annotations

from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from fairness.errors import Rejected, Unavailable

# redis-py's errors are not Python's built-in ones.
PASSING = (Unavailable, RedisConnectionError, RedisTimeoutError, ConnectionError, TimeoutError)

# A fan waits for it: soon again, then slower. Rejected is an answer, not a failure.
# Delays stay below the broker's visibility timeout: a task that waits longer runs twice.
TRANSIENT: dict[str, Any] = {
    "autoretry_for": PASSING,
    "throws": (Rejected,),
    "retry_backoff": 1,
    "retry_backoff_max": 8,
    "retry_jitter": True,
    "max_retries": 8,
}

# The clock sends it again within seconds: a retry of its own would only pile up.
NEXT_TICK: dict[str, Any] = {"throws": (Rejected, *PASSING), "max_retries": 0}
