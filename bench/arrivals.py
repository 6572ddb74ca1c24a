"""Joining the line over HTTP, against nginx with Lua that writes one ZADD."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from bench import edge, load, waiting
from bench.results import Figure
from boxoffice.sales.acting import CLOCK
from boxoffice.sales.service import Sales
from console import engines, probes, processes
from console.home import Home
from console.rehearsal import stage
from console.rehearsal.stage import Tempo
from console.stack import Options, Stack
from console.supervisor import Child, Supervisor
from fairness.clock import now_us
from fairness.line import Line
from web import auth
from workers import clients

COMMAND = "make bench (python -m bench arrivals)"
JOINS, STEADY, WARM, SHARES = 12_000, 6_000, 1_000, 4
STEADY_SHARE, P99_MS = 0.7, 25.0
CONNECTIONS = 64  # as many as the gateway keeps open to a service
CHROME = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Content-Type": "application/json",
}


def measure() -> list[Figure]:
    """Return arrivals per second and core, their tail at a steady load, and lookups of a place."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        home = Home(Path(folder))
        parts = Stack(home, Options(gateway=False))
        port, pid = stack.enter_context(_fairness(parts))
        floor = stack.enter_context(_floor(home, parts))
        path = f"/api/v1/sales/{_open_sale()}/place"
        fans = range(JOINS + STEADY + WARM)
        tokens = [auth.issue(f"acc_bench{n}", "fan", f"device{n}") for n in fans]
        joins = [_join(path, token, n) for n, token in enumerate(tokens)]
        looks = [_look(path, token) for token in tokens[:JOINS]]
        for server, process in ((port, pid), (floor.port, floor.pid)):
            load.send(server, process, joins[:WARM], CONNECTIONS)
        joined, bare = [], []
        for share in range(SHARES):  # in turns, so that a busy moment meets both
            part = joins[WARM:-STEADY][share::SHARES]
            joined.append(load.send(port, pid, part, CONNECTIONS))
            bare.append(load.send(floor.port, floor.pid, part, CONNECTIONS))
        done, most = load.together(joined), load.together(bare)
        rate = STEADY_SHARE * min(done.per_core, done.requests / done.wall_s)
        took = load.paced(port, joins[-STEADY:], rate, CONNECTIONS)
        looked = load.send(port, pid, looks, CONNECTIONS)
    return [
        _figure("arrivals_per_s_per_core", done, most, floor.is_what),
        _figure("place_lookups_per_s_per_core", looked, most, floor.is_what),
        Figure(
            "arrival_p99_ms", round(took[int(len(took) * 0.99)], 2), "ms", P99_MS,
            f"allowed; at a steady {rate:,.0f} joins/s, 70 % of what one process did", COMMAND,
        ),
    ]  # fmt: skip


def _figure(name: str, done: load.Load, floor: load.Load, floor_is: str) -> Figure:
    if done.failed or floor.failed:
        raise SystemExit(f"{name}: {done.failed or floor.failed} requests failed")
    unit = f"/s/core ({1e6 / done.per_core:,.0f} µs CPU)"
    return Figure(name, round(done.per_core), unit, round(floor.per_core), floor_is, COMMAND)


def _join(path: str, token: str, n: int) -> bytes:
    address = f"81.{152 + n // 65_536}.{n // 256 % 256}.{n % 256}"
    headers = {**CHROME, "Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    return load.request("PUT", path, headers, b'{"tz":"Europe/Berlin","screen":"390x844"}')


def _look(path: str, token: str) -> bytes:
    return load.request("GET", path, {**CHROME, "Authorization": f"Bearer {token}"})


@dataclass(frozen=True, slots=True)
class Floor:
    """A server that does less."""

    port: int
    pid: int
    is_what: str


@contextmanager
def _floor(home: Home, parts: Stack) -> Iterator[Floor]:
    """Yield nginx with Lua and one ZADD; an empty handler where its packages are missing."""
    if lacking := edge.missing():
        print(f"no nginx + Lua floor, an empty handler instead: {lacking}")
        with _empty(home) as (port, pid):
            yield Floor(port, pid, "empty WSGI handler, same server")
        return
    store = urlsplit(parts.env["FAIRTICKET_REDIS_URL"]).port or 6379
    with edge.joining(home.folder / "edge", store) as (port, pid):
        yield Floor(port, pid, "nginx + Lua + ZADD, same store")


@contextmanager
def _fairness(parts: Stack) -> Iterator[tuple[int, int]]:
    """Yield port and process of a fairness service on engines of its own; nothing else runs."""
    os.environ.update(parts.env)
    supervisor = Supervisor(parts.home.logs, print)
    try:
        supervisor.start(parts.engines())
        clients.database().create_tables()
        command = processes.web("127.0.0.1", parts.port)
        env = {**parts.env, "FAIRTICKET_SERVICE": "fairness"}
        answers = probes.http_ok(f"http://127.0.0.1:{parts.port}/healthz")
        supervisor.start([Child("web", command, answers, env)])
        yield parts.port, supervisor.pids()["web"]
    finally:
        supervisor.stop()


@contextmanager
def _empty(home: Home) -> Iterator[tuple[int, int]]:
    port = engines.free_port()
    command = [*processes.web("127.0.0.1", port), "bench.empty:application"]
    supervisor = Supervisor(home.logs, print)
    here = {"PYTHONPATH": str(Path(__file__).parents[1])}
    try:
        answers = probes.http_ok(f"http://127.0.0.1:{port}/")
        supervisor.start([Child("empty", command, answers, here)])
        yield port, supervisor.pids()["empty"]
    finally:
        supervisor.stop()


def _open_sale() -> str:
    plan = stage.read_plan(None)
    sale = stage.set_sale(clients.database(), "bench", plan, Tempo(before_s=600, ends_s=3_600))
    waiting.until(lambda: now_us() >= sale.manifest.opens_at_us, 30, "the sale opens")
    Sales(clients.database()).open(sale.sale_id, CLOCK, now_us())
    Line(clients.redis(), sale.sale_id).open(sale.manifest)
    return sale.sale_id
