"""What a fan does in the shop, for the API and for the pages alike."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from flask import request

from boxoffice.orders import extending
from boxoffice.orders.model import Order
from boxoffice.tickets import rotation
from boxoffice.tickets.model import Ticket
from fairness.base64url import to_text
from fairness.clock import SECOND, iso, now_us
from fairness.errors import Conflict, HoldExpired, Invalid, NotFound, Unavailable
from fairness.passes import Pass
from fairness.store import Steps
from web import auth, bodies, facts, services
from web.address import behind
from web.answers import Accepted, CodesAnswer, OrderAnswer, TicketAnswer, WhyAnswer
from workers import lanes, settling, standing
from workers.settings import settings

PENDING = "pending"
LOOK_AGAIN_MS = 100  # who was told when to look, and came too early
CODES_AHEAD = 21  # ten minutes without a network


@dataclass(frozen=True, slots=True)
class Found:
    """An order of the caller's; None while it is still on its way."""

    order_id: str
    order: Order | None
    tickets: Sequence[str] | None = None  # their ids, if they are known without asking

    @property
    def state(self) -> str:
        """Return the order's state, or "pending"."""
        return self.order.state if self.order else PENDING


def ask(sale_id: str, wish: bodies.NewOrder, turn: Pass, key: str | None) -> Accepted:
    """Send the wish to allocation; the same key is the same order."""
    known = facts.of_public_sale(sale_id)
    if wish.seats:
        _check_seats(known, wish.seats)
    if wish.best and wish.best.tier is not None and wish.best.tier not in known.sale.tiers:
        raise Invalid(
            f"there is no tier {wish.best.tier}",
            field="best.tier",
            value=wish.best.tier,
            rule=f"one of {', '.join(known.sale.tiers)}",
            remedy="choose one of them, or leave it out",
        )
    if wish.best and wish.best.zone is not None and wish.best.zone not in known.plan().zones:
        raise Invalid(
            f"there is no zone {wish.best.zone}",
            field="best.zone",
            value=wish.best.zone,
            rule="a zone of this hall",
            remedy="choose one from the map, or leave it out",
        )
    account_id = auth.caller().account_id
    order_id = new_id(account_id, sale_id, key or secrets.token_urlsafe(16))
    best = wish.best.model_dump() if wish.best else None
    plan = known.plan()
    seen = {"address": behind(request.environ), "device": auth.caller().device_id}
    wait_ms = lanes.ask(known.sale, plan, order_id, account_id, turn.fan, wish.seats, best, seen)
    return {"order_id": order_id, "state": PENDING, "look_again_ms": wait_ms}


def find(order_id: str) -> Found:
    """Return the caller's order; NotFound, or Forbidden when it is another fan's.

    An id that was given to the caller and is not in the table yet is on its way: the id itself
    proves that it was given to them.
    """
    account_id = auth.caller().account_id
    seen = standing.look(order_id)
    if seen and seen.account_id == account_id:
        return Found(order_id, seen.order, seen.tickets)
    try:
        order = services.orders().get(order_id, account_id)
    except NotFound:
        if not _given_to(order_id, account_id):
            raise
        return Found(order_id, None)
    standing.show([order])
    return Found(order_id, order)


def looking(account_id: str, order_id: str) -> Steps[OrderAnswer | None]:
    """Return an order of this account's as the API shows it, in steps; None: `find` must tell."""
    try:
        seen = yield from standing.looking(order_id)
    except Unavailable:
        return None
    if seen is None or seen.account_id != account_id:
        return None
    return document(Found(order_id, seen.order, seen.tickets))


def pay(order_id: str, token: str) -> Accepted:
    """Send the order to be paid with the card behind `token`; Conflict unless it is held."""
    order = find(order_id).order
    if order is None or order.state != "held":
        raise Conflict(
            f"the order is {order.state if order else PENDING}",
            field="order_id",
            value=order_id,
            rule="an order that is held",
            remedy="look at the order; choose seats again if its time is over",
        )
    if order.held_until_us <= now_us():
        raise HoldExpired(
            field="order_id",
            value=order_id,
            rule="pay before the hold ends",
            remedy="choose seats again while your turn lasts",
        )
    wait_ms = lanes.pay(order.sale_id, order_id, token)
    return {"order_id": order_id, "state": "paying", "look_again_ms": wait_ms}


def cancel(order_id: str) -> None:
    """Give the caller's held seats back; twice is once."""
    settling.settle(services.orders().cancel(order_id, auth.caller().account_id, now_us()))


def extend(order_id: str, number: int) -> Found:
    """Give the caller's hold more time; the same number again is the same extension."""
    account_id = auth.caller().account_id
    order = services.orders().get(order_id, account_id)
    hold_us = facts.of_sale(order.sale_id).sale.manifest.hold_us
    order = services.orders().extend(order_id, account_id, number, hold_us, now_us())
    settling.extended(order)
    return Found(order_id, order)


def extensions_left(order: Order) -> int:
    """Return how often the order's hold can still be extended."""
    return extending.MOST - order.extensions if order.state == "held" else 0


def mine(words: str = "", state: str = "") -> list[Found]:
    """Return the caller's orders that match `words` and are in `state`, the newest first."""
    orders = services.orders().of_account(auth.caller().account_id)
    found = (order for order in orders if matches(order, words) and is_in(order, state))
    return [Found(order.order_id, order) for order in found]


def is_in(order: Order, state: str) -> bool:
    """Return whether an order is in this state; "partly" is paid, with seats that came back."""
    if state == "partly":
        return order.state == "paid" and bool(order.returned)
    return not state or order.state == state


def matches(order: Order, words: str) -> bool:
    """Return whether every word is in what the order is for, its seats, state, or id."""
    seats = [*order.seat_ids, *(seat.seat_id for seat in order.returned)]
    text = " ".join([order.about, order.state, order.order_id, *seats]).casefold()
    return all(word in text for word in words.casefold().split())


def document(found: Found) -> OrderAnswer:
    """Return an order as the API shows it."""
    order = found.order
    if order is None:
        return _pending(found.order_id)
    return {
        "order_id": order.order_id,
        "sale_id": order.sale_id,
        "state": order.state,
        "seats": [{"seat_id": s.seat_id, "tier": s.tier, "cents": s.cents} for s in order.seats],
        "why": _why(order),
        "returned": [seat.seat_id for seat in order.returned],
        "total_cents": order.total_cents,
        "currency": order.currency,
        "held_until": iso(order.held_until_us) if order.held_until_us else None,
        "extensions": order.extensions,
        "extensions_left": extensions_left(order),
        "created_at": iso(order.created_us),
        "changed_at": iso(order.changed_us),
        "problem": dict(order.problem) if order.problem else None,
        "tickets": list(_ticket_ids(found)),
        "look_again_ms": None,
    }


def _why(order: Order) -> WhyAnswer | None:
    """Return what the page says too: of seats that the fan has, and did not name."""
    if not order.why or order.state not in ("held", "paid"):
        return None
    how, rule = order.why.split(" ")
    return cast(WhyAnswer, {"how": how, "rule": rule})


def _ticket_ids(found: Found) -> Sequence[str]:
    if found.tickets is not None or found.state != "paid":
        return found.tickets or ()
    tickets = services.tickets().of_order(found.order) if found.order else []
    return [ticket.ticket_id for ticket in tickets if ticket.state == "valid"]


def my_ticket(ticket_id: str) -> Ticket:
    """Return the caller's ticket; NotFound, or Forbidden when it is another fan's."""
    return services.tickets().get(ticket_id, auth.caller().account_id)


def ticket_document(ticket: Ticket) -> TicketAnswer:
    """Return a ticket as the API shows it."""
    return {
        "ticket_id": ticket.ticket_id,
        "order_id": ticket.order_id,
        "sale_id": ticket.sale_id,
        "seat_id": ticket.seat_id,
        "state": ticket.state,
        "code": services.tickets().codes_from(ticket, now_us())[0],
    }


def codes_document(ticket: Ticket) -> CodesAnswer:
    """Return the codes of a valid ticket for the next minutes; Conflict when it has none."""
    if ticket.state != "valid":
        raise Conflict(
            "this ticket is not valid any more",
            field="ticket_id",
            value=ticket.ticket_id,
            rule="a valid ticket has a code",
            remedy="look at the order",
        )
    now, tickets = now_us(), services.tickets()
    first = rotation.step_of(now) - 1
    codes = tickets.codes_from(ticket, now - rotation.STEP_S * SECOND, CODES_AHEAD)
    return {
        "now_us": now,
        "step_s": rotation.STEP_S,
        "codes": [
            {"step": first + n, "code": code, "svg": tickets.svg(code)}
            for n, code in enumerate(codes)
        ],
    }


def new_id(account_id: str, sale_id: str, key: str) -> str:
    """Return an order id: the same for the same wish, and bound to the account by its end."""
    start = _tag(f"order\0{account_id}\0{sale_id}\0{key}", 12)
    return f"ord_{start}{_tag(f'owner{chr(0)}{account_id}{chr(0)}{start}', 8)}"


def _given_to(order_id: str, account_id: str) -> bool:
    start = order_id.removeprefix("ord_")[:16]
    expected = f"ord_{start}{_tag(f'owner{chr(0)}{account_id}{chr(0)}{start}', 8)}"
    return hmac.compare_digest(expected, order_id)


def _tag(text: str, length: int) -> str:
    digest = hmac.digest(settings().session_key.encode(), text.encode(), "sha256")[:length]
    return to_text(digest)


def _check_seats(known: facts.Facts, seats: list[str]) -> None:
    plan = known.plan()
    unknown = [seat for seat in seats if seat not in plan.by_id]
    if unknown:
        raise Invalid(
            f"not in this hall: {', '.join(unknown)}",
            field="seats",
            value=unknown,
            rule="a seat of the plan",
            remedy="choose seats from the map",
        )


def _pending(order_id: str) -> OrderAnswer:
    return {
        "order_id": order_id,
        "sale_id": "",
        "state": PENDING,
        "seats": [],
        "why": None,
        "returned": [],
        "total_cents": 0,
        "currency": "",
        "held_until": None,
        "extensions": 0,
        "extensions_left": 0,
        "created_at": None,
        "changed_at": None,
        "problem": None,
        "tickets": [],
        "look_again_ms": LOOK_AGAIN_MS,
    }
