"""The only door to the catalogue. Reading is open to all; `by` must own what it changes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.catalogue.store import CatalogueStore
from boxoffice.checks import text, whole
from boxoffice.dynamo import Database
from fairness.errors import Forbidden, Invalid, NotFound

LATEST_US = 32_503_680_000_000_000  # the year 3000: a date beyond it is a mistake in the unit

_T = TypeVar("_T")


class Catalogue:
    """Venues, seating plans, events and their performances."""

    def __init__(self, db: Database) -> None:
        self._store = CatalogueStore(db)
        self._plan = lru_cache(maxsize=64)(self._read_plan)

    def add_venue(self, name: str, city: str, country: str = "") -> Venue:
        """Return the new venue; Invalid by field."""
        venue = Venue(
            _new_id("ven"),
            text("name", name, 200),
            text("city", city, 100),
            text("country", country, 100, shortest=0),
        )
        self._store.put_venue(venue)
        return venue

    def venue(self, venue_id: str) -> Venue:
        """Return the venue; NotFound."""
        return _found("venue", venue_id, self._store.venue(venue_id))

    def venues(self) -> list[Venue]:
        """Return every venue, by name."""
        return sorted(self._store.venues(), key=lambda venue: (venue.name, venue.venue_id))

    def add_plan(self, plan: SeatingPlan) -> str:
        """Keep a plan; return its id. The same plan has the same id, however often it is added."""
        if not self._store.has_plan(plan.plan_id):
            self._store.put_plan(plan)
        return plan.plan_id

    def plan(self, plan_id: str) -> SeatingPlan:
        """Return the plan, from memory after the first time; NotFound."""
        return self._plan(plan_id)

    def add_event(
        self,
        organiser_id: str,
        title: str,
        artist: str = "",
        genre: str = "",
        description: str = "",
    ) -> Event:
        """Return the new event; Invalid by field."""
        given = {"title": title, "artist": artist, "genre": genre, "description": description}
        event = Event(_new_id("evt"), organiser_id, **_checked(given, _EVENT))
        self._store.put_event(event)
        return event

    def event(self, event_id: str) -> Event:
        """Return the event; NotFound."""
        return _found("event", event_id, self._store.event(event_id))

    def events(self, organiser_id: str | None = None) -> list[Event]:
        """Return every event (of one organiser), by title; unlisted ones too."""
        events = self._store.events()
        wanted = (e for e in events if organiser_id in (None, e.organiser_id))
        return sorted(wanted, key=lambda event: (event.title, event.event_id))

    def change_event(self, event_id: str, by: str, **changes: object) -> Event:
        """Return the changed event; Invalid for an unknown field, Forbidden unless it is `by`'s."""
        self._own(event_id, by)
        clean = _checked(changes, _EVENT)
        if clean:
            self._store.change_event(event_id, clean)
        return self.event(event_id)

    def add_performance(
        self, event_id: str, by: str, venue_id: str, plan_id: str, starts_at_us: int
    ) -> Performance:
        """Return the new performance; NotFound names what does not exist."""
        self._own(event_id, by)
        self.venue(venue_id)
        self.plan(plan_id)
        starts = whole("starts_at_us", starts_at_us, 0, LATEST_US)
        performance = Performance(_new_id("per"), event_id, venue_id, plan_id, starts)
        self._store.put_performance(performance)
        return performance

    def performance(self, performance_id: str) -> Performance:
        """Return the performance; NotFound."""
        found = self._store.performance(performance_id)
        return _found("performance", performance_id, found)

    def performances(self, event_id: str | None = None) -> list[Performance]:
        """Return the performances (of one event), the earliest first; unlisted ones too."""
        found = self._store.performances(event_id)
        return sorted(found, key=lambda p: (p.starts_at_us, p.performance_id))

    def change_performance(self, performance_id: str, by: str, **changes: object) -> Performance:
        """Return the changed performance (starts_at_us, listed); Forbidden unless it is `by`'s."""
        self._own(self.performance(performance_id).event_id, by)
        clean = _checked(changes, _PERFORMANCE)
        if clean:
            self._store.change_performance(performance_id, clean)
        return self.performance(performance_id)

    def _own(self, event_id: str, by: str) -> None:
        if self.event(event_id).organiser_id != by:
            raise Forbidden("this event belongs to another organiser")

    def _read_plan(self, plan_id: str) -> SeatingPlan:
        return _found("plan", plan_id, self._store.plan(plan_id))


def _truth(field: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"{field} is not true or false", field=field, rule="true or false")
    return value


_Check = Callable[[str, object], Any]
_EVENT: dict[str, _Check] = {
    "title": lambda field, value: text(field, value, 200),
    "artist": lambda field, value: text(field, value, 200, shortest=0),
    "genre": lambda field, value: text(field, value, 100, shortest=0),
    "description": lambda field, value: text(field, value, 5_000, shortest=0, lines=True),
    "listed": _truth,
}
_PERFORMANCE: dict[str, _Check] = {
    "starts_at_us": lambda field, value: whole(field, value, 0, LATEST_US),
    "listed": _truth,
}


def _checked(changes: Mapping[str, object], checks: Mapping[str, _Check]) -> dict[str, Any]:
    """Return the clean values; Invalid names a field that breaks its rule or is unknown."""
    for name in changes:
        if name not in checks:
            raise Invalid(
                f"{name} cannot be changed",
                field=name,
                rule=f"one of {', '.join(checks)}",
                remedy="leave it out",
            )
    return {name: checks[name](name, value) for name, value in changes.items()}


def _found(kind: str, key: str, thing: _T | None) -> _T:
    if thing is None:
        raise NotFound(f"there is no such {kind}", field=f"{kind}_id", value=key)
    return thing


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_urlsafe(16)}"
