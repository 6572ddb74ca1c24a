"""The proof from the tables that no seat was sold twice and no limit was broken.

It only reads, and believes no counter: it counts again from seats, orders and tickets. Run it
when a sale is quiet; during a sale an order that changes between two reads can look wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields

from boxoffice.dynamo import Database
from boxoffice.inventory.model import KEPT, SeatState
from boxoffice.inventory.service import Inventory
from boxoffice.orders.model import Order
from boxoffice.orders.store import OrderStore
from boxoffice.tables import LIMITS
from boxoffice.tickets.model import Ticket
from boxoffice.tickets.store import TicketStore


@dataclass(frozen=True, slots=True)
class Sweep:
    """What the tables of one sale say. The lists name what is wrong; all should be empty."""

    capacity: int
    sold: int
    held: int
    blocked: int
    orders: dict[str, int]  # state -> how many
    sold_twice: list[str] = field(default_factory=list)  # seats in two paid orders
    seats_without_order: list[str] = field(default_factory=list)  # sold or held, by no such order
    orders_without_seats: list[str] = field(default_factory=list)  # "order/seat" it does not have
    wrong_tickets: list[str] = field(default_factory=list)  # paid seats without just one ticket
    over_limit: list[str] = field(default_factory=list)  # persons with too many tickets
    wrong_counts: list[str] = field(default_factory=list)  # persons whose count is not the sum

    @property
    def faults(self) -> dict[str, list[str]]:
        """Return what is wrong, by kind; empty when every promise holds."""
        lists = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: found for name, found in lists.items() if isinstance(found, list) and found}


def sweep(db: Database, sale_id: str, limit: int, now_us: int) -> Sweep:
    """Return the state of a sale and everything in its tables that contradicts itself.

    `limit` is the number of tickets per person that the sale's manifest promised.
    """
    seats = Inventory(db).seats(sale_id, now_us)
    orders = list(OrderStore(db).of_sale(sale_id))
    paid = [order for order in orders if order.state == "paid"]
    counts = Counter(seat.state for seat in seats)
    standing = [order for order in orders if order.state in ("held", "paid")]
    return Sweep(
        capacity=len(seats),
        sold=counts["sold"],
        held=counts["held"],
        blocked=counts["blocked"],
        orders=dict(Counter(order.state for order in orders)),
        sold_twice=_repeated(seat_id for order in paid for seat_id in order.seat_ids),
        seats_without_order=_without_order(seats, orders),
        orders_without_seats=_without_seats(seats, orders, now_us),
        wrong_tickets=_wrong_tickets(
            [o for o in paid if not o.review], TicketStore(db).of_sale(sale_id)
        ),
        over_limit=sorted(p for p, n in _per_person(standing).items() if n > limit),
        wrong_counts=_wrong_counts(db, sale_id, orders),
    )


def _repeated(values: Iterable[str]) -> list[str]:
    return sorted(value for value, times in Counter(values).items() if times > 1)


def _without_order(seats: list[SeatState], orders: list[Order]) -> list[str]:
    """A sold seat belongs to a paid order, a held one to an order or to the waiting list."""
    needed = {"sold": "paid", "held": "held"}
    has = {(o.order_id, s, o.state) for o in orders for s in o.seat_ids}
    return [
        seat.seat_id
        for seat in seats
        if seat.state in needed
        and seat.order_id != KEPT
        and (seat.order_id, seat.seat_id, needed[seat.state]) not in has
    ]


def _without_seats(seats: list[SeatState], orders: list[Order], now_us: int) -> list[str]:
    """A paid order has its seats sold to it; a hold that has not lapsed has them held."""
    has = {(seat.order_id, seat.seat_id, seat.state) for seat in seats}
    return sorted(
        f"{order.order_id}/{seat_id}"
        for order in orders
        for seat_id in order.seat_ids
        if (order.state == "paid" and (order.order_id, seat_id, "sold") not in has)
        or (
            order.state == "held"
            and order.held_until_us > now_us
            and (order.order_id, seat_id, "held") not in has
        )
    )


def _wrong_tickets(paid: list[Order], tickets: Iterable[Ticket]) -> list[str]:
    """A seat of a paid order has one valid ticket; nothing else has any."""
    valid = Counter(f"{t.order_id}/{t.seat_id}" for t in tickets if t.state == "valid")
    wanted = Counter(f"{order.order_id}/{seat_id}" for order in paid for seat_id in order.seat_ids)
    return sorted(name for name in wanted | valid if wanted[name] != valid[name])


def _per_person(orders: Iterable[Order]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for order in orders:
        counts[order.person] += len(order.seats)
    return counts


def _wrong_counts(db: Database, sale_id: str, orders: list[Order]) -> list[str]:
    """The count of a person is the sum of their held and paid orders, lapsed holds included."""
    real = _per_person(order for order in orders if order.state in ("held", "paid"))
    persons = sorted({order.person for order in orders})
    keys = [{"person": f"{sale_id}#{person}"} for person in persons]
    kept = {item["person"]: item["tickets"] for item in db.get_many(LIMITS, keys)}
    return [p for p in persons if kept.get(f"{sale_id}#{p}", 0) != real[p]]
