"""Paid orders whose tickets wait for the organiser's look: which there are, and their release.

Seats are sold to such an order and its person's tickets count; only the tickets are not there. It
is refunded as any order that an organiser calls off, see `returns`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.orders.writes import OrderWrites
from boxoffice.tables import ORDERS
from boxoffice.tickets.service import Tickets
from fairness.errors import Contention

TRIES = 5  # how often a release is decided again when others changed the order meanwhile


def is_waiting(order: Order) -> bool:
    """Return whether the order is paid and its tickets wait."""
    return order.state == "paid" and bool(order.review)


class Reviewing:
    """The orders in review."""

    def __init__(self, db: Database, tickets: Tickets) -> None:
        self._db = db
        self._orders = OrderStore(db)
        self._writes = OrderWrites(db)
        self._tickets = tickets

    def of_sale(self, sale_id: str) -> list[Order]:
        """Return the sale's orders whose tickets wait, the oldest first."""
        found = (order for order in self._orders.of_sale(sale_id) if is_waiting(order))
        return sorted(found, key=lambda order: (order.created_us, order.order_id))

    def is_waiting(self, order_id: str) -> bool:
        """Return whether the tickets of this order wait, as it is now."""
        order = self._orders.get(order_id)
        return order is not None and is_waiting(order)

    def release(self, order_id: str, now_us: int) -> Order | None:
        """Issue the tickets of an order that waits for them, with the mail; twice is once.

        Return the order as it stands then, None when there is none. Contention or Unavailable:
        try again.
        """
        for _ in range(TRIES):
            order = self._orders.get(order_id)
            if order is None or not is_waiting(order):
                return order
            with suppress(Changed):
                return self._release(order, now_us)
        raise Contention

    def _release(self, order: Order, now_us: int) -> Order:
        after = replace(order, review="", changed_us=now_us)
        done = self._db.update_(
            ORDERS,
            {"order_id": order.order_id},
            "SET review = :none, changed_us = :now",
            "#state = :paid AND review = :review",
            {"#state": "state"},
            none="",
            now=now_us,
            paid="paid",
            review=order.review,
        )
        tickets = self._tickets.issue_(after, now_us)
        try:
            self._db.transact([done, *tickets, self._writes.paid_mail_(after, now_us)])
        except ConditionFailed as refused:
            raise Changed from refused
        return after
