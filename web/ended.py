"""Sign-ins that ended before their time, because their account's owner left.

A sign-in is checked without asking any store. Who left is read about once a second, by a thread
of its own, and remembered: so a sign-in ends in this process at once, in the others a second later.
"""

from __future__ import annotations

import time
from threading import Lock, Thread
from typing import Any

from redis.exceptions import RedisError

from boxoffice.accounts.leaving import SIGN_IN_S
from fairness import keys
from fairness.errors import FairTicketError
from web import services
from workers import leaving, logs

FRESH_S = 1.0
LATE_S = 5  # clocks of processes may be that far apart

log = logs.get(__name__)
_known: dict[str, int] = {}
_reading = Lock()
_next_s = 0.0  # by time.monotonic: when to read again; 0: nothing was read yet


def when(account_id: str) -> int:
    """Return at which second all sign-ins of an account ended; 0 when they did not."""
    if time.monotonic() >= _next_s and _reading.acquire(blocking=False):
        if _next_s:
            Thread(target=_read, daemon=True).start()
        else:  # nobody is let in before it is known who left
            _read()
    return _known.get(account_id, 0)


def end(account_id: str, now_us: int) -> None:
    """End all sign-ins of an account, in every process."""
    _known[account_id] = leaving.end_sign_ins(account_id, now_us)


def wait() -> None:
    """Return when nobody reads any more: before the stores of this process are let go."""
    with _reading:
        pass


def _read() -> None:
    """Read who left since the last look, and let the next reader go."""
    global _next_s
    try:
        since = max(_known.values(), default=0) - LATE_S
        key, redis = keys.signed_out(), services.redis()
        found: Any = redis.zrangebyscore(key, since, "+inf", withscores=True)
        _known.update({account_id: int(at_s) for account_id, at_s in found})
        if len(_known) > 10_000:
            oldest = int(time.time()) - SIGN_IN_S
            for account_id in [who for who, at_s in list(_known.items()) if at_s < oldest]:
                _known.pop(account_id, None)
    except (RedisError, FairTicketError) as error:
        log.warning("who left could not be read", error=str(error))
    finally:
        _next_s = time.monotonic() + FRESH_S
        _reading.release()
