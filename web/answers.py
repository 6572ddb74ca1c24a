"""What goes out: the documents of the API. Times are RFC 3339 in UTC, money is minor units."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class Problem(TypedDict):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: NotRequired[str]
    field: NotRequired[str]
    value: NotRequired[Any]
    rule: NotRequired[str]
    remedy: NotRequired[str]


class Joined(TypedDict):
    """An arrival, and the signed promise that it will be honoured."""

    fan: str
    at: str
    at_us: int
    window: int
    first: bool
    receipt: str


class Reason(TypedDict):
    """One finding of the screening."""

    rule: str
    because: str


class Place(TypedDict):
    """Where a fan stands."""

    state: str
    place: int | None
    ahead: int | None
    window: int | None
    turn_ends_at: str | None
    shared_with: str | None
    verdict: str
    reasons: list[Reason]
    not_before: str | None


class NotBefore(TypedDict):
    """Before when the caller asked not to be called; null: whenever it is their turn."""

    not_before: str | None


# A pass to the shop, bound to the fan ("pass" is a word of Python, hence this form).
Turn = TypedDict("Turn", {"pass": str, "ends_at": str})


class Done(TypedDict):
    """It is done, or was already."""

    done: bool


class Token(TypedDict):
    """A sign-in."""

    token: str
    account_id: str
    role: str


class Dated(TypedDict):
    """One date of an event."""

    performance_id: str
    venue: str
    city: str
    starts_at: str
    sale_id: str | None
    sale_state: str | None


class EventAnswer(TypedDict):
    """An event with its dates."""

    event_id: str
    title: str
    artist: str
    genre: str
    description: str
    performances: list[Dated]


class PriceAnswer(TypedDict):
    """What a seat of one category costs; the full price, nothing is added later."""

    category: str
    tier: str
    cents: int


class SaleAnswer(TypedDict):
    """A sale with the rules it promised."""

    sale_id: str
    event_id: str
    performance_id: str
    title: str
    state: str
    message: str
    opens_at: str
    starts_at: str
    ends_at: str
    currency: str
    prices: list[PriceAnswer]
    limit_per_person: int
    turn_s: int
    hold_s: int
    rules: dict[str, Any]


class SeatAnswer(TypedDict):
    """A seat and whether it can be had."""

    seat_id: str
    zone: str
    row: str
    number: str
    x: int
    y: int
    tier: str
    cents: int
    state: str  # free | taken


class SeatsAnswer(TypedDict):
    """Every seat of a sale."""

    sale_id: str
    currency: str
    seats: list[SeatAnswer]


class EventsAnswer(TypedDict):
    """Events, the best match first."""

    events: list[EventAnswer]


class BoardTier(TypedDict):
    """What is left of one price tier."""

    tier: str
    cents: int
    free: int
    capacity: int


class Accepted(TypedDict):
    """The order is on its way: ask for it again in so many ms."""

    order_id: str
    state: str
    look_again_ms: int


class PaymentAnswer(TypedDict):
    """How the payment of an order stands; what a browser needs to go on with it."""

    order_id: str
    state: str  # none | pending | charged | declined | refunded
    reason: str
    provider: str  # test | stripe
    publishable_key: str | None  # of Stripe
    client_secret: str | None  # while the fan's bank asks: for Stripe's `handleNextAction`


class OrderSeat(TypedDict):
    """A seat in an order."""

    seat_id: str
    tier: str
    cents: int


class WhyAnswer(TypedDict):
    """Why the seats that were found for a fan are the best: how they sit, and what decided."""

    how: Literal["one", "together", "area", "parts"]
    # nearest to the middle; or one nearer would have left a single seat, or parted somebody from an
    # accessible one; or none was left without a single seat
    rule: Literal["nearest", "singles", "needs", "left"]


class OrderAnswer(TypedDict):
    """An order as it stands."""

    order_id: str
    sale_id: str
    state: str
    seats: list[OrderSeat]
    why: WhyAnswer | None  # None: the fan named them, or has none
    returned: list[str]  # seats that were paid for and given back since
    total_cents: int
    currency: str
    held_until: str | None
    extensions: int  # of the hold, so far
    extensions_left: int
    created_at: str | None
    changed_at: str | None
    problem: dict[str, Any] | None
    tickets: list[str]
    look_again_ms: int | None  # None: nothing changes by itself soon


class OrdersAnswer(TypedDict):
    """Orders, the newest first."""

    orders: list[OrderAnswer]


class TicketAnswer(TypedDict):
    """A ticket; its code is what the QR says."""

    ticket_id: str
    order_id: str
    sale_id: str
    seat_id: str
    state: str
    code: str


class CodeAnswer(TypedDict):
    """The code of one step of time; step n begins n * step_s after 1970."""

    step: int
    code: str
    svg: str


class CodesAnswer(TypedDict):
    """The codes of a ticket from now on, for the time without a network."""

    now_us: int
    step_s: int
    codes: list[CodeAnswer]


class Made(TypedDict):
    """The id of what was made."""

    id: str


class MadePlan(TypedDict):
    """A seating plan that was added."""

    id: str
    seats: int
    categories: list[str]


class SaleState(TypedDict):
    """The state a sale came to."""

    sale_id: str
    state: str


class Suspect(TypedDict):
    """A fan the screening stopped, with its reasons and what they said."""

    fan: str
    verdict: str
    reasons: list[Reason]
    appeal: str | None
    decision: str | None


class SuspectsAnswer(TypedDict):
    """The fans the screening stopped."""

    suspects: list[Suspect]


class LiveSale(TypedDict):
    """A sale as it runs."""

    sale_id: str
    state: str
    line: dict[str, Any] | None
    stock: list[dict[str, Any]]
    estimates: dict[str, Any] | None
