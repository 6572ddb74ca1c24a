"""What follows when an order has come to an end."""

from __future__ import annotations

from boxoffice.orders.model import Order
from workers import clients, steps

GIVEN_BACK = ("expired", "cancelled", "refunded")


def settle(order: Order) -> None:
    """Let cache, shop, account and mail know how the order stands. Twice is once."""
    if order.state in GIVEN_BACK:
        clients.stock(order.sale_id).mark_free(order.seat_ids)
    if order.state == "paid":
        clients.stock(order.sale_id).mark_sold(order.seat_ids)
        clients.line(order.sale_id).finish(order.fan)
        payment = clients.payments().of_order(order.order_id)
        if payment and payment.fingerprint:
            clients.accounts().add_card(order.account_id, payment.fingerprint)
    if order.state in ("paid", "refunded"):
        steps.send(steps.DELIVER)
