"""Whether there is an order, and whose it is. Pure."""

from __future__ import annotations

from boxoffice.orders.model import Order
from fairness.errors import Forbidden, NotFound


def found(order: Order | None, order_id: str) -> Order:
    """Return the order that was looked for; NotFound."""
    if order is None:
        raise NotFound("there is no such order", field="order_id", value=order_id)
    return order


def own(order: Order, account_id: str) -> Order:
    """Return the order if it is this account's; Forbidden."""
    if order.account_id != account_id:
        raise Forbidden(
            "this order belongs to another account",
            field="order_id",
            value=order.order_id,
            rule="your own orders",
            remedy="sign in with the account that made the order",
        )
    return order
