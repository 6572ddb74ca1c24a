"""What goes in and out of the API of tours: bodies and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from web.answers import Place, Problem
from web.bodies import Body, Id, Line, Tells

Receipt = Annotated[str, Field(max_length=1_000)]


class JoinTour(Tells):
    """What a browser may tell about itself, and the receipts it has of these lines, by sale."""

    receipts: Annotated[dict[Id, Receipt], Field(default_factory=dict, max_length=100)]


class NewTour(Body):
    """A tour: several performances, with one limit over all of them (0: none)."""

    title: Line
    performance_ids: Annotated[list[Id], Field(min_length=1, max_length=40)]
    limit_per_person: Annotated[int, Field(ge=0, le=1_000)] = 0


class TourDate(TypedDict):
    """One date of a tour; its sale is null while fans may not know of one."""

    performance_id: str
    title: str
    venue: str
    city: str
    starts_at: str
    sale_id: str | None
    sale_state: str | None


class TourAnswer(TypedDict):
    """A tour with its dates; no limit is null."""

    tour_id: str
    title: str
    limit_per_person: int | None
    dates: list[TourDate]


class TourPlace(TypedDict):
    """Where a fan stands on one date: the place, or the problem that there is with it."""

    sale_id: str
    performance_id: str
    message: str
    place: Place | None
    receipt: str | None
    problem: Problem | None


class TourPlaces(TypedDict):
    """Where a fan stands on each date that has a line."""

    tour_id: str
    places: list[TourPlace]


class TourMade(TypedDict):
    """The performances that a tour now has."""

    tour_id: str
    performance_ids: list[str]
