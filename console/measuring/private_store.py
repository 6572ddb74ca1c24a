"""A store of one's own for a measurement: started empty, gone when it is over."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from console import engines
from fairness.errors import Unavailable

_WITHIN_S = 10.0


@contextmanager
def private_store() -> Iterator[Redis]:
    """Yield a client of a fresh Valkey server. Raises Unavailable when it does not start."""
    port = engines.free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(engines.valkey(port, Path(folder)), stdout=subprocess.DEVNULL)
        try:
            with Redis(port=port, decode_responses=True) as redis:
                _wait_for(redis)
                yield redis
        finally:
            server.terminate()
            server.wait()


def _wait_for(redis: Redis) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            redis.ping()
        except RedisError as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "the embedded store did not start", remedy="run `fairticket doctor`"
                ) from error
            time.sleep(0.05)
        else:
            return
