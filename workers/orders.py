"""Tasks of orders: paid for, or given back in time."""

from __future__ import annotations

from fairness.clock import now_us
from workers import clients, journal, retry, settling, steps
from workers.app import app


@app.task(name=steps.PAY, **retry.TRANSIENT)
def pay(order_id: str, card_token: str) -> None:
    """Charge and confirm an order, then let the shop and the mail know."""
    settling.settle(clients.orders().pay(order_id, card_token, now_us()))


@app.task(name="orders.expire", **retry.NEXT_TICK)
def expire() -> None:
    """Give lapsed holds back, and settle what was paid in the last moment."""
    for sale_id in journal.live_sales():
        for order in clients.orders().expire_due(sale_id, now_us()):
            settling.settle(order)
