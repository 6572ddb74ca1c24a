"""Tasks of orders: paid for, or given back in time."""

from __future__ import annotations

from collections.abc import Sequence

from boxoffice.orders.model import Order
from fairness.clock import now_us
from workers import clients, journal, lanes, retry, settling, steps
from workers.about import recent_sale
from workers.app import app
from workers.lanes import Outcome, Work


@app.task(name=steps.PAY, **retry.TRANSIENT)
def pay(sale_id: str, lane: str, token: str) -> None:
    """Charge and confirm the orders whose payments wait in a lane, then let shop and mail know."""
    lanes.drain(steps.PAY, sale_id, lane, token, charge)


def charge(payments: Sequence[Work]) -> list[Outcome]:
    """Charge and confirm these orders; return what each payment came to."""
    wanted = [(payment["order_id"], payment["card_token"]) for payment in payments]
    found = clients.orders().pay_all(wanted, now_us())
    settling.settle_all([order for order in found if isinstance(order, Order)])
    return [None if isinstance(came_to, Order) else came_to for came_to in found]


@app.task(name=steps.LOOK_AT_PAYMENT, **retry.TRANSIENT)
def look_at_payment(order_id: str) -> None:
    """Ask the provider what became of an order's payment, and do what follows."""
    settling.settle(clients.orders().look_at_payment(order_id, now_us()))


@app.task(name="orders.expire", **retry.NEXT_TICK)
def expire() -> None:
    """Give lapsed holds back, settle late payments, and do what a worker that died has left."""
    for sale_id in journal.live_sales():
        lanes.rouse(recent_sale(sale_id))
        settling.settle_all(clients.orders().expire_due(sale_id, now_us()))
