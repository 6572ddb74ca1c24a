"""What goes on after a sale: money of returned tickets, and their seats for those who wait."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from boxoffice.orders.model import Order
from boxoffice.returns.model import KEEP_US
from boxoffice.sales.model import Sale
from fairness.clock import SECOND, now_us
from fairness.errors import NotFound, Rebuilding, Unavailable
from workers import clients, journal, lanes, retry, settling, standing, steps
from workers.about import recent_sale
from workers.app import app

REST_US = 86_400 * SECOND  # this long after the performance its sale is looked after no more


@app.task(name=steps.AFTERSALE, **retry.NEXT_TICK)
def aftersale() -> None:
    """Send money of returned tickets back, and offer their seats to the next who wait."""
    live = set(journal.live_sales())
    for sale_id in clients.waitlist().watched():
        with suppress(Unavailable):  # the others do not wait for it
            carry_out(sale_id)
            see_to(sale_id, live=sale_id in live)


def see_to(sale_id: str, *, live: bool = True) -> None:
    """Do what is due in one sale. `live`: the clock looks after its orders too."""
    sale, now, waitlist = recent_sale(sale_id), now_us(), clients.waitlist()
    begins_us = clients.catalogue().performance(sale.performance_id).starts_at_us
    if not live:
        lanes.rouse(sale)
        _told(clients.orders().expire_due(sale_id, now))
    _told(waitlist.settle(sale_id, now))
    back = clients.returns().see_to(sale_id, now)
    offers = waitlist.offer(
        sale, clients.catalogue().plan(sale.plan_id), now, offer_us(sale), begins_us
    )
    show_held(offers)
    if now > begins_us + REST_US and not back and not offers:
        waitlist.rest(sale_id)


def carry_out(sale_id: str) -> None:
    """Do what was decided about orders whose tickets waited, once it can no longer be undone."""
    for order in clients.reviews().see_to(sale_id, now_us()):
        if order.state == "returned":
            show_returned(order, [seat.seat_id for seat in order.returned], now_us() + KEEP_US)
        else:
            standing.show([order])


def offer_us(sale: Sale) -> int:
    """Return how long an offer of a seat lasts."""
    return clients.returns().rules(sale.sale_id).offer_us


def show_held(orders: Sequence[Order]) -> None:
    """Let the cache and those who ask know of seats that are kept for somebody."""
    standing.show(orders)
    for order in orders:
        clients.stock(order.sale_id).mark_held(order.seat_ids, order.held_until_us)


def show_returned(order: Order, seat_ids: Sequence[str], until_us: int) -> None:
    """Let everybody know that these seats of an order came back; the clock does the rest."""
    standing.show([order])
    stock = clients.stock(order.sale_id)
    stock.mark_free(seat_ids)
    stock.mark_held(seat_ids, until_us)
    with suppress(Unavailable):
        steps.send(steps.AFTERSALE)


def _told(orders: Sequence[Order]) -> None:
    """Let cache and shop know; a line that is no more, or not back yet, has no turn to end."""
    with suppress(Rebuilding, NotFound):
        settling.settle_all(orders)
