"""Work of one kind in one sale that waits in a lane, and is taken in batches by one worker.

Whoever puts work into a lane learns whether a worker must be sent to it: only when none is awake.
So a rush costs a few tasks, and one request at rest costs one. Nothing depends on there being one
worker: work is removed only when it is done, so a worker that dies leaves it to the next, and two
at once do what doing it twice does. It is a queue and an order; the tables are the guard.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

from redis import Redis
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTimeout

from fairness import keys, scripts
from fairness.errors import Unavailable

LIFE_MS = 10_000  # longer than a batch takes
PACE_MS = 60_000  # what a batch took longer ago says nothing about the next


class Put(NamedTuple):
    """What became of work that was put into a lane."""

    token: str | None  # of the worker to be sent, if one must be
    waiting: int  # in the lane, this work too
    batch_ms: int  # what a batch took of late; 0: nobody knows


class Lane:
    """One lane of one sale. The client must decode its responses."""

    def __init__(self, redis: Redis, sale_id: str, name: str) -> None:
        self.name = name
        self._redis = redis
        self._keys = [keys.lane(sale_id, name), keys.awake(sale_id, name)]
        self._pace = keys.pace(sale_id, name)
        self._rouse = scripts.load(redis, "rouse")
        self._done = scripts.load(redis, "done")
        self._take = scripts.load(redis, "take")

    def put(self, work: str) -> Put:
        """Put work at the end; return whether a worker must be sent, and what waits."""
        return self._roused(work)

    def rouse(self) -> str | None:
        """Return the token of a worker to be sent because work was left by one that died."""
        return self._roused().token

    def take(self, token: str, most: int) -> list[tuple[str, str]]:
        """Return (id, work) of what came first; it stays until `done`.

        Nothing when nothing waits or another worker has the lane: then this one is to end.
        """
        try:
            found = self._take(keys=self._keys, args=[token, most, LIFE_MS])
        except (StoreUnreachable, StoreTimeout) as error:
            raise Unavailable() from error
        return [(number, fields[1]) for number, fields in found]

    def done(self, ids: Sequence[str], took_ms: int) -> None:
        """Remove work that need not be done again; its batch took so long."""
        if not ids:
            return
        try:
            self._done(keys=[self._keys[0], self._pace], args=[took_ms, PACE_MS, *ids])
        except (StoreUnreachable, StoreTimeout) as error:
            raise Unavailable() from error

    def waiting(self) -> int:
        """Return how much waits."""
        return int(self._redis.xlen(self._keys[0]))

    def _roused(self, *work: str) -> Put:
        token, its_keys = secrets.token_urlsafe(8), [*self._keys, self._pace]
        try:
            sent, waiting, batch_ms = self._rouse(keys=its_keys, args=[token, LIFE_MS, *work])
        except (StoreUnreachable, StoreTimeout) as error:
            raise Unavailable() from error
        return Put(token if sent else None, int(waiting), int(batch_ms))
