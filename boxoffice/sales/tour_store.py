"""Where tours are kept.

TOURS holds two kinds of items: tours, and for each of their performances `performance#<id>`, which
names the one tour that it may be in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.sales.model import Tour
from boxoffice.tables import TOURS

_ABSENT = "attribute_not_exists(tour_id)"
_MINE = "of_tour = :me"


class TourStore:
    """Reads and writes of tours."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, tour_id: str) -> Tour | None:
        """Return the tour as it is now, or None."""
        item = self._db.get(TOURS, tour_id=tour_id)
        return _tour(item) if item and "version" in item else None

    def every(self) -> Iterator[Tour]:
        """Yield every tour as it is now, in no order."""
        return (_tour(item) for item in self._db.scan(TOURS) if "version" in item)

    def of_performance(self, performance_id: str) -> Tour | None:
        """Return the tour that the performance is in, or None."""
        return self.of_performances([performance_id]).get(performance_id)

    def of_performances(self, performance_ids: Sequence[str]) -> dict[str, Tour]:
        """Return performance -> its tour, for those that are in one."""
        guards = self._get_many([_guard(p) for p in dict.fromkeys(performance_ids)])
        ids = list(dict.fromkeys(guard["of_tour"] for guard in guards))
        tours = {item["tour_id"]: _tour(item) for item in self._get_many(ids)}
        return {g["performance_id"]: tours[g["of_tour"]] for g in guards if g["of_tour"] in tours}

    def create(self, tour: Tour, needs: Sequence[Write]) -> list[int]:
        """Keep a new tour with its performances, if the checks in `needs` hold.

        Returns the positions of the performances that stand in the way; none: it is kept.
        """
        joined = [self._joined_(tour.tour_id, p) for p in tour.performance_ids]
        return self._transact([*joined, *needs, self._db.put_(TOURS, _item(tour), _ABSENT)])

    def change(self, before: Tour, after: Tour, needs: Sequence[Write]) -> bool:
        """Replace `before` if the checks in `needs` hold; False when anything has changed since."""
        writes = [self._db.put_(TOURS, _item(after), "version = :v", v=before.version)]
        for added in set(after.performance_ids) - set(before.performance_ids):
            writes.append(self._joined_(after.tour_id, added))
        for removed in set(before.performance_ids) - set(after.performance_ids):
            key = {"tour_id": _guard(removed)}
            writes.append(self._db.delete_(TOURS, key, _MINE, me=after.tour_id))
        return not self._transact([*writes, *needs])

    def stays_(self, performance_id: str, tour: Tour | None) -> Write:
        """Return the check that the performance is still in `tour` (None: in none)."""
        key = {"tour_id": _guard(performance_id)}
        if tour is None:
            return self._db.check_(TOURS, key, _ABSENT)
        return self._db.check_(TOURS, key, _MINE, me=tour.tour_id)

    def _joined_(self, tour_id: str, performance_id: str) -> Write:
        guard = {
            "tour_id": _guard(performance_id),
            "of_tour": tour_id,
            "performance_id": performance_id,
        }
        return self._db.put_(TOURS, guard, f"{_ABSENT} OR {_MINE}", me=tour_id)

    def _transact(self, writes: Sequence[Write]) -> list[int]:
        try:
            self._db.transact(writes)
        except ConditionFailed as refused:
            return refused.failed
        return []

    def _get_many(self, ids: Sequence[str]) -> list[Item]:
        return self._db.get_many(TOURS, [{"tour_id": tour_id} for tour_id in ids])


def _guard(performance_id: str) -> str:
    return f"performance#{performance_id}"


def _item(tour: Tour) -> Item:
    return {**asdict(tour), "performance_ids": list(tour.performance_ids)}


def _tour(item: Item) -> Tour:
    return Tour(**{**item, "performance_ids": tuple(item["performance_ids"])})
