"""The application, on real stores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from boxoffice.dynamo import Database
from boxoffice.sales.model import Sale
from tests.web.site import Person, account, open_line, put_on_sale
from tests.workers import stage
from web import address, auth, ended, facts, seats_service, services, tour_service
from web.app import create_app


def forget() -> None:
    services.reset()
    facts.forget()
    auth._key.cache_clear()
    address._trusted.cache_clear()
    address._trusted_numbers.cache_clear()
    address.is_trusted.cache_clear()
    seats_service._seats_json.cache_clear()
    tour_service._known.cache_clear()


@pytest.fixture
def site(
    monkeypatch: pytest.MonkeyPatch,
    redis: Redis,
    redis_url: str,
    endpoint: str,
    db: Database,
    tmp_path: Path,
) -> Iterator[stage.Mailbox]:
    forget()
    for mailbox in stage.deployment(monkeypatch, redis_url, endpoint, db, tmp_path):
        yield mailbox
        ended.wait()
    forget()


@pytest.fixture
def app(site: stage.Mailbox) -> Flask:
    return create_app("all")


@pytest.fixture
def organiser(app: Flask) -> Person:
    return Person(app, account("organiser"))


@pytest.fixture
def fan(app: Flask) -> Person:
    return Person(app, account())


@pytest.fixture
def other(app: Flask) -> Person:
    return Person(app, account())


@pytest.fixture
def sale(organiser: Person) -> Sale:
    """A sale whose line is open."""
    return open_line(put_on_sale(organiser.account))
