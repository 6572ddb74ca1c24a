"""A limit on wrong tries, so that nobody can go on guessing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from fairness import keys
from fairness.errors import Rejected, TooMany
from fairness.identity import keyed_hash
from web import services
from workers.settings import settings

TRIES = 10
TRIES_LIFE_S = 60


@contextmanager
def limited(kind: str, who: str, why: str) -> Iterator[None]:
    """Let a try through, and count it when it is refused; TooMany, saying why, after TRIES."""
    key = keys.tries(keyed_hash(settings().pepper, kind, who))
    if int(services.redis().get(key) or 0) >= TRIES:
        raise TooMany(why, retry_after_s=TRIES_LIFE_S)
    try:
        yield
    except Rejected:
        pipe = services.redis().pipeline()
        pipe.incr(key)
        pipe.expire(key, TRIES_LIFE_S, nx=True)
        pipe.execute()
        raise
