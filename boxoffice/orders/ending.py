"""Holds that end soon, for whoever reminds their owners."""

from __future__ import annotations

from collections.abc import Iterator

from boxoffice.dynamo import Database
from boxoffice.orders.model import Order
from boxoffice.tables import ORDERS

WARN_US = 180_000_000  # before the end of a hold
LONG_ENOUGH = 3  # times as long a hold must be: who began a moment ago need not be told


def ending(db: Database, sale_id: str, from_us: int, to_us: int) -> Iterator[Order]:
    """Yield the unpaid orders of a sale whose hold ends in this span, if it was a long one."""
    due = db.query(ORDERS, index="by_due", between=("due_us", from_us, to_us), due_sale=sale_id)
    for order in map(Order.of, due):
        long = order.held_until_us - order.changed_us >= LONG_ENOUGH * WARN_US
        if order.state == "held" and long:
            yield order
