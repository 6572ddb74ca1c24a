"""What goes in and out about returns, the waiting list and the organiser's orders.

No body has a price: whatever is sold again costs what the sale says.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator
from typing_extensions import TypedDict

from web.bodies import Body, Line, Moment

STATES = ("held", "paid", "expired", "cancelled", "refunded", "refused", "returned", "passed_on")


class GivenBack(Body):
    """Which seats of an order come back."""

    seats: Annotated[list[Line], Field(min_length=1, max_length=20)]


class CalledOff(Body):
    """Why an organiser calls an order off; the fan reads it."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class NewReturnRules(Body):
    """When tickets are taken back, until when, and what is kept of each, in minor units."""

    mode: Literal["off", "at_once", "when_resold"]
    until: Moment | None = None
    fee_cents: Annotated[int, Field(ge=0, le=100_000_000)] = 0
    offer_s: Annotated[int, Field(ge=600, le=172_800)] = 7_200

    @model_validator(mode="after")
    def has_an_end(self) -> NewReturnRules:
        """Return the rules; ValueError when tickets are taken back without an end."""
        if self.mode != "off" and self.until is None:
            raise ValueError("until when tickets are taken back")
        return self


class NewWish(Body):
    """How many seats a fan waits for, and in which tiers; none named: any."""

    count: Annotated[int, Field(ge=1, le=20)]
    tiers: Annotated[list[Line], Field(max_length=20, default_factory=list)]


class SaleOrdersQuery(Body):
    """Which orders of a sale, and in which form."""

    q: Annotated[str, Field(max_length=200)] = ""
    state: Annotated[str, Field(max_length=20)] = ""
    format: Literal["csv", "json"] = "csv"


class ReturnAnswer(TypedDict):
    """A ticket that came back."""

    seat_id: str
    cents: int
    refund_cents: int
    currency: str
    state: str  # waiting (to be resold), refunding, refunded
    created_at: str


class ReturnsAnswer(TypedDict):
    """What may come back, and what did."""

    order_id: str
    state: str
    seats: list[str]
    returns: list[ReturnAnswer]


class RulesAnswer(TypedDict):
    """When tickets of a sale are taken back."""

    mode: str
    until: str | None
    fee_cents: int
    offer_s: int


class WishAnswer(TypedDict):
    """What the caller waits for, and how many wait before them."""

    state: str  # none, waiting, offered, bought, lapsed, left
    count: int
    tiers: list[str]
    place: int | None
    ahead: int | None
    order_id: str | None


class ExportedOrder(TypedDict):
    """One order in an export: no card, no account, no name."""

    order_id: str
    state: str
    created_at: str
    seats: str
    returned: str
    total_cents: int
    currency: str
    problem: str
