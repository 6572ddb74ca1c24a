"""Tickets passed on to friends, for the API and for the pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from boxoffice.orders.model import Order
from boxoffice.sales.model import OPEN, PAUSED, Sale
from boxoffice.transfers.model import Friend, Transfer, TransferRules
from fairness.clock import iso, now_us
from fairness.errors import Invalid, NotFound, Rebuilding
from web import auth, facts, organiser_service, services
from web.bodies import Body, Line, Moment, NewSale, us
from workers import standing, tours
from workers.settings import settings


class NewTransferRules(Body):
    """Whether tickets may be passed on to friends: not, once each, or often; and until when."""

    mode: Literal["off", "once", "often"]
    until: Moment | None = None

    @model_validator(mode="after")
    def has_an_end(self) -> NewTransferRules:
        """Return the rules; ValueError when tickets are passed on without an end."""
        if self.mode != "off" and self.until is None:
            raise ValueError("until when tickets may be passed on")
        return self


class NewTransfer(Body):
    """Which seat of an order is for which friend."""

    seat: Line
    friend: Annotated[str, Field(min_length=1, max_length=100)]


class Acceptance(Body):
    """The secret of the link that the friend was sent."""

    token: Annotated[str, Field(min_length=1, max_length=64)]


class TransferRulesAnswer(TypedDict):
    """Whether tickets of a sale may be passed on, and until when."""

    mode: str
    until: str | None


class OfferAnswer(TypedDict):
    """An offer to a friend; its link is told once and kept nowhere."""

    ticket_id: str
    seat_id: str
    friend: str
    state: str
    until: str
    token: str
    link: str


class TransferAnswer(TypedDict):
    """What became of an offer: offered, withdrawn or accepted. Past its time it is over."""

    ticket_id: str
    seat_id: str
    friend: str
    state: str
    until: str


class AcceptedAnswer(TypedDict):
    """The friend's order, which has the ticket."""

    order_id: str
    seats: list[str]


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer with the link to it."""

    transfer: Transfer
    token: str

    @property
    def link(self) -> str:
        """Return the address that the friend opens."""
        return f"{settings().public_url}/transfers/{self.transfer.ticket_id}/{self.token}"


def rules(sale_id: str) -> TransferRules:
    """Return whether tickets of a sale may be passed on."""
    facts.of_public_sale(sale_id)
    return services.transfers().rules(sale_id)


def add_sale(body: NewSale) -> Sale:
    """Return the organiser's new sale, a draft, with its rule of passing tickets on."""
    until_us = us(body.transfers_until) if body.transfers_until else 0
    if body.transfers != "off":  # before anything is made
        begins_us = services.catalogue().performance(body.performance_id).starts_at_us
        _check_until(until_us, begins_us)
    sale = organiser_service.add_sale(body)
    if body.transfers != "off":
        services.transfers().set_rules(
            sale.sale_id, sale.organiser_id, now_us(), mode=body.transfers, until_us=until_us
        )
    return sale


def _check_until(until_us: int, begins_us: int) -> None:
    if not now_us() < until_us <= begins_us:
        raise Invalid(
            "until when tickets may be passed on is missing, or at no time that fits",
            field="transfers_until",
            rule="a time to come, at the latest when the performance begins",
            remedy="choose such a time, or let tickets not be passed on",
        )


def set_rules(sale_id: str, body: NewTransferRules) -> TransferRules:
    """Set whether tickets of the organiser's sale may be passed on."""
    me, until_us = auth.caller().account_id, us(body.until) if body.until else 0
    return services.transfers().set_rules(sale_id, me, now_us(), mode=body.mode, until_us=until_us)


def offer(order_id: str, body: NewTransfer) -> Offered:
    """Offer a ticket of the caller's order to a friend."""
    me, now = auth.caller().account_id, now_us()
    return Offered(*services.transfers().offer(order_id, body.seat, me, body.friend, now))


def withdraw(ticket_id: str) -> Transfer:
    """Take an offer of the caller's back."""
    return services.transfers().withdraw(ticket_id, auth.caller().account_id, now_us())


def look(ticket_id: str, token: str) -> Transfer:
    """Return the offer that a link leads the caller to; NotFound."""
    me = auth.caller().account_id
    return services.transfers().look(ticket_id, token, now_us(), me)


def accept(ticket_id: str, token: str) -> Order:
    """Make an offered ticket the caller's; return their order. Twice is once."""
    found = look(ticket_id, token)
    friend = _friend(found.sale_id, auth.caller().account_id)
    order = services.transfers().accept(ticket_id, token, friend, now_us())
    before = services.orders().find(found.order_id)
    standing.show([order, *([before] if before else [])])
    return order


def of_order(order_id: str) -> list[Transfer]:
    """Return the offers of the caller's order; NotFound, Forbidden."""
    services.orders().get(order_id, auth.caller().account_id)
    return services.transfers().of_order(order_id)


def may_pass_on(order: Order | None) -> TransferRules | None:
    """Return the rules if tickets of the order can be passed on now, else None."""
    return services.transfers().may_pass_on(order, now_us()) if order else None


def stands(one: Transfer) -> bool:
    """Return whether a friend can still accept."""
    return one.is_open(now_us())


def rules_document(its: TransferRules) -> TransferRulesAnswer:
    """Return the rules as the API shows them."""
    return {"mode": its.mode, "until": iso(its.until_us) if its.until_us else None}


def document(one: Transfer) -> TransferAnswer:
    """Return a transfer as the API shows it."""
    over = one.state == "offered" and not stands(one)
    return {
        "ticket_id": one.ticket_id,
        "seat_id": one.seat_id,
        "friend": one.friend,
        "state": "over" if over else one.state,
        "until": iso(one.until_us),
    }


def offer_document(one: Offered) -> OfferAnswer:
    """Return a new offer as the API shows it."""
    return {**document(one.transfer), "token": one.token, "link": one.link}


def _friend(sale_id: str, account_id: str) -> Friend:
    """Return who the account is in a sale, whether or not it was ever in its line."""
    known = facts.of_public_sale(sale_id)
    fan = known.fan(account_id)
    try:
        person = services.line(sale_id).lead_of(fan)
    except (Rebuilding, NotFound):
        if known.sale.state in (OPEN, PAUSED):
            raise  # who is linked to whom is not known at the moment
        person = fan
    return Friend(account_id, fan, person, tours.share(known.sale, account_id))
