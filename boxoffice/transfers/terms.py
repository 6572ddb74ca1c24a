"""Whether a ticket may be passed on, and what its friend's order is then. No I/O."""

from __future__ import annotations

import secrets
from dataclasses import replace
from hashlib import sha256

from boxoffice.orders.model import Order
from boxoffice.transfers.model import Friend, TransferRules
from fairness.errors import Conflict, NotFound
from fairness.screening.bonds import TRANSFER


def why_not(order: Order, rules: TransferRules, now_us: int) -> str | None:
    """Return why tickets of the order cannot be passed on, or None."""
    if order.state != "paid":
        return f"the order is {order.state.replace('_', ' ')}"
    if rules.mode == "off":
        return "tickets of this sale are not passed on"
    if now_us >= rules.until_us:
        return "the time to pass tickets on is over"
    if rules.mode == "once" and order.hops:
        return "this ticket was passed on once already"
    if order.review:
        return "the organiser is having a look at this order"
    return None


def friends_order(order: Order, seat_id: str, friend: Friend, now_us: int) -> Order:
    """Return the friend's order: the seat, nothing to pay, and who gets the money if it returns."""
    return replace(
        order,
        order_id=f"ord_{secrets.token_urlsafe(16)}",
        account_id=friend.account_id,
        fan=friend.fan,
        person=friend.person,
        seats=tuple(seat for seat in order.seats if seat.seat_id == seat_id),
        total_cents=0,
        created_us=now_us,
        changed_us=now_us,
        payment_id=order.payment_id or order.order_id,
        problem=None,
        tour_limit=friend.tour.limit if friend.tour else 0,
        tour_people=friend.tour.people if friend.tour else (),
        returned=(),
        passed_on=(),
        hops=order.hops + 1,
        revision=0,
        why="",
        # What the sender's wish came with says nothing of the friend; that they deal, something.
        marks=((TRANSFER, hash_of(f"{order.order_id} {seat_id}")),),
    )


def no_offer() -> NotFound:
    """Return the refusal of a link that leads nowhere; it does not tell why."""
    return NotFound(
        "this link leads to no ticket any more",
        field="token",
        rule="a link works once, until its time is over or the sender takes it back",
        remedy="ask your friend for a new link",
    )


def accepted() -> Conflict:
    """Return the refusal of taking back what a friend has accepted."""
    return Conflict(
        "your friend has accepted the ticket",
        field="ticket_id",
        rule="an offer is taken back before it is accepted",
        remedy="ask your friend to pass it back, if the organiser allows that",
    )


def hash_of(token: str) -> str:
    """Return what is kept of the secret of a link: its SHA-256, in hex."""
    return sha256(token.encode()).hexdigest()
