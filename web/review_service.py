"""Paid orders whose tickets wait, for the organiser's page and the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boxoffice.orders.model import Order
from boxoffice.orders.reviewing import is_waiting
from boxoffice.reviews.model import Review
from fairness.clock import now_us
from web import organiser_service
from web.bodies import ReviewAct
from workers import clients, linkage


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders of one buyer, as it seems: those that wait, and what else the accounts have."""

    accounts: int
    tickets: int  # held and bought, all together
    limit: int
    orders: tuple[Order, ...]  # that wait
    others: tuple[Order, ...]  # that have their tickets, or are not paid yet


@dataclass(frozen=True, slots=True)
class View:
    """What waits in a sale, and what was decided, the newest first."""

    groups: list[Waiting]
    late: list[Waiting]  # nothing of theirs waits: found when their tickets were issued
    decided: list[Review]
    open: frozenset[str]  # orders about which a decision waits to be carried out


def view(sale_id: str) -> View:
    """Return the orders that wait, by buyer."""
    organiser_service.own_sale(sale_id)
    orders, found = clients.reviews().waiting(sale_id), linkage.late(sale_id)
    every = [_waiting(one) for one in found]
    grouped = {order.order_id for one in every for order in one.orders}
    alone = [
        Waiting(1, len(order.seats), order.limit, (order,), ())
        for order in orders
        if order.order_id not in grouped  # since then others of the group gave tickets back
    ]
    made = clients.reviews().of_sale(sale_id)
    return View(
        [*(one for one in every if one.orders), *alone],
        [one for one in every if not one.orders],
        made,
        frozenset(order_id for review in made if review.is_open for order_id in review.orders),
    )


def decide(sale_id: str, told: ReviewAct) -> Review:
    """Give orders their tickets, or their money back, once it can no longer be undone. Logged."""
    me = organiser_service.me()
    return clients.reviews().decide(sale_id, told.act, told.orders, told.reason, me, now_us())


def undo(sale_id: str, review_id: str) -> Review:
    """Take a decision back while it is not carried out; twice is once."""
    return clients.reviews().undo(sale_id, review_id, organiser_service.me(), now_us())


def look(sale_id: str) -> int:
    """Look over all orders of the sale now; return how many buyers have too many tickets."""
    organiser_service.own_sale(sale_id)
    return len(linkage.sweep(sale_id))


def _waiting(one: linkage.Late) -> Waiting:
    waiting = one.waiting
    return Waiting(
        len({order.fan for order in one.orders}),
        one.group.tickets,
        one.limit,
        waiting,
        _others(one.orders),
    )


def _others(orders: Sequence[Order]) -> tuple[Order, ...]:
    return tuple(order for order in orders if not is_waiting(order))
