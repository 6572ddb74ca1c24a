"""More time for a hold: ten times, each a little from now on, asked for with one key (WCAG 2.2.1).

An extension has a number, so asking for the same one again is asking once. How far a hold can go
is bounded without asking anybody: its length and `MOST` steps from when it was made, which was in
the fan's turn. `grace_us` says how long after the turn that may be.
"""

from __future__ import annotations

from contextlib import suppress

from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed, OrderStore
from fairness.clock import SECOND
from fairness.errors import Conflict, Contention, HoldExpired, LimitReached, NotFound

MOST = 10  # extensions of one hold
STEP_US = 120 * SECOND
TRIES = 5


def step_us(hold_us: int) -> int:
    """Return how long one extension lasts in a sale whose holds last `hold_us`."""
    return min(hold_us, STEP_US)


def grace_us(hold_us: int) -> int:
    """Return how long after the end of a turn its last hold can end, at most."""
    return hold_us + MOST * step_us(hold_us)


class Extending:
    """Extensions of held orders."""

    def __init__(self, store: OrderStore) -> None:
        self._store = store

    def extend(self, order: Order, number: int, hold_us: int, now_us: int) -> Order:
        """Return the order, held for one step from now on, its seats too, all or nothing.

        `number` counts from 1; one that was done before changes nothing. HoldExpired when it is
        too late; Conflict when the order is not held, when it has longer than a step, or when
        another number comes next; LimitReached after `MOST`; Contention, Unavailable to try again.
        """
        for _ in range(TRIES):
            if 1 <= number <= order.extensions:
                return order
            _check(order, number, now_us)
            until_us = now_us + step_us(hold_us)
            if until_us <= order.held_until_us:
                raise _too_early()
            with suppress(Changed, Contention):
                return self._store.extend(order, until_us, now_us)
            found = self._store.get(order.order_id)
            if found is None:
                raise NotFound("there is no such order", field="order_id", value=order.order_id)
            order = found
        raise Contention


def _check(order: Order, number: int, now_us: int) -> None:
    if order.state == "expired" or (order.state == "held" and order.held_until_us <= now_us):
        raise HoldExpired(
            field="order_id",
            value=order.order_id,
            rule="ask for more time before the hold ends",
            remedy="choose seats again while your turn lasts",
        )
    if order.state != "held":
        raise Conflict(
            f"the order is {order.state}",
            field="order_id",
            value=order.order_id,
            rule="an order that is held",
            remedy="look at the order",
        )
    if order.extensions >= MOST:
        raise LimitReached(
            f"this hold was extended {MOST} times",
            field="n",
            value=number,
            rule=f"at most {MOST} extensions",
            remedy="pay before it ends, or choose seats again while your turn lasts",
        )
    if number != order.extensions + 1:
        raise Conflict(
            f"the next extension is number {order.extensions + 1}",
            field="n",
            value=number,
            rule="one more than the order's extensions",
            remedy="look at the order, and ask again",
        )


def _too_early() -> Conflict:
    return Conflict(
        "there is more time left than an extension gives",
        field="n",
        rule="an extension counts from the moment you ask for it",
        remedy="ask again shortly before the time is over; this one was not counted",
    )
