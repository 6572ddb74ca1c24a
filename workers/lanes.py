"""The lanes of a sale: wishes for seats by price tier, and payments. One worker each at a time.

A wish goes to the lane of its tier, so two workers never fight for the same seats; a wish for any
tier goes to the dearest one's. Payments of different orders have nothing in common: they are
spread so that several workers can share them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

import orjson

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.sales.model import Sale
from fairness.errors import Rejected, Unavailable
from fairness.lanes import Lane, Put
from workers import clients, logs, metrics, retry, standing, steps

MOST = 64  # in one batch
GATHER_S = 0.08  # between two batches: what comes meanwhile shares the next one's transactions
START_MS = 20  # until a worker that is sent has begun
SOON_MS = 2_000  # nobody is told to wait longer before the next look
BATCH_MS = 100  # what a batch takes, where none was measured of late
AT_MOST_S = 4.0  # in one task: far below the broker's patience
PAYMENTS = ("payments-0", "payments-1")
LINKS = "links"  # orders whose senders are compared with others, when they have their answer

Work = dict[str, Any]
Outcome = Exception | None  # what the work came to; None: it is done
log = logs.get(__name__)


def of_wish(sale: Sale, plan: SeatingPlan, seats: Sequence[str], tier: str | None) -> str:
    """Return the lane of a wish for these seats, or for the best of a tier (None: any)."""
    for seat_id in seats:
        seat = plan.by_id.get(seat_id)
        price = sale.prices.get(seat.category) if seat else None
        if price:
            return f"seats-{price.tier}"
    return f"seats-{tier or next(iter(sale.tiers))}"


def of_payment(order_id: str) -> str:
    """Return the lane of an order's payment."""
    return PAYMENTS[crc32(order_id.encode()) % len(PAYMENTS)]


def ask(
    sale: Sale,
    plan: SeatingPlan,
    order_id: str,
    account_id: str,
    fan: str,
    seats: Sequence[str] | None,
    best: Mapping[str, Any] | None,
    seen: Mapping[str, str] | None = None,
) -> int:
    """Have seats held for a fan in the shop: these, or the best (fields of `orders.model.Best`).

    `seen` is what the wish came with: address and device. The order under `order_id` tells the
    outcome; return in how many ms about. Unavailable when it cannot be passed on.
    """
    named, tier = list(seats) if seats else None, best.get("tier") if best else None
    work = {
        "order_id": order_id,
        "account_id": account_id,
        "fan": fan,
        "seats": named,
        "best": dict(best) if best else None,
        "seen": dict(seen or {}),
    }
    standing.show_pending(order_id, account_id)
    return put(steps.ALLOCATE, sale.sale_id, of_wish(sale, plan, named or (), tier), work)


def pay(sale_id: str, order_id: str, card_token: str) -> int:
    """Have a held order charged and confirmed; return in how many ms about. Unavailable.

    The token is in no task, so neither Flower nor a log can show it.
    """
    work = {"order_id": order_id, "card_token": card_token}
    return put(steps.PAY, sale_id, of_payment(order_id), work)


def put(step: str, sale_id: str, name: str, work: Work) -> int:
    """Put work into a lane, and send a worker if none is awake; Unavailable when it cannot be.

    Return in how many ms it is probably done, by what waits before it.
    """
    found = lane(sale_id, name).put(orjson.dumps(work).decode())
    if found.token:
        steps.send(step, sale_id, name, found.token)
    return _soon_ms(found)


def _soon_ms(found: Put) -> int:
    """Return in how many ms work that was put so is done, in three of four cases; 2 s at most."""
    batch_ms = found.batch_ms or BATCH_MS
    if found.token:
        return min(START_MS + batch_ms, SOON_MS)
    round_ms = int(GATHER_S * 1_000) + batch_ms  # from one batch to the next
    full = (found.waiting - 1) // MOST * round_ms  # batches before its own
    return min(round_ms * 3 // 4 + full + batch_ms, SOON_MS)


def rouse(sale: Sale) -> None:
    """Send workers to the lanes of a sale where work was left by one that died."""
    named = [(steps.ALLOCATE, f"seats-{tier}") for tier in sale.tiers]
    others = [*((steps.PAY, name) for name in PAYMENTS), (steps.LINK, LINKS)]
    for step, name in [*named, *others]:
        token = lane(sale.sale_id, name).rouse()
        if token:
            steps.send(step, sale.sale_id, name, token)


def drain(
    step: str,
    sale_id: str,
    name: str,
    token: str,
    handle: Callable[[list[Work]], Sequence[Outcome]],
) -> None:
    """Do what waits in a lane, batch by batch, until nothing does or it is time for others.

    Work that is to be tried again stays, and its error is raised when all else was done.
    """
    waiting, until = lane(sale_id, name), time.monotonic() + AT_MOST_S
    while taken := waiting.take(token, MOST):
        began = time.monotonic()
        outcomes = _outcomes(handle, [orjson.loads(work) for _, work in taken])
        metrics.count_transactions(clients.database().transactions)
        again = [error for error in outcomes if isinstance(error, Unavailable)]
        for error in outcomes:
            if error is not None and not isinstance(error, Rejected | Unavailable):
                log.error("work was given up", lane=name, exc_info=error)
        pairs = zip(taken, outcomes, strict=True)
        done = [n for (n, _), error in pairs if not isinstance(error, Unavailable)]
        waiting.done(done, int((time.monotonic() - began) * 1_000))
        if again:
            raise again[0]
        if time.monotonic() > until:
            return steps.send(step, sale_id, name, token)
        time.sleep(GATHER_S)
    return None


def _outcomes(
    handle: Callable[[list[Work]], Sequence[Outcome]], works: list[Work]
) -> Sequence[Outcome]:
    """Return what the works came to; one that cannot be done keeps no other from being done."""
    try:
        return handle(works)
    except retry.PASSING:
        raise
    except Exception as error:
        if len(works) == 1:
            return [error]
        return [outcome for work in works for outcome in _outcomes(handle, [work])]


def lane(sale_id: str, name: str) -> Lane:
    """Return a lane."""
    return Lane(clients.redis(), sale_id, name)
