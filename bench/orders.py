"""Orders through HTTP, Celery, transaction, test payment and confirmation, against raw writes."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from threading import Thread

from bench.results import Figure
from boxoffice.catalogue import plans
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import Database
from boxoffice.tables import LIMITS, ORDERS, OUTBOX, SEATS
from console.rehearsal import crowd, stage
from console.rehearsal.actors import Actor, cast
from console.rehearsal.diary import Diary
from console.rehearsal.stage import Tempo
from console.rehearsal.stand import Stand, stand
from fairness.clock import SECOND
from web import auth

COMMAND = "make bench (python -m bench orders)"
FANS, SEATS_EACH, CLIENTS = 400, 2, 4
RAW_ORDERS = 1_000
RUSH = Tempo(
    before_s=6, arrivals_s=0, ends_s=180, opening_s=0.1, turn_s=170, hold_s=120, away_s=170,
    capacity=FANS, rate_per_s=FANS,
)  # fmt: skip


def measure() -> list[Figure]:
    """Return orders per second from the first turn to the last ticket, two seats each."""
    with TemporaryDirectory() as folder, stand(Path(folder), None, print) as on:
        floor = _raw(on.db)
        bought, seconds = _rush(on)
    if bought < FANS:
        raise SystemExit(f"only {bought} of {FANS} fans bought")
    floor_is = f"the same writes as bare conditional transactions, {CLIENTS} clients"
    return [Figure("orders_per_s", bought / seconds, "orders/s", floor, floor_is, COMMAND)]


def _rush(on: Stand) -> tuple[int, float]:
    """Return how many of FANS bought and how long it took; all are called in the same moment."""
    actors = _buyers()
    stage.enrol(on.db, on.settings.pepper, actors)
    for actor in actors:
        actor.token = auth.issue(actor.account_id, "fan", actor.device)
    sale = stage.set_sale(on.db, on.settings.pepper, _hall(), RUSH)
    diary = Diary(sale.manifest.starts_at_us / SECOND)
    asyncio.run(crowd.act(actors, diary, on.site, on.mailbox, sale.sale_id, 175, lambda _: None))
    first = min((moment for moment, _ in diary.calls), default=0.0)
    last = max((moment for moment, _, _ in diary.sales), default=0.0)
    return len(diary.sales), last - first


def _buyers() -> list[Actor]:
    actors = cast(FANS, 0, [-3.0] * FANS, Random(1), [])
    for actor in actors:
        actor.wants, actor.thinks_s, actor.looks_every_s = SEATS_EACH, 0.0, 1.0
        actor.picks_on_map = actor.newcomer = actor.gives_up = actor.comes_back = False
        actor.abandons = actor.declined_first = False
    return actors


def _hall() -> SeatingPlan:
    rows = [f"Stalls,Stalls,{row},1,50,A" for row in range(1, 41)]
    return plans.from_csv("floor,zone,row,first,last,category\n" + "\n".join(rows), "Bench")


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
