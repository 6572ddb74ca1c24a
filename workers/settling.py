"""What follows when an order has come to an end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby

from boxoffice.orders.model import Order
from fairness.errors import Unavailable
from workers import clients, standing

GIVEN_BACK = ("expired", "cancelled", "refunded")


def settle(order: Order) -> None:
    """Let cache and shop know how the order stands. Twice is once."""
    settle_all([order])


def settle_all(orders: Sequence[Order]) -> None:
    """Do `settle` for many orders. Their mail is promised with them, and the clock has it sent."""
    for sale_id, same in groupby(sorted(orders, key=_sale_of), key=_sale_of):
        _settle_in(sale_id, list(same))
    standing.show(orders)


def extended(order: Order) -> None:
    """Let cache and shop know that a hold lasts longer."""
    with suppress(Unavailable):  # caches: the hold stands without them
        clients.stock(order.sale_id).mark_held(order.seat_ids, order.held_until_us)
        clients.line(order.sale_id).seated(order.fan, order.held_until_us)
    standing.show([order])


def _settle_in(sale_id: str, orders: Sequence[Order]) -> None:
    line, stock = clients.line(sale_id), clients.stock(sale_id)
    given_back = [order for order in orders if order.state in GIVEN_BACK]
    sold = [order for order in orders if order.state == "paid"]
    # First: a fan who needs a seat again is counted before their seats are free for others.
    line.seated_all({order.fan: 0 for order in given_back})
    _mark(stock.mark_free, given_back)
    _mark(stock.mark_sold, sold)
    line.finish_all([order.fan for order in sold])


def _mark(mark: Callable[[Sequence[str]], object], orders: Sequence[Order]) -> None:
    if seats := [seat_id for order in orders for seat_id in order.seat_ids]:
        mark(seats)


def _sale_of(order: Order) -> str:
    return order.sale_id
