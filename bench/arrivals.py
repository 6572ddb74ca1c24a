"""Joining the line over HTTP, against the same server with an empty handler."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from bench import load
from bench.results import Figure
from boxoffice.sales.service import CLOCK, Sales
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
JOINS, WARM = 12_000, 500
CHROME = {
    "User-Agent": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-GB,en;q=0.9",
    "Content-Type": "application/json",
}


def measure() -> list[Figure]:
    """Return arrivals per second and core: new fans joining, and fans asking for their place."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        home = Home(Path(folder))
        port, pid = stack.enter_context(_fairness(home))
        floor_port, floor_pid = stack.enter_context(_empty(home))
        sale_id = _open_sale()
        path = f"/api/v1/sales/{sale_id}/place"
        tokens = [auth.issue(f"acc_bench{n}", "fan", f"device{n}") for n in range(JOINS + WARM)]
        joins = [_join(path, token, n) for n, token in enumerate(tokens)]
        reads = [
            load.request("GET", path, {**CHROME, "Authorization": f"Bearer {t}"}) for t in tokens
        ]
        empty = [load.request("GET", "/", CHROME)] * JOINS
        for server, process, warm in ((port, pid, joins), (floor_port, floor_pid, empty)):
            load.send(server, process, warm[:WARM])
        floor = load.send(floor_port, floor_pid, empty)
        joined = load.send(port, pid, joins[WARM:])
        placed = load.send(port, pid, reads[WARM:])
    floor_is = "empty WSGI handler, same server"
    return [
        _figure("arrivals_per_s_per_core", joined, floor, floor_is),
        _figure("place_lookups_per_s_per_core", placed, floor, floor_is),
    ]


def _figure(name: str, done: load.Load, floor: load.Load, floor_is: str) -> Figure:
    if done.failed:
        raise SystemExit(f"{name}: {done.failed} of {done.requests} requests failed")
    unit = "requests/s/core"
    return Figure(name, round(done.per_core), unit, round(floor.per_core), floor_is, COMMAND)


def _join(path: str, token: str, n: int) -> bytes:
    address = f"81.{152 + n // 65_536}.{n // 256 % 256}.{n % 256}"
    headers = {**CHROME, "Authorization": f"Bearer {token}", "X-Forwarded-For": address}
    return load.request("PUT", path, headers, b'{"tz":"Europe/Berlin","screen":"390x844"}')


def _look(path: str, token: str) -> bytes:
    return load.request("GET", path, {**CHROME, "Authorization": f"Bearer {token}"})


@contextmanager
def _fairness(home: Home) -> Iterator[tuple[int, int]]:
    """Yield port and process of a fairness service on engines of its own; nothing else runs."""
    parts = Stack(home, Options(gateway=False))
    os.environ.update(parts.env)
    supervisor = Supervisor(home.logs, print)
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
    command = [*processes.web("127.0.0.1", port)[:-1], "bench.empty:application"]
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
    deadline = monotonic() + 30
    while now_us() < sale.manifest.opens_at_us:
        if monotonic() > deadline:
            raise SystemExit("the sale does not open")
        sleep(0.05)
    Sales(clients.database()).open(sale.sale_id, CLOCK, now_us())
    Line(clients.redis(), sale.sale_id).open(sale.manifest)
    return sale.sale_id
