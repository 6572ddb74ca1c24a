"""Many payments at once: begun in one transaction, charged side by side, confirmed in one.

Whatever is not plain (an order that is not held, a payment that was begun before, a card that was
declined, a transaction that was refused, a reply that was lost) goes the way of a single payment,
which reads how things stand. So this decides nothing that `Orders.pay` would not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.orders.model import Order
from boxoffice.orders.store import OrderStore, paid
from boxoffice.orders.writes import OrderWrites
from boxoffice.payments.model import Payment
from boxoffice.payments.service import Payments
from boxoffice.tickets.service import Tickets
from fairness.errors import Unavailable

WRITES = 100  # in one transaction

# Looks at orders whose cards (fingerprints) were charged, before there are tickets; returns order
# id -> the code of a rule for those whose tickets are to wait. It is for one sale or for several.
Watch: TypeAlias = Callable[[Sequence[tuple[Order, str]]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Ready:
    """A charged order as it is to be, with the writes that confirm it."""

    order: Order
    writes: list[Write]


class Paying:
    """The plain part of many payments."""

    def __init__(
        self, db: Database, store: OrderStore, payments: Payments, tickets: Tickets, watch: Watch
    ) -> None:
        self._db, self._store, self._watch = db, store, watch
        self._payments, self._tickets, self._writes = payments, tickets, OrderWrites(db)

    def plain(self, cards: dict[str, str], now_us: int) -> list[Order]:
        """Return the orders that are paid now. `cards` is order id -> card token.

        Those that are not among them are for `Orders.pay`, whatever became of them here.
        """
        try:
            found = self._store.get_many(list(cards))
            held = [o for o in found.values() if o.state == "held" and now_us < o.held_until_us]
            charged = self._payments.charge_all(
                [(o.order_id, o.total_cents, o.currency, cards[o.order_id]) for o in held], now_us
            )
            orders = [order for order in held if order.order_id in charged]
            why = self._watch([(o, charged[o.order_id].fingerprint) for o in orders])
        except Unavailable:
            return []
        ready = [
            self._ready(order, charged[order.order_id], why.get(order.order_id, ""), now_us)
            for order in orders
        ]
        return [order for group in _groups(ready) for order in self._confirmed(group, now_us)]

    def _ready(self, order: Order, payment: Payment, review: str, now_us: int) -> Ready:
        after = paid(order, payment.payment_id, now_us, review)
        writes = [
            self._payments.settle_(payment),
            *self._store.sell_(order, payment.payment_id, now_us, review),
            *(() if review else self._tickets.issue_(order, now_us)),
            self._writes.paid_mail_(after, now_us),
        ]
        return Ready(after, writes)

    def _confirmed(self, group: Sequence[Ready], now_us: int) -> list[Order]:
        orders = [one.order for one in group]
        sold_ = self._writes.sold_(orders, now_us)
        try:
            self._db.transact([*(write for one in group for write in one.writes), sold_])
        except (ConditionFailed, Unavailable):
            return []
        return orders


def _groups(ready: Sequence[Ready]) -> Iterator[list[Ready]]:
    group, writes = list[Ready](), 1
    for one in ready:
        if group and writes + len(one.writes) > WRITES:
            yield group
            group, writes = [], 1
        group.append(one)
        writes += len(one.writes)
    if group:
        yield group
