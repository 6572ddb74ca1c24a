"""The tasks of the notices: what was promised is sent, and who must be reminded is found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from boxoffice.notices.news import GIVEN_UP_US, Moved, News
from boxoffice.orders.ending import WARN_US, ending
from boxoffice.orders.model import Order
from boxoffice.sales.model import CLOSED, OPEN, PAUSED
from fairness import keys
from fairness.clock import SECOND, now_us
from workers import clients, journal, retry, steps
from workers.app import app

AT_ONCE = 100  # letters in one run
HOLDS_EVERY_S = 20
SOON_US = 24 * 3600 * SECOND  # before it begins, who has tickets is reminded of them


@app.task(name=steps.DELIVER, **retry.NEXT_TICK)
def deliver() -> None:
    """Send promised letters; when there may be more than fit into one run, go on."""
    if clients.notices().deliver(AT_ONCE, now_us()).sent >= AT_ONCE:
        steps.send(steps.DELIVER)


@app.task(name="notices.holds", **retry.NEXT_TICK)
def holds() -> None:
    """Promise a notice to those whose seats are kept for a few minutes more only."""
    to_us = now_us() + WARN_US
    from_us = to_us - 2 * HOLDS_EVERY_S * SECOND  # one run may be missed
    for sale_id in journal.live_sales():
        for order in ending(clients.database(), sale_id, from_us, to_us):
            until = {"until_us": order.held_until_us}
            _promise("hold_ending", [order], until, "", order.created_us)


@app.task(name="notices.news", **retry.NEXT_TICK)
def news() -> None:
    """Promise a notice to everybody with tickets for what was moved."""
    found = News(clients.database())
    for moved in found.open():
        if _is_made(moved):
            times = {"before_us": moved.before_us, "starts_at_us": moved.starts_at_us}
            orders = _paid(moved.performance_id)
            _promise("event_changed", orders, times, moved.promise_id, moved.created_us)
            found.told(moved)
        elif moved.created_us + GIVEN_UP_US < now_us():
            found.told(moved)


@app.task(name="notices.soon", **retry.NEXT_TICK)
def soon() -> None:
    """Promise a notice to everybody with tickets for what begins within a day."""
    catalogue, redis, now = clients.catalogue(), clients.redis(), now_us()
    for sale in clients.sales().in_state(OPEN, PAUSED, CLOSED):
        starts_us = catalogue.performance(sale.performance_id).starts_at_us
        if not now < starts_us <= now + SOON_US:
            continue
        done = keys.reminded(sale.performance_id, starts_us)
        if redis.exists(done):
            continue
        orders = _paid(sale.performance_id)
        times = {"starts_at_us": starts_us}
        _promise("tickets_soon", orders, times, str(starts_us), starts_us - SOON_US)
        redis.set(done, 1, ex=2 * SOON_US // SECOND)


def _is_made(moved: Moved) -> bool:
    performance = clients.catalogue().performance(moved.performance_id)
    return performance.starts_at_us == moved.starts_at_us


def _paid(performance_id: str) -> Iterator[Order]:
    sale = clients.sales().of_performances([performance_id]).get(performance_id)
    for order in clients.orders().of_sale(sale.sale_id) if sale else []:
        if order.state == "paid":
            yield order


def _promise(
    template: str, orders: Iterable[Order], more: dict[str, Any], unique: str, at_us: int
) -> None:
    mails = [
        (order.account_id, {**_data(order), **more}, f"{order.order_id}-{template}{unique}")
        for order in orders
    ]
    clients.notices().promise_all(template, mails, at_us)


def _data(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "about": order.about,
        "seats": order.seat_ids,
        "total_cents": order.total_cents,
        "currency": order.currency,
    }
