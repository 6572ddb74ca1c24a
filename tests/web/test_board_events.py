"""The board as events, over real connections."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from flask import Flask
from redis import Redis

from boxoffice.sales.model import Sale
from fairness import keys
from tests.web.site import Person
from tests.web.test_front import Server, serving
from workers.settings import settings


@pytest.fixture
def app(site: object, monkeypatch: pytest.MonkeyPatch) -> Flask:
    from web.app import create_app

    monkeypatch.setenv("FAIRTICKET_BOARD_EVENTS", "1")
    settings.cache_clear()
    return create_app("all")


@contextmanager
def listening(server: Server, sale_id: str) -> Iterator[HTTPResponse]:
    connection = HTTPConnection(*server.address, timeout=10)
    connection.request("GET", f"/api/v1/sales/{sale_id}/board/events")
    with connection.getresponse() as answer:
        yield answer
    connection.close()


def heard(answer: HTTPResponse) -> dict[str, Any]:
    """Return the next board that is told."""
    while not (line := answer.readline()).startswith(b"data: "):
        assert line, "nothing more is told"
    return dict(json.loads(line[6:]))


def test_who_listens_is_told_at_once_and_of_every_change(
    app: Flask, sale: Sale, redis: Redis
) -> None:
    redis.set(keys.board(sale.sale_id), '{"message": "hello"}')
    with serving(app) as server, listening(server, sale.sale_id) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert heard(answer) == {"message": "hello"}
        redis.set(keys.board(sale.sale_id), '{"message": "doors open later"}')
        assert heard(answer) == {"message": "doors open later"}


def test_a_board_that_is_lost_lets_its_listeners_go_and_says_why(
    app: Flask, sale: Sale, redis: Redis
) -> None:
    redis.set(keys.board(sale.sale_id), "{}")
    with serving(app) as server:
        with listening(server, sale.sale_id) as answer:
            assert heard(answer) == {}
            redis.delete(keys.board(sale.sale_id))
            assert answer.read().strip() == b"", "the answer ends"
        with listening(server, sale.sale_id) as answer:
            assert answer.status in (404, 503)


def test_no_more_listen_than_there_is_room_for(
    app: Flask, sale: Sale, redis: Redis, fan: Person
) -> None:
    redis.set(keys.board(sale.sale_id), "{}")
    with serving(app) as server, listening(server, sale.sale_id) as first:
        assert heard(first) == {}
        with listening(server, sale.sale_id) as second:
            assert second.status == 404
            assert json.loads(second.read())["remedy"].startswith("ask for the board itself")
    page = fan.browser().get(f"/sales/{sale.sale_id}/line").text
    assert f'data-events="/api/v1/sales/{sale.sale_id}/board/events"' in page


def test_a_process_that_ends_lets_its_listeners_go_before_it_is_made_to(
    app: Flask, sale: Sale, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    redis.set(keys.board(sale.sale_id), "{}")
    with serving(app) as server, listening(server, sale.sale_id) as answer:
        assert heard(answer) == {}
        server.should_exit = True
        assert answer.read().strip() == b"", "the answer ends whole"
    assert "Cancel" not in caplog.text
