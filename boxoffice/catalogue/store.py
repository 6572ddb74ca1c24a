"""Where the catalogue is kept. A plan is gzipped JSON, cut to fit under the limit of an item."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.tables import EVENTS, PERFORMANCES, PLANS, VENUES, Table

CHUNK = 350_000  # bytes; an item may have 400 KB


class CatalogueStore:
    """Reads and writes of venues, plans, events and performances."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put_venue(self, venue: Venue) -> None:
        """Keep a venue."""
        self._db.put(VENUES, asdict(venue))

    def venue(self, venue_id: str) -> Venue | None:
        """Return the venue, or None."""
        item = self._db.get(VENUES, venue_id=venue_id)
        return Venue(**item) if item else None

    def venues(self) -> Iterator[Venue]:
        """Yield every venue, in no order."""
        return (Venue(**item) for item in self._db.scan(VENUES))

    def put_plan(self, plan: SeatingPlan) -> None:
        """Keep a plan; the first piece is written last, so a plan that is found is whole."""
        packed = gzip.compress(plan.to_json().encode(), mtime=0)
        pieces = [packed[start : start + CHUNK] for start in range(0, len(packed), CHUNK)]
        for number, piece in reversed(list(enumerate(pieces))):
            self._db.put(
                PLANS,
                {"plan_id": _piece(plan.plan_id, number), "pieces": len(pieces), "packed": piece},
            )

    def has_plan(self, plan_id: str) -> bool:
        """Return whether the plan is kept."""
        return self._db.get(PLANS, plan_id=plan_id) is not None

    def plan(self, plan_id: str) -> SeatingPlan | None:
        """Return the plan, or None."""
        first = self._db.get(PLANS, plan_id=plan_id)
        if first is None:
            return None
        keys = [{"plan_id": _piece(plan_id, number)} for number in range(1, first["pieces"])]
        found = {item["plan_id"]: item["packed"] for item in self._db.get_many(PLANS, keys)}
        packed = first["packed"] + b"".join(found[key["plan_id"]] for key in keys)
        return SeatingPlan.from_json(gzip.decompress(packed).decode())

    def put_event(self, event: Event) -> None:
        """Keep an event."""
        self._db.put(EVENTS, asdict(event))

    def event(self, event_id: str) -> Event | None:
        """Return the event, or None."""
        item = self._db.get(EVENTS, event_id=event_id)
        return Event(**item) if item else None

    def events(self) -> Iterator[Event]:
        """Yield every event, in no order."""
        return (Event(**item) for item in self._db.scan(EVENTS))

    def change_event(self, event_id: str, changes: dict[str, Any]) -> bool:
        """Set these fields of an event; False when there is none."""
        return self._change(EVENTS, {"event_id": event_id}, changes)

    def put_performance(self, performance: Performance) -> None:
        """Keep a performance."""
        self._db.put(PERFORMANCES, asdict(performance))

    def performance(self, performance_id: str) -> Performance | None:
        """Return the performance, or None."""
        item = self._db.get(PERFORMANCES, performance_id=performance_id)
        return Performance(**item) if item else None

    def performances(self, event_id: str | None = None) -> Iterator[Performance]:
        """Yield the performances of one event by date, or all of them in no order."""
        if event_id is None:
            return (Performance(**item) for item in self._db.scan(PERFORMANCES))
        found = self._db.query(PERFORMANCES, index="by_event", event_id=event_id)
        return (Performance(**item) for item in found)

    def change_performance(self, performance_id: str, changes: dict[str, Any]) -> bool:
        """Set these fields of a performance; False when there is none."""
        return self._change(PERFORMANCES, {"performance_id": performance_id}, changes)

    def _change(self, table: Table, key: dict[str, Any], changes: dict[str, Any]) -> bool:
        names = {f"#{name}": name for name in changes}
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in changes)
        present = f"attribute_exists({table.partition})"
        try:
            self._db.write(self._db.update_(table, key, change, present, names, **changes))
        except ConditionFailed:
            return False
        return True


def _piece(plan_id: str, number: int) -> str:
    return f"{plan_id}#{number}" if number else plan_id
