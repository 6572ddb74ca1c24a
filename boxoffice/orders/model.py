"""What an order is, and what may be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from boxoffice.dynamo import Item
from boxoffice.sales.model import Sale
from fairness.errors import Invalid
from fairness.ledger.entries import commitment

State = Literal[
    "held", "paid", "expired", "cancelled", "refunded", "refused", "returned", "passed_on"
]
MAX_SEATS = 20  # seats, tickets and the rest of an order fit into one transaction of 100 writes


@dataclass(frozen=True, slots=True)
class Best:
    """A wish for the best seats left: how many, in which price tier and zone (None: any).

    Invalid when more people need an accessible seat than there are, or the parts do not add up.
    """

    count: int
    tier: str | None = None
    together: bool = True  # False: rather apart than none
    zone: str | None = None
    accessible: int = 0  # of them need an accessible seat, the others sit beside
    parts: tuple[int, ...] = ()  # (2, 2): two and two, near each other

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(self.parts))
        if not 0 <= self.accessible <= self.count:
            raise Invalid(
                f"{self.accessible} accessible seats for {self.count}",
                field="best.accessible",
                value=self.accessible,
                rule="0 to count",
                remedy="ask for as many accessible seats as people need them",
            )
        if self.parts and (min(self.parts) < 1 or sum(self.parts) != self.count):
            raise Invalid(
                f"the parts {'+'.join(map(str, self.parts))} are not {self.count} seats",
                field="best.parts",
                value=list(self.parts),
                rule="parts of one seat or more that add up to count",
                remedy="for two and two write count 4 and parts [2, 2]",
            )


@dataclass(frozen=True, slots=True)
class TourShare:
    """How an order counts against the limit of a tour: under each of these names.

    A name stands for the caller in the tour, or for whom they share a place with in one of its
    lines. It is in no log: there the sales of a tour know the caller by unrelated names.
    """

    limit: int  # tickets per person in the whole tour
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """What a fan with a pass asks for: these seats, or the best. Invalid names what is wrong."""

    order_id: str
    sale_id: str
    account_id: str
    fan: str  # the fan's commitment in this sale
    person: str  # the lead of the fan's linked accounts in this sale; limits count here
    seats: tuple[str, ...] | None = None
    best: Best | None = None
    about: str = ""  # what the tickets are for, as the fan reads it
    tour: TourShare | None = None  # None: the sale is of no tour, or of one without a limit
    marks: tuple[tuple[str, str], ...] = ()  # (kind, keyed hash) of what the wish came with

    def __post_init__(self) -> None:
        if (self.seats is None) == (self.best is None):
            raise Invalid(
                "name the seats, or ask for the best",
                field="seats",
                rule="either seats or best",
                remedy='send {"seats": [...]} or {"best": {"count": 2}}',
            )
        if not 1 <= self.count <= MAX_SEATS:
            raise Invalid(
                f"{self.count} seats",
                field="seats" if self.seats is not None else "best.count",
                value=self.count,
                rule=f"1 to {MAX_SEATS} seats in one order",
                remedy="ask for fewer seats, or for one at least",
            )
        if self.seats is not None and len(set(self.seats)) < len(self.seats):
            raise Invalid(
                "a seat is named twice",
                field="seats",
                value=list(self.seats),
                rule="each seat once",
                remedy="remove the repeated seat",
            )

    @property
    def count(self) -> int:
        """How many seats are asked for."""
        return self.best.count if self.best else len(self.seats or ())


@dataclass(frozen=True, slots=True)
class OrderedSeat:
    """A seat in an order, with the price it was offered at, in minor units."""

    seat_id: str
    tier: str
    cents: int


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `problem` is why it was refused or refunded: error, detail, seats, remedy."""

    order_id: str
    sale_id: str
    account_id: str
    fan: str
    person: str
    seats: tuple[OrderedSeat, ...]
    state: State
    total_cents: int
    currency: str
    held_until_us: int
    created_us: int
    changed_us: int
    limit: int  # tickets per person in this sale
    performance_id: str = ""
    about: str = ""
    payment_id: str | None = None
    problem: Mapping[str, Any] | None = None
    tour_limit: int = 0  # tickets per person in the whole tour; 0: there is none
    tour_people: tuple[str, ...] = ()  # whom it counts for, as `TourShare` says
    returned: tuple[OrderedSeat, ...] = ()  # seats that were paid for and given back since
    passed_on: tuple[OrderedSeat, ...] = ()  # seats that friends have now
    hops: int = 0  # how often its ticket was passed on before it was this order's
    extensions: int = 0  # how often the hold was extended
    why: str = ""  # of seats that were found for the fan: see `inventory.best.Found.why`
    revision: int = 0  # counts the returns: each is decided on what the one before has left
    # Why a paid order's tickets wait for the organiser: the code of a rule; "": they do not wait
    review: str = ""
    marks: tuple[tuple[str, str], ...] = ()  # (kind, keyed hash) of what the order came with

    @property
    def seat_ids(self) -> list[str]:
        """The ids of the seats, in the order of the order."""
        return [seat.seat_id for seat in self.seats]

    @property
    def commitment(self) -> str:
        """What the public log calls this order; order ids are random, so it tells nothing."""
        return commitment(self.order_id)

    @classmethod
    def asked(
        cls,
        request: Request,
        sale: Sale,
        seats: tuple[OrderedSeat, ...],
        state: State,
        now_us: int,
        problem: Mapping[str, Any] | None = None,
    ) -> Order:
        """Return the new order for a request, with prices, hold and limit as the sale says."""
        return cls(
            order_id=request.order_id,
            sale_id=request.sale_id,
            account_id=request.account_id,
            fan=request.fan,
            person=request.person,
            seats=seats,
            state=state,
            total_cents=sum(seat.cents for seat in seats),
            currency=sale.currency,
            held_until_us=now_us + sale.manifest.hold_us if state == "held" else 0,
            created_us=now_us,
            changed_us=now_us,
            limit=sale.manifest.limit_per_person,
            performance_id=sale.performance_id,
            about=request.about,
            problem=problem,
            tour_limit=request.tour.limit if request.tour else 0,
            tour_people=request.tour.people if request.tour else (),
            marks=request.marks,
        )

    @classmethod
    def of(cls, item: Item) -> Order:
        """Return the order that the table keeps as `item`."""
        known = {name: item[name] for name in cls.__dataclass_fields__ if name in item}
        seats = tuple(OrderedSeat(**seat) for seat in item["seats"])
        people = tuple(item.get("tour_people", ()))
        returned = tuple(OrderedSeat(**seat) for seat in item.get("returned", ()))
        marks = tuple((kind, value) for kind, value in item.get("marks", ()))
        more = {"seats": seats, "tour_people": people, "returned": returned, "marks": marks}
        passed = tuple(OrderedSeat(**seat) for seat in item.get("passed_on", ()))
        return cls(**{**known, **more, "passed_on": passed})
