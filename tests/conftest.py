"""Fixtures that every test may use: real, empty stores."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from boxoffice.dynamo import Database, connect
from tests import localstripe
from tests.engines import dynamodb_endpoint, valkey_url, wait_until

SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey_url(tmp_path_factory.mktemp("valkey")) as url:
        with Redis.from_url(url) as probe:
            wait_until(lambda: _pings(probe), what="Valkey answers")
        yield url


def _pings(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except Exception:
        return False


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A real, empty Valkey (database 0); the broker (database 1) is emptied with it."""
    with Redis.from_url(f"{redis_url}/1") as broker:
        broker.flushdb()
    with Redis.from_url(f"{redis_url}/0", decode_responses=True) as state:
        state.flushdb()
        yield state


@pytest.fixture(scope="session", params=["roto", "ministack"])
def any_endpoint(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with dynamodb_endpoint(request.param, tmp_path_factory.mktemp(request.param)) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with dynamodb_endpoint("roto", tmp_path_factory.mktemp("dynamodb")) as url:
        yield url


@pytest.fixture
def db(endpoint: str) -> Iterator[Database]:
    """All tables, empty, on the embedded engine."""
    yield from _fresh(endpoint)


@pytest.fixture
def any_db(any_endpoint: str) -> Iterator[Database]:
    """All tables, empty; the test runs once on each engine. For tests of a store."""
    yield from _fresh(any_endpoint)


def _fresh(endpoint: str) -> Iterator[Database]:
    database = connect(endpoint, "eu-central-1", f"t{uuid.uuid4().hex[:8]}-")
    database.create_tables()
    yield database
    database.client.close()


@pytest.fixture(scope="session")
def stripe_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with localstripe.server(tmp_path_factory.mktemp("localstripe")) as url:
        yield url


@pytest.fixture
def stripe(stripe_server: str) -> Iterator[localstripe.Stripe]:
    """A real server of Stripe's API, with a relay in front that can make things go wrong."""
    with localstripe.relayed(stripe_server) as one:
        yield one


@pytest.fixture
def shared() -> Path:
    """The folder of real seating plans, traces and vectors; absent from a fresh clone."""
    if not SHARED.exists():
        pytest.skip("no ../shared/data beside this checkout")
    return SHARED
