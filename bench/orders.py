"""Orders through HTTP, Celery, transaction, test payment and confirmation, against raw writes."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread
from urllib.request import urlopen

import psutil

from bench import shoppers, waiting
from bench.results import Figure
from boxoffice.catalogue import plans
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import Database
from boxoffice.inventory.sweep import sweep
from boxoffice.sales.model import Sale
from boxoffice.tables import LIMITS, ORDERS, OUTBOX, SEATS
from console.rehearsal import stage
from console.rehearsal.actors import Actor, cast
from console.rehearsal.stage import Tempo
from console.rehearsal.stand import Stand, stand
from fairness.clock import now_us
from fairness.line import Line
from workers import clients

COMMAND = "make bench (python -m bench orders)"
SEATS_EACH, CLIENTS = 2, 64
RAW_ORDERS = 1_000
WASTED_IS = "the promise, when all want the best of one section"
RUSH, CALM = 3_000, 1_000  # fans
CALM_SHARE = 0.7  # of the sustained rate
BESIDE_S = 0.05  # between two bare writes
RULES = Tempo(
    before_s=3, arrivals_s=0, ends_s=900, opening_s=0.1, turn_s=850, hold_s=600, away_s=850,
    capacity=10_000, rate_per_s=10_000,
)  # fmt: skip


def measure() -> list[Figure]:
    """Return orders per second, their CPU, both beside raw writes, and how long a hold takes."""
    with TemporaryDirectory() as folder, stand(Path(folder), None, print) as on:
        with _watched(on, "raw writes", RAW_ORDERS) as raw_ms:
            floor = _raw(on.db)
        sale, turns = open_shop(on, RUSH + CALM)
        with _watched(on, "rush", RUSH) as rush_ms:
            rush = shoppers.rush(on.site, sale.sale_id, turns[:RUSH], CLIENTS)
        rate = _checked(rush).rate
        with _beside(on.db):
            calm = shoppers.arrive(on.site, sale.sale_id, turns[RUSH:], CALM_SHARE * rate)
        wasted = _wasted(on)
        _prove(on, sale, RUSH + CALM)
    p99 = quantiles(_checked(calm).held_ms, n=100)[98]
    raw = f"the same writes as bare conditional transactions, {CLIENTS} clients"
    return [
        Figure("orders_per_s", rate, "orders/s", floor, raw, COMMAND),
        Figure("order_cpu_ms", sum(rush_ms.values()), "ms", sum(raw_ms.values()), raw, COMMAND),
        Figure("order_held_p99_ms", p99, "ms", 500, "the promise, at 70 % of that", COMMAND),
        Figure("transactions_wasted_percent", wasted, "%", 5, WASTED_IS, COMMAND),
    ]


def _checked(done: shoppers.Shopping) -> shoppers.Shopping:
    if done.failed:
        raise SystemExit(f"{len(done.failed)} shoppers failed: {done.failed[:3]}")
    return done


@dataclass(frozen=True, slots=True)
class Hall:
    """A hall for the rush."""

    rows: int = 200
    seats: int = 50


def open_shop(on: Stand, fans: int, hall: Hall = Hall()) -> tuple[Sale, list[shoppers.Turn]]:
    """Return an open sale, and fans whose turn it is."""
    actors = cast(fans, 0, [-3.0] * fans, Random(1), [])
    for actor in actors:
        actor.newcomer = False
    stage.enrol(on.db, on.settings.pepper, actors)
    sale = stage.set_sale(on.db, on.settings.pepper, _hall(hall), RULES)
    return sale, _let_in(sale, actors)


def _let_in(sale: Sale, actors: Sequence[Actor]) -> list[shoppers.Turn]:
    """Return a pass for everybody; how they come by it is another benchmark's."""
    line = Line(clients.redis(), sale.sale_id)
    opens = sale.manifest.opens_at_us
    waiting.until(lambda: line.is_there() and now_us() >= opens, 60, "the line opens")
    return [shoppers.turn(sale, actor) for actor in actors]


def _hall(hall: Hall) -> SeatingPlan:
    rows = [f"Stalls,Stalls,{row},1,{hall.seats},A" for row in range(1, hall.rows + 1)]
    return plans.from_csv("floor,zone,row,first,last,category\n" + "\n".join(rows), "Bench")


def _wasted(on: Stand) -> float:
    """Return the share of the allocation's transactions that were refused, in per cent."""
    worker = psutil.Process(on.own.supervisor.pids()["worker-allocation"]) if on.own else None
    port = worker.environ()["FAIRTICKET_METRICS_PORT"] if worker else "0"
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    found = re.findall(r'^fairticket_transactions_total\{outcome="(\w+)"\} (\S+)', text, re.M)
    ended = {outcome: float(count) for outcome, count in found}
    return 100 * ended.get("refused", 0) / sum(ended.values())


def _prove(on: Stand, sale: Sale, orders: int) -> None:
    """Read the promises from the tables."""
    found = sweep(on.db, sale.sale_id, sale.manifest.limit_per_person, now_us())
    if found.faults or found.sold != orders * SEATS_EACH:
        raise SystemExit(f"{found.sold} seats sold to {orders} orders: {found.faults}")


@contextmanager
def _watched(on: Stand, what: str, orders: int) -> Iterator[dict[str, float]]:
    """Print the CPU that each part used, in ms an order; yield what that is in the end.

    On a machine that others use too it says more than the rate does.
    """
    used = dict[str, float]()
    pids = {**(on.own.supervisor.pids() if on.own else {}), "load generator": os.getpid()}
    before = {name: _cpu_s(pid) for name, pid in pids.items()}
    yield used
    used |= {name: (_cpu_s(pid) - before[name]) * 1_000 / orders for name, pid in pids.items()}
    print(f"{what}: {sum(used.values()):.1f} ms of CPU an order:")
    for name, ms in sorted(used.items(), key=lambda part: -part[1]):
        print(f"  {name:<20}{ms:>6.2f}")


@contextmanager
def _beside(db: Database) -> Iterator[None]:
    """Print how long bare transactions took meanwhile: no order can be faster than the machine."""
    took_ms, over = list[float](), Event()

    def write() -> None:
        while not over.wait(BESIDE_S):
            row = {"kind": "bench-beside", "promise_id": str(len(took_ms))}
            began = time.perf_counter()
            db.transact([db.put_(OUTBOX, row)])
            took_ms.append((time.perf_counter() - began) * 1_000)

    thread = Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    cuts = quantiles(took_ms, n=100)
    print(f"meanwhile one bare write took {cuts[49]:.0f} ms, p99 {cuts[98]:.0f} ms")


def _cpu_s(pid: int) -> float:
    family = [psutil.Process(pid)]
    if pid != os.getpid():
        family += family[0].children(recursive=True)
    return sum(t.user + t.system for t in (process.cpu_times() for process in family))


def _raw(db: Database) -> float:
    """Return orders per second of the two transactions that an order needs, and nothing else."""
    run = secrets.token_hex(4)
    shares = [range(n, RAW_ORDERS, CLIENTS) for n in range(CLIENTS)]
    threads = [Thread(target=_write_all, args=(db, run, share)) for share in shares]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return RAW_ORDERS / (time.perf_counter() - started)


def _write_all(db: Database, run: str, numbers: range) -> None:
    for number in numbers:
        order_id, sale_id = f"ord_{run}{number}", f"bench_{run}"
        seats = [{"sale_id": sale_id, "seat_id": f"{number}-{n}"} for n in range(SEATS_EACH)]
        order = {"order_id": order_id, "account_id": order_id, "created_us": number}
        promise = {"kind": f"bench_{run}", "promise_id": order_id}
        limit = {"person": order_id}
        free, absent = "attribute_not_exists(seat_id)", "attribute_not_exists(order_id)"
        db.transact([
            *(db.put_(SEATS, {**seat, "held_by": order_id}, free) for seat in seats),
            db.put_(ORDERS, order, absent),
            db.put_(LIMITS, {**limit, "tickets": SEATS_EACH}),
            db.put_(OUTBOX, promise),
        ])  # fmt: skip
        mine = "held_by = :me"
        db.transact([
            *(db.put_(SEATS, {**seat, "order_id": order_id}, mine, me=order_id) for seat in seats),
            db.put_(ORDERS, {**order, "state": "paid"}, "attribute_exists(order_id)"),
            db.put_(OUTBOX, {**promise, "promise_id": order_id + "p"}),
        ])  # fmt: skip
