"""What may be waited for, and what an offer is. Pure."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from boxoffice.orders.model import Order, OrderedSeat
from boxoffice.sales.model import CLOSED, DRAFT, SCHEDULED, Sale
from boxoffice.waitlist.model import Wish
from fairness.errors import Conflict, Invalid


def order_of(
    wish: Wish, sale: Sale, seats: Sequence[OrderedSeat], until_us: int, now_us: int
) -> Order:
    """Return the offer: an order of these seats that is held for the fan who waits."""
    return Order(
        order_id=f"ord_{secrets.token_urlsafe(16)}",
        sale_id=sale.sale_id,
        account_id=wish.account_id,
        fan=wish.fan,
        person=wish.person,
        seats=tuple(seats),
        state="held",
        total_cents=sum(seat.cents for seat in seats),
        currency=sale.currency,
        held_until_us=until_us,
        created_us=now_us,
        changed_us=now_us,
        limit=sale.manifest.limit_per_person,
        performance_id=sale.performance_id,
        about=wish.about,
        tour_limit=wish.tour_limit,
        tour_people=wish.tour_people,
    )


def renewed(wish: Wish, before: Wish | None, now_us: int) -> Wish:
    """Return the wish as it is written: one that waits already keeps its time."""
    waits = before is not None and before.state == "waiting"
    return replace(
        wish,
        state="waiting",
        order_id=None,
        created_us=before.created_us if before and waits else now_us,
        changed_us=now_us,
        lapses=before.lapses if before else 0,
        version=before.version + 1 if before else 0,
    )


def same(before: Wish, wish: Wish) -> bool:
    """Return whether the wish that stands asks for just this."""
    return (before.count, before.tiers) == (wish.count, wish.tiers)


def check(wish: Wish, sale: Sale, left: int) -> None:
    """Raise Invalid or Conflict when this cannot be waited for, `left` seats being for sale."""
    if sale.state in (DRAFT, SCHEDULED):
        raise Conflict(
            "this sale has not begun",
            field="sale_id",
            value=sale.sale_id,
            rule="a sale that is sold out",
            remedy="join its line: everybody has the same chance there",
        )
    most = sale.manifest.limit_per_person
    if not 1 <= wish.count <= most:
        raise Invalid(
            f"{wish.count} seats",
            field="count",
            value=wish.count,
            rule=f"1 to {most} seats for each person in this sale",
            remedy="ask for fewer seats, or for one at least",
        )
    unknown = [tier for tier in wish.tiers if tier not in sale.tiers]
    if unknown:
        raise Invalid(
            f"there is no tier {unknown[0]}",
            field="tiers",
            value=unknown,
            rule=f"one of {', '.join(sale.tiers)}",
            remedy="choose one of them, or none for any",
        )
    if left >= wish.count and sale.state != CLOSED:
        raise Conflict(
            f"{left} seats can still be bought",
            field="count",
            value=left,
            rule="the waiting list is for seats that are sold out",
            remedy="go to the line: seats are left for you there",
        )


def has_offer(wish: Wish) -> Conflict:
    """Return the refusal to change a wish whose seats are being kept."""
    return Conflict(
        "seats are being kept for you",
        field="sale_id",
        value=wish.sale_id,
        rule="one offer at a time",
        remedy=f"pay for them or give them back: order {wish.order_id}",
    )
