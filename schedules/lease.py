"""Several clocks may run; one ticks. The others stand by and take over within seconds."""

from __future__ import annotations

import secrets
from typing import Any

from celery.beat import Scheduler
from redis import Redis
from redis.exceptions import RedisError

from fairness import keys, scripts
from workers import clients, logs

LENGTH_MS = 3_000
STANDBY_S = 0.5

log = logs.get(__name__)


class Lease:
    """The right to tick. `hold` is one atomic step on the store's clock, asked before each send.

    A holder that was frozen finds out before its next send that another took over. The number
    grows with every change of holder, so that the logs say who ticked after whom. One task may
    still slip out of a holder frozen between the two; every task bears to be sent twice.
    """

    def __init__(self, redis: Redis, owner: str = "", length_ms: int = LENGTH_MS) -> None:
        self._script = scripts.load(redis, "lease")
        self._keys = [keys.beat_lease(), keys.beat_number()]
        self.owner = owner or secrets.token_urlsafe(16)
        self.length_ms = length_ms

    def hold(self) -> int:
        """Take or lengthen the lease; return its number, or 0 when another holds it."""
        return int(self._script(keys=self._keys, args=[self.owner, self.length_ms, "hold"]))

    def release(self) -> None:
        """Give the lease back if it is ours, so that another clock need not wait."""
        self._script(keys=self._keys, args=[self.owner, self.length_ms, "release"])


class LeasedScheduler(Scheduler):
    """Celery beat's schedule, in memory, that ticks only while it holds the lease.

    Nothing is kept on disk: the tasks look at the state of the world and not at the clock that
    sent them, so a clock that was down has nothing to catch up with.
    """

    lease: Lease | None = None
    number = 0

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send at most one due task; return the seconds until it wants to be asked again."""
        number = self._hold()
        if number != self.number:
            log.info("this clock ticks" if number else "this clock stands by", number=number)
            self.number = number
        return super().tick(*args, **kwargs) if number else STANDBY_S

    def close(self) -> None:
        """Give the lease back and close the connections."""
        try:
            if self.lease:
                self.lease.release()
        except RedisError:
            log.warning("the lease could not be given back; it lapses by itself")
        super().close()

    def _hold(self) -> int:
        try:
            self.lease = self.lease or Lease(clients.redis())
            return self.lease.hold()
        except RedisError as error:  # nobody can say who ticks: then not us
            log.warning("the store does not answer; this clock waits", error=str(error))
            return 0
