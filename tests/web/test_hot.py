"""The short way in front of Flask answers what Flask answers, and fails as it fails."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import product
from typing import Any, get_args

import pytest
from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTimeout
from werkzeug.test import Client, TestResponse

from boxoffice.payments.model import Card
from boxoffice.sales.model import Sale
from fairness import keys
from fairness.direct import Direct
from tests.web.site import CARD, IPHONE, Person, call_to_shop, enter, hold, pay
from web import auth, hot, order_service, services
from web.app import Service, create_app
from workers import clients, standing

OWN = {"date", "x-request-id"}


@pytest.fixture
def plain(app: Flask) -> Client:
    """The same application without the short way."""
    assert isinstance(app.wsgi_app, hot.HotPath)
    return Client(app.wsgi_app.flask, TestResponse, use_cookies=False)


def short(fan: Person) -> Client:
    return Client(fan.app, TestResponse, use_cookies=False)


def told(answer: TestResponse) -> tuple[Any, ...]:
    headers = sorted((k.lower(), v) for k, v in answer.headers if k.lower() not in OWN)
    return answer.status, headers, answer.data


def both(fan: Person, plain: Client, path: str, **request: Any) -> TestResponse:
    """Send one request both ways, see that the answers are one, and return it."""
    quick, slow = (client.open(path, **request) for client in (short(fan), plain))
    assert told(quick) == told(slow)
    assert re.fullmatch(r"[\w-]{8,64}", quick.headers["X-Request-Id"])
    return quick


BODIES: list[tuple[bytes | None, str | None]] = [
    (None, None),
    (b"{}", "application/json"),
    (b'{"tz":"Europe/Helsinki","screen":"390x844"}', "application/json; charset=utf-8"),
    (b'{"tz":"UTC"}', "application/vnd.ours+json"),
    (b'{"tz":"UTC"}', "text/plain"),
    (b'{"tz":"UTC"}', None),
    (b"{", "application/json"),
    (b"\xff", "application/json"),
    (b"null", "application/json"),
    (b'{"tz":7}', "application/json"),
    (b'{"tz":"UTC","colour":"red"}', "application/json"),
    (b'{"tz":"' + b"x" * 5_000 + b'"}', "application/json"),
    (b'{"receipt":"no.receipt.at.all"}', "application/json"),
    (b'{"tz":"' + b"x" * 2_200_000 + b'"}', "application/json"),
]


def test_a_join_is_answered_alike_whatever_its_body(fan: Person, plain: Client, sale: Sale) -> None:
    path = f"/api/v1/sales/{sale.sale_id}/place"
    headers = {"Authorization": f"Bearer {fan.token}", "User-Agent": IPHONE}
    assert fan.call("PUT", path).json["first"] is True  # type: ignore[index]
    for body, kind in BODIES:
        both(fan, plain, path, method="PUT", data=body, content_type=kind, headers=headers)


def test_who_asks_decides_alike(fan: Person, plain: Client, sale: Sale) -> None:
    path = f"/api/v1/sales/{sale.sale_id}/place"
    by_cookie = {"Cookie": f"a=1; {auth.TOKEN_COOKIE}={fan.token}"}
    fan.call("PUT", path)
    for headers in (
        {}, {"Authorization": "Bearer forged"}, {"Authorization": f"bearer  {fan.token}"},
        {"Authorization": f"Basic {fan.token}"}, by_cookie,
        {**by_cookie, "Authorization": "Basic x"},
        {"Cookie": f"{auth.TOKEN_COOKIE}=forged"}, {"Cookie": f'{auth.TOKEN_COOKIE}="{fan.token}"'},
        {"Authorization": f"Bearer {fan.token}", "Origin": "https://other.example"},
        {"Authorization": f"Bearer {fan.token}", "X-Request-Id": "<script>"},
    ):  # fmt: skip
        for method in ("PUT", "GET", "HEAD", "POST", "PATCH", "OPTIONS"):
            both(fan, plain, path, method=method, headers=headers)
    assert short(fan).put(path, headers=by_cookie).status_code == 401
    assert short(fan).get(path, headers=by_cookie).status_code == 200


def test_an_unknown_sale_is_refused_alike(fan: Person, plain: Client) -> None:
    for sale_id, method in product(("sal_nothing", "x" * 65, "a b", "..%2Fplace"), ("PUT", "GET")):
        headers = {"Authorization": f"Bearer {fan.token}"}
        answer = both(fan, plain, f"/api/v1/sales/{sale_id}/place", method=method, headers=headers)
        assert answer.status_code == 404


def test_each_standing_and_a_closed_line_are_told_alike(
    fan: Person, other: Person, plain: Client, sale: Sale
) -> None:
    path, line = f"/api/v1/sales/{sale.sale_id}/place", clients.line(sale.sale_id)
    headers = {"Authorization": f"Bearer {fan.token}"}

    def look(state: str) -> None:
        answer = both(fan, plain, path, method="GET", headers=headers)
        assert answer.json["state"] == state  # type: ignore[index]

    look("unknown")
    call_to_shop(sale, fan, other)
    look("called")
    finding = {"rule": "headless_browser", "weight": 0.9, "because": "It has no écran."}
    line.set_verdict(fan.fan(sale), "review", json.dumps([finding]))
    look("in_line")
    line.leave(fan.fan(sale))
    look("left")
    line.control(status="closed")
    newcomer = {"Authorization": f"Bearer {Person(fan.app, other.account).token}"}
    assert both(fan, plain, path, method="PUT", headers=newcomer).status_code == 200
    stranger = {"Authorization": f"Bearer {auth.issue('acc_new', 'fan', 'device')}"}
    assert both(fan, plain, path, method="PUT", headers=stranger).status_code == 409
    clients.redis().flushall()
    assert both(fan, plain, path, method="PUT", headers=headers).status_code == 503


def test_the_short_way_is_taken_and_counted(
    fan: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan.app, "full_dispatch_request", lambda: 1 / 0)
    path = f"/api/v1/sales/{sale.sale_id}/place"
    assert fan.call("PUT", path, {"tz": "UTC"}, X_Request_Id="abcdefgh-1").status_code == 200
    answer = fan.call("GET", path, X_Request_Id="abcdefgh-1")
    assert (answer.status_code, answer.headers["X-Request-Id"]) == (200, "abcdefgh-1")
    monkeypatch.undo()
    numbers = fan.app.test_client().get("/metrics").data
    assert b'endpoint="line.join",method="PUT",status="200"' in numbers


def test_an_order_is_told_alike_wherever_it_stands(
    fan: Person, other: Person, plain: Client, sale: Sale
) -> None:
    """On its way, refused, held, paid; from the cache and from the table; to nobody else."""
    call_to_shop(sale, fan, other)
    me = {"Authorization": f"Bearer {fan.token}"}

    def ask(**wish: Any) -> str:
        headers = {**me, "Pass": enter(sale, fan)}
        path = f"/api/v1/sales/{sale.sale_id}/orders"
        return str(plain.post(path, json=wish, headers=headers).json["order_id"])  # type: ignore[index]

    def look(order_id: str, state: str) -> None:
        path = f"/api/v1/orders/{order_id}"
        kept = clients.redis().get(keys.standing(order_id))
        for headers in (me, {"Cookie": f"{auth.TOKEN_COOKIE}={fan.token}"}):
            answer = both(fan, plain, path, method="GET", headers=headers)
            assert answer.json["state"] == state  # type: ignore[index]
        stranger = {"Authorization": f"Bearer {other.token}"}
        hidden = 404 if state == "pending" else 403
        assert both(fan, plain, path, method="GET", headers=stranger).status_code == hidden
        assert kept is not None
        clients.redis().delete(keys.standing(order_id))
        assert both(fan, plain, path, method="GET", headers=me).json["state"] == state  # type: ignore[index]

    refused = ask(seats=["A-1"])
    look(refused, "pending")
    hold(sale, other, "ord_first", "A-1")
    hold(sale, fan, refused, "A-1")
    look(refused, "refused")
    order_id = ask(best={"count": 2})
    hold(sale, fan, order_id, "B-1", "B-2")
    look(order_id, "held")
    pay(order_id, clients.payments().tokenise(Card(**CARD)))
    look(order_id, "paid")
    nothing = f"/api/v1/orders/{'x' * 30}"
    assert both(fan, plain, nothing, method="GET", headers=me).status_code == 404


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer forged"}])
def test_an_order_is_told_to_nobody_who_is_not_signed_in(
    fan: Person, plain: Client, headers: dict[str, str]
) -> None:
    order_id = order_service.new_id(fan.account.account_id, "sal_1", "key")
    standing.show_pending(order_id, fan.account.account_id)
    path = f"/api/v1/orders/{order_id}"
    assert both(fan, plain, path, method="GET", headers=headers).status_code == 401
    for method in ("HEAD", "PUT", "PATCH", "OPTIONS"):
        both(fan, plain, path, method=method, headers=headers)


def test_an_order_is_told_from_the_table_while_the_store_is_away(
    fan: Person, plain: Client, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_to_shop(sale, fan)
    hold(sale, fan, "ord_mine", "A-1")

    def away(*_: Any, **__: Any) -> None:
        raise StoreUnreachable("no answer")

    monkeypatch.setattr(Redis, "execute_command", away)
    me = {"Authorization": f"Bearer {fan.token}"}
    answer = both(fan, plain, "/api/v1/orders/ord_mine", method="GET", headers=me)
    assert answer.json["state"] == "held"  # type: ignore[index]


def test_a_look_at_an_order_does_not_reach_flask(
    fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app("boxoffice")
    order_id = order_service.new_id(fan.account.account_id, "sal_1", "key")
    standing.show_pending(order_id, fan.account.account_id)
    monkeypatch.setattr(app, "full_dispatch_request", lambda: 1 / 0)
    answer = Person(app, fan.account).call("GET", f"/api/v1/orders/{order_id}")
    assert answer.json["state"] == "pending"  # type: ignore[index]


def test_each_service_has_the_short_ways_to_what_is_its(app: Flask) -> None:
    ways = {name: create_app(name).wsgi_app.ways for name in get_args(Service)}  # type: ignore[attr-defined]
    assert ways == {"fairness": hot.LINE, "boxoffice": hot.SHOP, "all": hot.LINE + hot.SHOP}
    for name in get_args(Service):
        endpoints = create_app(name).view_functions
        assert {way.endpoint for way in ways[name]} <= endpoints.keys()


@contextmanager
def store(answers: list[bytes | None]) -> Iterator[int]:
    """Yield the port of a store that answers the n-th connection's scripts with these bytes.

    b"" hangs up when it is asked, None never answers.
    """
    stop = threading.Event()
    with closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            for answer in answers:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                with link:
                    greet(link, answer)
                    if answer is None:
                        stop.wait(10)

        def greet(link: socket.socket, answer: bytes | None) -> None:
            while data := link.recv(65_536):
                if b"EVAL" in data:
                    if answer:
                        link.sendall(answer)
                        continue
                    return
                link.sendall(b"+OK\r\n" * data.count(b"*"))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        stop.set()


def direct(port: int) -> Direct:
    limits = {**clients._patience(), "socket_timeout": 0.2, "health_check_interval": 0}
    return Direct(Redis(port=port, decode_responses=True, protocol=2, **limits))


def test_a_store_that_hangs_costs_its_time_out_and_nothing_more(site: object) -> None:
    with store([None]) as port:
        way, started = direct(port), time.monotonic()
        with pytest.raises(StoreTimeout):
            way.run("0" * 40, "", [], [])
        assert time.monotonic() - started < 5


def test_a_connection_lost_meanwhile_is_made_anew_once(site: object) -> None:
    with store([b":7\r\n", b""]) as port:
        way = direct(port)
        assert way.run("0" * 40, "", [], []) == 7
        way._mine.link._socket.shutdown(socket.SHUT_RDWR)
        with pytest.raises(StoreUnreachable):
            way.run("0" * 40, "", [], [])


def test_a_store_that_starts_is_away_and_a_forgotten_script_is_sent_again(redis: Redis) -> None:
    with store([b"-LOADING the data\r\n"]) as port, pytest.raises(StoreUnreachable):
        direct(port).run("0" * 40, "", [], [])
    redis.script_flush()
    assert Direct(redis).run("0" * 40, "return {KEYS[1], ARGV[1], false}", ["k"], [7]) == [
        "k", "7", None,
    ]  # fmt: skip


def test_a_store_that_is_away_gives_nobody_a_place(
    fan: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/v1/sales/{sale.sale_id}/place"
    assert fan.call("GET", path).status_code == 200
    asked = []

    def away(*_: Any) -> None:
        asked.append(1)
        raise StoreTimeout("no answer in time")

    monkeypatch.setattr(services.direct(), "run", away)
    answer = fan.call("PUT", path, {})
    assert answer.status_code == 503
    assert answer.json["type"] == "/problems/Unavailable"  # type: ignore[index]
    assert answer.headers["Retry-After"] == "2"
    assert len(asked) == 1
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None
