"""Engines of one's own for a measurement: started empty, gone when it is over."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from boxoffice.dynamo import Database, connect
from console import engines
from fairness.errors import FairTicketError, Unavailable

_WITHIN_S = 10.0


@contextmanager
def private_store() -> Iterator[Redis]:
    """Yield a client of a fresh Valkey server. Raises Unavailable when it does not start."""
    port = engines.free_port()
    command = partial(engines.valkey, port)
    with _running(command), Redis(port=port, decode_responses=True) as redis:
        _wait_for(redis.ping)
        yield redis


@contextmanager
def private_database() -> Iterator[Database]:
    """Yield a fresh database with its tables. Raises Unavailable when it does not start."""
    port = engines.free_port()
    with _running(partial(engines.dynamodb, port)):
        database = connect(f"http://127.0.0.1:{port}", "eu-central-1", "measured")
        _wait_for(database.missing_tables)
        database.create_tables()
        yield database


@contextmanager
def _running(command: Callable[[Path], list[str]]) -> Iterator[None]:
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            command(Path(folder)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield
        finally:
            server.terminate()
            server.wait()


def _wait_for(answer: Callable[[], object]) -> None:
    deadline = time.monotonic() + _WITHIN_S
    while True:
        try:
            answer()
        except (RedisError, FairTicketError) as error:
            if time.monotonic() > deadline:
                raise Unavailable(
                    "the embedded engine did not start", remedy="run `fairticket doctor`"
                ) from error
            time.sleep(0.05)
        else:
            return
