"""The front over real connections: the short way and uvicorn's give the same answers."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from flask import Flask
from redis import Redis

from boxoffice.sales.model import Sale
from console import engines, processes
from tests.engines import wait_until
from tests.web.site import IPHONE, Person
from tests.web.test_hot import BODIES
from web import facts, front, hot, order_service
from web.app import create_app
from web.serve import OPTIONS
from web.serving import Served
from workers import clients, standing

OWN = re.compile(rb"(date|x-request-id): [^\r]+\r\n")


class Server(uvicorn.Server):
    """A front in a thread of this process."""

    @property
    def address(self) -> tuple[str, int]:
        return self.servers[0].sockets[0].getsockname()  # type: ignore[no-any-return]


@contextmanager
def serving(app: Flask, **other: Any) -> Iterator[Server]:
    server = Server(uvicorn.Config(Served(app), port=0, **{**OPTIONS, **other}))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, 10, "the front serves")
    try:
        yield server
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def server(app: Flask) -> Iterator[Server]:
    with serving(app) as started:
        yield started


@pytest.fixture
def path(sale: Sale) -> str:
    return f"/api/v1/sales/{sale.sale_id}/place"


class Wire:
    """One connection, by hand."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=10)
        self.file = self.socket.makefile("rb")

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        self.socket.close()

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)
            if piece is not pieces[-1]:
                time.sleep(0.03)  # so that the server reads them one by one

    def answer(self, body: bool = True) -> tuple[int, bytes, bytes]:
        """Return status, head and body of the next answer."""
        head = b"".join(iter(self.file.readline, b"\r\n"))
        found = re.search(rb"content-length: (\d+)", head)
        size = int(found[1]) if found and body else 0
        return int(head[9:12] or 0), head, self.file.read(size)

    def ended(self) -> bool:
        """Return whether the server has closed the connection and said no more."""
        return self.file.read() == b""


def request(method: str, path: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: us", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def bearer(fan: Person) -> tuple[str, str]:
    return f"Authorization: Bearer {fan.token}", f"User-Agent: {IPHONE}"


def both(server: Server, data: bytes) -> tuple[int, bytes, bytes]:
    """Send a request in one piece and in two, see that the answers are one, and return it."""
    found = []
    for pieces in ((data,), (data[:9], data[9:])):
        with Wire(server.address) as wire:
            wire.send(*pieces)
            found.append(wire.answer())
    (status, head, body), (slow_status, slow_head, slow_body) = found
    assert sorted(OWN.sub(b"", head).split(b"\r\n")) == sorted(
        OWN.sub(b"", slow_head).split(b"\r\n")
    )
    assert (status, body) == (slow_status, slow_body)
    assert b"x-request-id" in head
    return found[0]


def test_both_ways_answer_alike_whatever_is_asked(
    server: Server, fan: Person, sale: Sale, path: str, redis: Redis
) -> None:
    me = bearer(fan)
    assert both(server, request("GET", path, *me))[0] == 200
    assert fan.call("PUT", path).status_code == 200
    for body, kind in BODIES:
        headers = (*me, f"Content-Type: {kind}") if kind else me
        both(server, request("PUT", path, *headers, body=body or b""))
    for method in ("PUT", "GET", "POST", "PATCH", "OPTIONS"):
        both(server, request(method, path))
        both(server, request(method, path, "Authorization: Bearer forged"))
        both(server, request(method, path, f"Cookie: fan={fan.token}"))
    assert both(server, request("GET", path.replace(sale.sale_id, "nothing"), *me))[0] == 404
    assert both(server, request("GET", f"{path}?a=b", *me))[0] == 200
    clients.line(sale.sale_id).control(status="closed")
    assert both(server, request("PUT", path, *me))[0] == 200
    redis.flushall()
    assert both(server, request("PUT", path, *me))[0] == 503


def test_the_short_way_is_taken_by_what_is_plain_and_by_nothing_else(
    server: Server, fan: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan.app.wsgi_app, "flask", lambda *_: 1 / 0)
    monkeypatch.setattr(hot, "wait", lambda *_: 1 / 0)
    plain = request("PUT", path, *bearer(fan), "X-Request-Id: abcdefgh-1", body=b"{}")
    plain = plain.replace(b"Content-Length", b"Content-Type: application/json\r\nContent-Length")
    odd = {
        "chunked": plain.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked"),
        "expects": plain.replace(b"Host: us", b"Host: us\r\nExpect: 100-continue"),
        "passes for another": plain.replace(b"Host: us", b"Host: us\r\nX_Forwarded_For: 1.1.1.1"),
        "twice": plain.replace(b"Host: us", b"Host: us\r\nAccept: a\r\nAccept: b"),
        "cut": plain[:-1],
        "two at once": plain * 2,
        "of old": plain.replace(b"HTTP/1.1", b"HTTP/1.0"),
    }
    taken = []
    monkeypatch.setattr(front.Front, "_to_uvicorn", lambda _, data: taken.append(data))
    with Wire(server.address) as wire:
        for _ in range(3):
            wire.send(plain)
            status, head, _ = wire.answer()
            assert (status, b"abcdefgh-1" in head) == (200, True)
    assert not taken
    for said, data in odd.items():
        with Wire(server.address) as wire:
            wire.send(data)
            wait_until(lambda data=data: data in taken, 5, f"left alone: {said}")  # type: ignore[misc]


def test_what_comes_while_an_answer_is_under_way_waits_its_turn(
    server: Server, fan: Person, path: str, redis: Redis
) -> None:
    me = bearer(fan)
    redis.client_pause(300, all=False)
    with Wire(server.address) as wire:
        wire.send(
            request("PUT", path, *me),
            request("GET", "/healthz"),
            request("PUT", path, *me) + request("GET", "/healthz") + request("GET", path, *me),
        )
        told = [wire.answer() for _ in range(5)]
    assert [status for status, _, _ in told] == [200] * 5
    assert [json.loads(body).get("status", "place") for _, _, body in told] == [
        "place", "ok", "place", "ok", "place",
    ]  # fmt: skip
    assert json.loads(told[0][2])["first"] is True
    assert json.loads(told[2][2])["first"] is False


def test_the_database_is_asked_once_for_all_who_come_meanwhile(
    server: Server, fan: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked, go_on = facts._read, [], threading.Event()

    def read(sale_id: str) -> facts.Facts:
        asked.append(sale_id)
        go_on.wait(5)
        return real(sale_id)

    monkeypatch.setattr(facts, "_read", read)
    facts.forget()
    wires = [Wire(server.address) for _ in range(8)]
    for wire in wires:
        wire.send(request("PUT", path, *bearer(fan)))
    with Wire(server.address) as other:
        other.send(request("GET", "/healthz"))
        assert other.answer()[0] == 200, "others are served meanwhile"
    go_on.set()
    for wire in wires:
        with wire:
            assert wire.answer()[0] == 200
    assert len(asked) == 1


def test_http_is_spoken_as_it_should_be(server: Server, fan: Person, path: str) -> None:
    me = bearer(fan)
    with Wire(server.address) as wire:
        wire.send(request("HEAD", path, *me))
        status, head, _ = wire.answer(body=False)
        assert (status, b"content-length" in head) == (200, True)
        chunked = (*me, "Transfer-Encoding: chunked", "Content-Type: application/json")
        wire.send(request("PUT", path, *chunked), b"2\r\n{", b"}\r\n0\r\n\r\n")
        assert wire.answer()[0] == 200
        waits = request("PUT", path, *me, "Expect: 100-continue", "Content-Length: 2")
        wire.send(waits)
        assert wire.answer()[0] == 100
        wire.send(b"{}")
        assert wire.answer()[0] == 415
        wire.send(request("PUT", path, *me, f"Content-Length: {3 << 20}"))
        assert wire.answer()[0] == 413
    with Wire(server.address) as wire:
        wire.send(request("GET", path, *me, "Connection: close"))
        status, head, _ = wire.answer()
        assert (status, b"connection: close" in head, wire.ended()) == (200, True, True)
    with Wire(server.address) as wire:
        wire.send(request("GET", "/healthz").replace(b"1.1", b"1.0"))
        assert (wire.answer()[0], wire.ended()) == (200, True)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"NONSENSE\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost us\r\n\r\n", 400),
        (b"PUT /api/v1/sales/s/place HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET /\xff HTTP/1.1\r\nHost: us\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nA: " + b"x" * 70_000, 431),
    ],
)
def test_what_is_not_http_is_refused_and_the_connection_closed(
    server: Server, data: bytes, status: int
) -> None:
    with Wire(server.address) as wire:
        wire.send(data)
        assert wire.answer()[0] == status
        assert wire.ended()


def test_who_is_too_slow_or_silent_is_not_waited_for(
    fan: Person, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEAD_S", "_LOOK_S"):
        monkeypatch.setattr(front, name, 0.2)
    whole = request("PUT", path, *bearer(fan), "Content-Length: 2")
    with serving(fan.app, timeout_keep_alive=0.2) as server:
        for begun in (b"", b"GET / HT", whole, request("GET", path, *bearer(fan))):
            with Wire(server.address) as wire:
                wire.send(begun)
                if begun.startswith(b"GET /api"):
                    assert wire.answer()[0] == 200
                assert wire.ended()


def test_a_header_that_would_pass_for_our_proxys_is_not_believed(
    server: Server, fan: Person, sale: Sale, path: str
) -> None:
    data = request("PUT", path, *bearer(fan), "X_Forwarded_For: 8.8.8.8")
    with Wire(server.address) as wire:
        wire.send(data)
        assert wire.answer()[0] == 200
    line, name = clients.line(sale.sale_id), fan.fan(sale)
    (visit,) = line.visits(line.position(name).window or 0, [name]).values()
    assert json.loads(visit)["address"] == "127.0.0.1"


def test_a_store_that_goes_away_is_told_and_found_again(
    fan: Person, path: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, redis: Redis
) -> None:
    with serving(fan.app) as server, Wire(server.address) as wire:
        wire.send(request("PUT", path, *bearer(fan)))
        first = json.loads(wire.answer()[2])
        redis.client_kill_filter(_type="normal", skipme=True)
        wire.send(request("PUT", path, *bearer(fan)))
        assert json.loads(wire.answer()[2]) == {**first, "first": False}
        redis.client_pause(4_000, all=True)
        wire.send(request("PUT", path, *bearer(fan)))
        status, head, body = wire.answer()
        assert (status, json.loads(body)["type"]) == (503, "/problems/Unavailable")
        assert b"retry-after: 2" in head
        redis.client_unpause()
        wire.send(request("PUT", path, *bearer(fan)))
        assert wire.answer()[0] == 200


@pytest.mark.parametrize("workers", [2])
def test_a_polite_kill_lets_the_last_answers_out(
    fan: Person, path: str, redis: Redis, workers: int, tmp_path: Path
) -> None:
    port = engines.free_port()
    env = {**os.environ, "FAIRTICKET_SERVICE": "fairness"}
    with subprocess.Popen(processes.web("127.0.0.1", port, workers), env=env) as process:
        try:
            wait_until(lambda: _reachable(port), 60, "it serves")
            with Wire(("127.0.0.1", port)) as wire:
                wire.send(request("GET", path, *bearer(fan)))
                assert wire.answer()[0] == 200
                redis.client_pause(700, all=False)
                wire.send(request("PUT", path, *bearer(fan)))
                wait_until(lambda: _paused(redis), 5, "the store has the join")
                process.send_signal(signal.SIGTERM)
                status, head, _ = wire.answer()
                assert (status, b"connection: close" in head, wire.ended()) == (200, True, True)
            assert process.wait(10) in (0, -signal.SIGTERM)
        finally:
            process.kill()
    assert not _reachable(port)


def _paused(redis: Redis) -> Any:
    return redis.info("clients")["blocked_clients"]


def _reachable(port: int) -> bool:
    try:
        with Wire(("127.0.0.1", port)) as wire:
            wire.send(request("GET", "/healthz"))
            return wire.answer()[0] == 200
    except OSError:
        return False


def test_an_order_is_looked_at_on_the_short_way(
    site: object, fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = order_service.new_id(fan.account.account_id, "sal_1", "key")
    path = f"/api/v1/orders/{order_id}"
    with serving(create_app("boxoffice")) as server:
        standing.show_pending(order_id, fan.account.account_id)
        status, _, body = both(server, request("GET", path, *bearer(fan)))
        assert (status, json.loads(body)["state"]) == (200, "pending")
        assert both(server, request("GET", path, "Authorization: Bearer forged"))[0] == 401
        assert both(server, request("GET", path + "x", *bearer(fan)))[0] == 404
        monkeypatch.setattr(front.Front, "_to_uvicorn", lambda *_: 1 / 0)
        with Wire(server.address) as wire:
            for _ in range(3):
                wire.send(request("GET", path, *bearer(fan)))
                assert wire.answer()[0] == 200
