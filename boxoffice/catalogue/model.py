"""What is played, when, and where. The seating plan is in `plan`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Venue:
    """A house that events are played in."""

    venue_id: str
    name: str
    city: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """What is played. One that is not `listed` is kept, and not shown."""

    event_id: str
    organiser_id: str
    title: str
    artist: str = ""
    genre: str = ""
    description: str = ""
    listed: bool = True


@dataclass(frozen=True, slots=True)
class Performance:
    """One date of an event, in one venue, seated by one plan."""

    performance_id: str
    event_id: str
    venue_id: str
    plan_id: str
    starts_at_us: int
    listed: bool = True
