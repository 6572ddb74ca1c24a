"""What may come in: one model per body or query. An unknown field is refused by name."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from boxoffice.orders.extending import MOST as MOST_EXTENSIONS
from fairness.clock import SECOND

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Line = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=4_000)]


def _digits(value: Any) -> Any:
    return re.sub(r"[\s-]", "", value) if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _zoned(value: Any) -> Any:
    """A browser's datetime-local has no zone: the console's forms say UTC."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?", value):
        return value + "Z"
    return value


def _in_range(value: datetime) -> datetime:
    if not 2000 <= value.year <= 2200:
        raise ValueError("a year from 2000 to 2200")
    return value.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_zoned), AfterValidator(_in_range)]


def us(moment: datetime) -> int:
    """Return a moment in µs."""
    return round(moment.timestamp() * SECOND)


class Body(BaseModel):
    """What all bodies share."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class SignIn(Body):
    """Who wants to sign in."""

    email: Annotated[str, Field(min_length=3, max_length=254)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class SignUp(SignIn):
    """Who wants an account."""

    name: Line


class Tells(Body):
    """What a browser may tell about itself as it joins; nothing is required."""

    tz: Annotated[str, Field(max_length=64)] = ""
    screen: Annotated[str, Field(max_length=24)] = ""
    platform: Annotated[str, Field(max_length=64)] = ""
    language: Annotated[str, Field(max_length=64)] = ""
    driven: bool | None = None
    touch: bool | None = None  # whether the screen can be touched
    # How long the page was there before its button was pressed; a form may leave it empty.
    open_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None
    # What a worker of the page is told, where it is told otherwise than the page.
    worker_platform: Annotated[str, Field(max_length=64)] = ""
    worker_language: Annotated[str, Field(max_length=64)] = ""
    press: Literal["", "nobody", "no-mouse"] = ""  # who pressed the button; "" is a hand
    frameless: bool | None = None  # whether the window has nothing around the page
    patched: bool | None = None  # whether a script has changed what the browser says of itself


class Join(Tells):
    """Who joins. Who joined before sends the receipt again.

    Should the line have been lost since, it gives them their time back.
    """

    receipt: Annotated[str, Field(max_length=1_000)] = ""


class NotBefore(Body):
    """Before when a fan asks not to be called. No reason is asked."""

    at: Moment


class Later(Body):
    """The same from a form, which has no clock of its own: in how many minutes; 0 takes it back."""

    minutes: Annotated[int, Field(ge=0, le=1_440)]


class Answer(Body):
    """The code from the e-mail."""

    code: Annotated[str, Field(min_length=1, max_length=16)]


class Appeal(Body):
    """What a fan has to say to the organiser."""

    text: Annotated[str, Field(min_length=1, max_length=2_000)]


class Best(Body):
    """The best seats together, as many as `count`, of one price tier and zone or of any.

    `parts` [2, 2] asks for two and two, near each other; `accessible` says how many of the people
    need an accessible seat.
    """

    count: Annotated[int, Field(ge=1, le=20)]
    tier: Annotated[str, Field(max_length=64)] | None = None
    zone: Annotated[str, Field(max_length=220)] | None = None
    accessible: Annotated[int, Field(ge=0, le=20)] = 0
    together: bool = True  # false: rather in as few parts as can be than none
    parts: Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=20)] = []

    @model_validator(mode="after")
    def adds_up(self) -> Best:
        """Return the wish; ValueError when its numbers contradict each other."""
        if self.accessible > self.count:
            raise ValueError("not more accessible seats than people")
        if self.parts and sum(self.parts) != self.count:
            raise ValueError("the parts add up to count")
        return self


class BestForm(Body):
    """The same from a form, where a group chooses how it sits among three ways."""

    count: Annotated[int, Field(ge=1, le=20)]
    tier: Annotated[str, Field(max_length=64)] | None = None
    zone: Annotated[str, Field(max_length=220)] | None = None
    accessible: Annotated[int, Field(ge=0, le=20)] = 0
    sit: Literal["together", "halves", "apart"] = "together"

    @model_validator(mode="after")
    def adds_up(self) -> BestForm:
        """Return the wish; ValueError when more need an accessible seat than come."""
        if self.accessible > self.count:
            raise ValueError("not more accessible seats than people")
        return self

    def best(self) -> Best:
        """Return the wish."""
        halves = [self.count - self.count // 2, self.count // 2]
        return Best(
            count=self.count,
            tier=self.tier,
            zone=self.zone,
            accessible=self.accessible,
            parts=halves if self.sit == "halves" and self.count > 1 else [],
            together=self.sit != "apart",
        )


class NewOrder(Body):
    """Seats by name, or the best available: one of the two."""

    seats: Annotated[list[Line], Field(min_length=1, max_length=20)] | None = None
    best: Best | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> NewOrder:
        """Return the order; ValueError when it names both or neither."""
        if (self.seats is None) == (self.best is None):
            raise ValueError("either seats or best, not both")
        if self.seats and len(set(self.seats)) != len(self.seats):
            raise ValueError("each seat once")
        return self


class Card(Body):
    """A payment card; it goes to the payment provider and is never stored."""

    number: Annotated[
        str, BeforeValidator(_digits), Field(min_length=12, max_length=19, pattern=r"^\d+$")
    ]
    expiry: Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2]) ?/ ?\d{2}$")]
    cvc: Annotated[str, Field(pattern=r"^\d{3,4}$")]


PaymentMethod = Annotated[str, Field(pattern=r"^pm_[A-Za-z0-9_]{1,100}$")]


class Payment(Body):
    """How an order is paid: with what Stripe made of a card, or a card of the test provider."""

    card: Card | None = None
    payment_method: PaymentMethod | None = None


class PaymentForm(Body):
    """The same from the page, where Stripe reads the card."""

    payment_method: PaymentMethod


class Extension(Body):
    """Which extension of a hold is asked for, from 1 on: the same number again is the same one."""

    n: Annotated[int, Field(ge=1, le=MOST_EXTENSIONS)]


class EventQuery(Body):
    """What to look for; all of it optional."""

    q: Annotated[str, Field(max_length=200)] = ""
    city: Annotated[str, Field(max_length=100)] = ""
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None

    @model_validator(mode="before")
    @classmethod
    def without_blanks(cls, given: Any) -> Any:
        """Return the query without the fields a form left empty."""
        return {k: v for k, v in given.items() if v != ""} if isinstance(given, dict) else given


class OrderQuery(Body):
    """Which of my orders: by words, and by state ("partly": some of its seats came back)."""

    q: Annotated[str, Field(max_length=200)] = ""
    state: Annotated[str, Field(max_length=20)] = ""


class NewEvent(Body):
    """An event, before it has a date."""

    title: Line
    artist: Annotated[str, Field(max_length=200)] = ""
    genre: Annotated[str, Field(max_length=100)] = ""
    description: Text = ""


class NewVenue(Body):
    """A venue."""

    name: Line
    city: Line
    country: Annotated[str, Field(max_length=100)] = ""


class NewPerformance(Body):
    """One date of an event in a venue, with the seating plan of that evening."""

    event_id: Id
    venue_id: Id
    plan_id: Id
    starts_at: Moment


class NewPlan(Body):
    """A seating plan: CSV text (floor,zone,row,start,end) or a pretix plan, as JSON.

    `focus` is the seat that the best seats are nearest to; left out, the middle of the front.
    """

    name: Line | None = None
    csv: str | None = None
    pretix: Annotated[str | None, BeforeValidator(_as_text)] = None
    focus: Line | None = None

    @model_validator(mode="after")
    def one_of_two(self) -> NewPlan:
        """Return the plan; ValueError when it has both forms or neither."""
        if (self.csv is None) == (self.pretix is None):
            raise ValueError("either csv or pretix, not both")
        return self


class NewPrice(Body):
    """What a category costs, and the name fans see."""

    tier: Line
    cents: Annotated[int, Field(ge=0, le=100_000_000)]


class NewSale(Body):
    """A sale: one on-sale window of one performance, with its rules."""

    performance_id: Id
    prices: Annotated[dict[str, NewPrice], Field(min_length=1)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "EUR"
    opens_at: Moment
    starts_at: Moment
    ends_at: Moment
    limit_per_person: Annotated[int, Field(ge=1, le=20)] = 4
    capacity: Annotated[int, Field(ge=1, le=100_000)] = 200
    rate_per_s: Annotated[int, Field(ge=1, le=10_000)] = 50
    opening_s: Annotated[int, Field(ge=0, le=3_600)] = 5
    tie_ms: Annotated[int, Field(ge=1, le=60_000)] = 500
    turn_s: Annotated[int, Field(ge=1, le=7_200)] = 600
    hold_s: Annotated[int, Field(ge=1, le=7_200)] = 600
    away_s: Annotated[int, Field(ge=1, le=3_600)] = 30
    beacon: Literal["ecvrf", "drand-quicknet"] = "ecvrf"  # what the seeds of the draws come from
    beacon_fallback: Literal["ecvrf", "wait"] = "ecvrf"  # when a public beacon is late
    # Of the fans, who may be stopped without strong evidence: the declared budget
    held_most_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 1_000
    challenged_most_ppm: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    held_back: dict[Line, Line] = {}  # seat -> reason
    transfers: Literal["off", "once", "often"] = "off"  # tickets, to friends
    transfers_until: Moment | None = None


class NewRate(Body):
    """How many fans are called each second, at most."""

    rate_per_s: Annotated[int, Field(ge=1, le=10_000)]


class NewCapacity(Body):
    """How many fans may be in the shop at once."""

    capacity: Annotated[int, Field(ge=1, le=100_000)]


class NewMessage(Body):
    """What everybody in the line reads; empty takes it down."""

    message: Annotated[str, Field(max_length=500)] = ""


class DeskAct(Body):
    """What the organiser decides about suspects; `reason` is a code."""

    act: Literal["release", "hold", "merge", "split", "confirm"]
    fans: Annotated[list[Id], Field(min_length=1, max_length=1_000)]
    reason: Literal["seen", "told", "two_people", "one_person", "payment", "other"] = "seen"


class ReviewAct(Body):
    """What the organiser decides about paid orders whose tickets wait; `reason` is a code."""

    act: Literal["clear", "refund"]
    orders: Annotated[list[Id], Field(min_length=1, max_length=50)]
    reason: Literal["seen", "told", "one_person", "other"] = "seen"


class Decision(Body):
    """What the organiser decides about a fan held for review."""

    decision: Literal["lift", "uphold"]
    because: Annotated[str, Field(max_length=500)] = ""
