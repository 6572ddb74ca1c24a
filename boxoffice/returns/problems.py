"""Which seats of an order can come back, and why others cannot. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from boxoffice.orders.model import Order, OrderedSeat
from fairness.errors import Conflict


def chosen(order: Order, seat_ids: Sequence[str]) -> tuple[OrderedSeat, ...]:
    """Return these seats of the order; Conflict when one is not in it, or none is named."""
    wanted = dict.fromkeys(seat_ids)
    seats = tuple(seat for seat in order.seats if seat.seat_id in wanted)
    if not wanted or len(seats) < len(wanted):
        raise Conflict(
            "these seats are not in this order" if wanted else "no seat was chosen",
            field="seats",
            value=[s for s in wanted if s not in order.seat_ids],
            rule="seats of this order that were not returned before",
            remedy="look at the order and choose its seats",
        )
    return seats


def not_paid(order: Order) -> Conflict:
    """Return the refusal of an order in another state."""
    return Conflict(
        f"the order is {order.state}",
        field="order_id",
        value=order.order_id,
        rule="an order that is paid",
        remedy="look at the order: it shows what can be done",
    )


def in_review(order: Order) -> Conflict:
    """Return the refusal of an order whose tickets wait for the organiser's look."""
    return Conflict(
        "the organiser is having a look at this order",
        field="order_id",
        value=order.order_id,
        rule="an order that has its tickets",
        remedy="wait for the mail about it; it brings the tickets, or the money back",
    )


def used(order: Order) -> Conflict:
    """Return the refusal of tickets that somebody went in with."""
    return Conflict(
        "a ticket was used at the gate, or is no longer valid",
        field="order_id",
        value=order.order_id,
        rule="tickets that nobody has gone in with",
        remedy="choose the other seats of the order, or ask at the box office",
    )
