"""A shop with one sale and everything that orders need, and ways to make it go wrong."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier, Lock
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Seat, SeatingPlan
from boxoffice.dynamo import ConditionFailed, Database, Item
from boxoffice.inventory.service import Inventory
from boxoffice.inventory.sweep import Sweep, sweep
from boxoffice.orders.model import Best, Order, Request
from boxoffice.orders.service import Orders
from boxoffice.outbox import MAILS, entries_of
from boxoffice.payments.model import Card
from boxoffice.payments.service import Payments
from boxoffice.payments.testing import DECLINED, GOOD, TestProvider
from boxoffice.sales.model import Price, Sale
from boxoffice.tables import CHARGES, OUTBOX, TICKETS
from boxoffice.tickets.service import Tickets
from fairness.clock import SECOND
from fairness.errors import Unavailable
from fairness.manifest import Manifest

T = TypeVar("T")

NOW = 1_795_000_000 * SECOND
HOLD = 600 * SECOND
LATE = NOW + HOLD + SECOND
PRICES = {"front": Price("A", 9_000), "back": Price("B", 4_500)}


def hall(rows: int, seats: int, front: int = 1) -> SeatingPlan:
    """Return straight rows 1, 2, … of seats 1, 2, …; the first `front` rows cost more."""
    places = [
        Seat(
            seat_id=f"{row}-{number}",
            zone="Stalls",
            row=str(row),
            number=str(number),
            x=(number - 1) * PITCH,
            y=(row - 1) * ROW_PITCH,
            category="front" if row <= front else "back",
        )
        for row in range(1, rows + 1)
        for number in range(1, seats + 1)
    ]
    return SeatingPlan("Hall", tuple(places), ("front", "back"))


def sale_of(plan: SeatingPlan, limit: int = 4, held_back: dict[str, str] | None = None) -> Sale:
    sale_id = f"sale_{secrets.token_hex(4)}"
    manifest = Manifest(
        sale_id, NOW, NOW, NOW + 3600 * SECOND, limit_per_person=limit, hold_us=HOLD
    )
    return Sale(
        sale_id=sale_id,
        performance_id="perf_1",
        event_id="evt_1",
        plan_id=plan.plan_id,
        organiser_id="acc_owner",
        manifest=manifest,
        prices=PRICES,
        currency="EUR",
        state="open",
        key=bytes(32),
        rate_per_s=50,
        capacity=200,
        held_back=held_back or {},
    )


@dataclass
class Cache:
    """The cache of taken seats, in memory."""

    seats: dict[str, str] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    dead: bool = False

    def taken(self) -> dict[str, str]:
        if self.dead:
            raise Unavailable
        with self.lock:
            return dict(self.seats)

    def claim(self, seats: Iterable[str]) -> list[str]:
        """Claim nothing: these tests race at the table."""
        if self.dead:
            raise Unavailable
        return []

    def mark_held(self, seats: Iterable[str], until_us: int) -> None:
        if self.dead:
            raise Unavailable
        with self.lock:
            self.seats.update(dict.fromkeys(seats, f"held:{until_us}"))


class Shop:
    """One sale on `db`. The services can be pointed at a worse database with `on`."""

    def __init__(
        self, db: Database, rows: int = 4, seats: int = 10, limit: int = 4, **sale: Any
    ) -> None:
        self.plan = hall(rows, seats)
        self.sale = sale_of(self.plan, limit, **sale)
        self.cache = Cache()
        self.true = db
        self.on(db)
        self.inventory = Inventory(db)
        self.inventory.create_seats(self.sale, self.plan)

    def on(self, db: Database) -> None:
        self.provider = TestProvider(db, "pepper")
        self.payments = Payments(db, self.provider)
        self.tickets = Tickets(db, bytes(32))
        self.orders = Orders(db, self.payments, self.tickets)

    def request(
        self, *seats: str, person: str = "", best: Best | None = None, order_id: str = ""
    ) -> Request:
        person = person or secrets.token_hex(4)
        return Request(
            order_id=order_id or f"ord_{secrets.token_hex(6)}",
            sale_id=self.sale.sale_id,
            account_id=f"acc_{person}",
            fan=f"fan_{person}",
            person=f"fan_{person}",
            seats=seats or None,
            best=best,
            about="Kullervo, Lahti",
        )

    def allocate(self, request: Request, now_us: int = NOW) -> Order:
        return self.orders.allocate(request, self.sale, self.plan, self.cache, now_us)

    def hold(self, *seats: str, now_us: int = NOW, person: str = "") -> Order:
        """Return a held order of these seats."""
        order = self.allocate(self.request(*seats, person=person), now_us)
        assert order.state == "held", order.problem
        return order

    def card(self, number: str = GOOD) -> str:
        return TestProvider(self.true, "pepper").tokenise(Card(number, "08/29", "123"))

    def bad_card(self) -> str:
        return self.card(DECLINED)

    def charged(self, order: Order) -> Any:
        """Return a charge of the order that nobody has told the order about."""
        return self.payments.charge(
            order.order_id, order.total_cents, order.currency, self.card(), NOW
        )

    def sweep(self, now_us: int = NOW) -> Sweep:
        return sweep(self.true, self.sale.sale_id, self.sale.manifest.limit_per_person, now_us)

    def outbox(self, kind: str, order: Order) -> list[str]:
        """Return what the outbox promises about an order: templates, or types of entry."""
        kinds = MAILS if kind == "mail" else (kind,)
        rows = [row for each in kinds for row in self.true.query(OUTBOX, kind=each)]
        if kind == "mail":
            return [row["template"] for row in rows if order.order_id in row["promise_id"]]
        logged = [entry for row in rows for entry in entries_of(row)]
        return [entry["type"] for entry in logged if entry.get("order") == order.commitment]

    def charges(self) -> list[Item]:
        return list(self.true.scan(CHARGES))

    def state(self, seat_id: str, now_us: int = NOW) -> str:
        seats = self.inventory.seats(self.sale.sale_id, now_us)
        return next(seat.state for seat in seats if seat.seat_id == seat_id)


def rush(count: int, work: Callable[[int], T]) -> list[T | Exception]:
    """Do `work(0)`, `work(1)`, … at the same moment; return the results or what they raised."""
    barrier = Barrier(count)

    def one(number: int) -> T | Exception:
        barrier.wait()
        try:
            return work(number)
        except Exception as error:
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def persistently(action: Callable[[], T]) -> T:
    """Do what a worker does: try again while the answer is "ask again later"."""
    for _ in range(8):
        try:
            return action()
        except Unavailable:
            continue
    return action()


FAULTS = ("conflict", "throttled", "lost reply", "sent twice")


class Faulty:
    """A client whose call number `at` goes wrong. It counts the calls."""

    def __init__(self, client: Any, fault: str = "", at: int = -1) -> None:
        self._client, self._fault, self._at = client, fault, at
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._client, name)

        def call(**request: Any) -> Any:
            number = len(self.calls)
            self.calls.append(name)
            return self._wrong(name, real, request) if number == self._at else real(**request)

        return call

    def _wrong(self, name: str, real: Callable[..., Any], request: Item) -> Any:
        if self._fault == "conflict" and name == "transact_write_items":
            reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"},)]
            raise ClientError(
                {
                    "Error": {"Code": "TransactionCanceledException", "Message": ""},
                    "CancellationReasons": reasons,
                },
                name,
            )
        if self._fault == "conflict":
            raise ClientError(
                {"Error": {"Code": "TransactionConflictException", "Message": ""}}, name
            )
        if self._fault == "throttled":
            raise ClientError({"Error": {"Code": "ThrottlingException", "Message": ""}}, name)
        answer = real(**request)
        if self._fault == "lost reply":
            raise ReadTimeoutError(endpoint_url="http://nowhere")
        return real(**request) if self._fault == "sent twice" else answer


def faulty(db: Database, fault: str = "", at: int = -1) -> tuple[Database, Faulty]:
    """Return the database as seen through a client whose call number `at` goes wrong."""
    client = Faulty(db.client, fault, at)
    return Database(client, db.prefix), client


def let_in(db: Database, ticket_id: str) -> bool:
    """Do what a gate does: let the holder of a valid ticket in, once."""
    write = db.update_(
        TICKETS,
        {"ticket_id": ticket_id},
        "SET entered_us = :now",
        "#state = :valid AND attribute_not_exists(entered_us)",
        {"#state": "state"},
        now=NOW,
        valid="valid",
    )
    try:
        persistently(lambda: db.write(write))
    except ConditionFailed:
        return False
    return True
