"""The only door to tours: several performances joined in one step, under one limit.

A sale's rules are in the public log from the moment that it is scheduled, and its tour is one of
them. So a date comes into a tour, or goes, only while its sale is a draft or is not there yet; and
a tour's own limit never changes.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from boxoffice.catalogue.service import Catalogue
from boxoffice.checks import text, whole
from boxoffice.dynamo import Database, Write
from boxoffice.sales import acts
from boxoffice.sales.model import DRAFT, Sale, Tour
from boxoffice.sales.store import SaleStore
from boxoffice.sales.tour_store import TourStore
from fairness.errors import Conflict, Contention, Forbidden, Invalid, NotFound
from fairness.manifest import Manifest

MOST_DATES = 40  # an order counts under a name for each date; all fit into one transaction
MAX_LIMIT = 1_000


class Tours:
    """What can be done to a tour."""

    def __init__(self, db: Database) -> None:
        self._store = TourStore(db)
        self._sales = SaleStore(db)
        self._catalogue = Catalogue(db)

    def create(
        self,
        organiser_id: str,
        title: str,
        performance_ids: Sequence[str],
        *,
        limit_per_person: int = 0,
        now_us: int,
    ) -> Tour:
        """Return the new tour; Invalid by field.

        Forbidden unless the performances are the organiser's; Conflict names the first one that is
        in another tour already, or whose sale is scheduled.
        """
        tour = Tour(
            tour_id=f"tour_{secrets.token_urlsafe(12)}",
            organiser_id=organiser_id,
            title=text("title", title, 200),
            performance_ids=_checked_dates(performance_ids),
            key=secrets.token_bytes(32),
            limit_per_person=whole("limit_per_person", limit_per_person, 0, MAX_LIMIT),
            created_us=now_us,
        )
        needs = [self._unscheduled_(p, organiser_id) for p in tour.performance_ids]
        in_the_way = self._store.create(tour, needs)
        if not in_the_way:
            return tour
        if in_the_way[0] < len(tour.performance_ids):
            raise _taken(tour.performance_ids[in_the_way[0]])
        raise Contention

    def get(self, tour_id: str) -> Tour:
        """Return the tour; NotFound."""
        tour = self._store.get(tour_id)
        if tour is None:
            raise NotFound("there is no such tour", field="tour_id", value=tour_id)
        return tour

    def of_organiser(self, organiser_id: str) -> list[Tour]:
        """Return the organiser's tours, the newest first."""
        mine = (tour for tour in self._store.every() if tour.organiser_id == organiser_id)
        return sorted(mine, key=lambda tour: (-tour.created_us, tour.tour_id))

    def of_performances(self, performance_ids: Sequence[str]) -> dict[str, Tour]:
        """Return performance -> its tour, for those that are in one."""
        return self._store.of_performances(performance_ids)

    def sales_of(self, tour: Tour) -> dict[str, Sale]:
        """Return performance -> its sale, for the dates of the tour that have one."""
        return self._sales.of_performances(tour.performance_ids)

    def add(self, tour_id: str, by: str, performance_id: str) -> Tour:
        """Return the tour with this date; twice is once. Conflict as for `create`."""
        before = self._own(tour_id, by)
        if performance_id in before.performance_ids:
            return before
        dates = _checked_dates([*before.performance_ids, performance_id])
        if performance_id in self._store.of_performances([performance_id]):
            raise _taken(performance_id)
        return self._change(before, dates, performance_id)

    def remove(self, tour_id: str, by: str, performance_id: str) -> Tour:
        """Return the tour without this date; twice is once. Conflict once its sale is scheduled."""
        before = self._own(tour_id, by)
        if performance_id not in before.performance_ids:
            return before
        dates = tuple(p for p in before.performance_ids if p != performance_id)
        return self._change(before, dates, performance_id)

    def close_books(self, tour_id: str) -> bool:
        """Destroy what turns accounts into the tour's names, if every date's books are closed.

        Return whether it is destroyed. Contention: do it again.
        """
        before = self.get(tour_id)
        sales = self.sales_of(before)
        if len(sales) < len(before.performance_ids) or any(sale.key for sale in sales.values()):
            return False
        after = replace(before, key=b"", version=before.version + 1)
        if before.key and not self._store.change(before, after, []):
            raise Contention
        return True

    def _change(self, before: Tour, dates: tuple[str, ...], touched: str) -> Tour:
        needs = [self._unscheduled_(touched, before.organiser_id)]
        after = replace(before, performance_ids=dates, version=before.version + 1)
        if not self._store.change(before, after, needs):
            raise Contention
        return after

    def _own(self, tour_id: str, by: str) -> Tour:
        tour = self.get(tour_id)
        if tour.organiser_id != by:
            raise Forbidden("this tour belongs to another organiser")
        return tour

    def _unscheduled_(self, performance_id: str, by: str) -> Write:
        """Return the check that the date's sale stays a draft; Conflict when it is not one."""
        event_id = self._catalogue.performance(performance_id).event_id
        if self._catalogue.event(event_id).organiser_id != by:
            raise Forbidden("this event belongs to another organiser")
        sale = self._sales.sale_of(performance_id)
        if sale:
            acts.need_state(sale, "come into a tour or leave it", DRAFT)
        return self._sales.unchanged_(performance_id, sale)


def in_tour(rules: Manifest, tour: Tour | None) -> Manifest:
    """Return the rules of a sale whose performance is in `tour`."""
    if tour is None:
        return rules
    return replace(rules, tour=tour.tour_id, limit_per_tour=tour.limit_per_person)


def _checked_dates(performance_ids: Sequence[str]) -> tuple[str, ...]:
    whole("performance_ids", len(performance_ids), 1, MOST_DATES)
    if len(set(performance_ids)) < len(performance_ids):
        raise Invalid(
            "a date is named twice",
            field="performance_ids",
            rule="each date once",
            remedy="remove the repeated date",
        )
    return tuple(performance_ids)


def _taken(performance_id: str) -> Conflict:
    return Conflict(
        "this date is in another tour already",
        field="performance_ids",
        value=performance_id,
        rule="a date is in one tour at most",
        remedy="take it out of that tour first",
    )
