"""The only door to sales: draft → scheduled → open ⇄ paused → closed.

`by` is the account of the organiser who acts, or `CLOCK`. Every act is conditional on the state
that it was decided on, is logged in the same transaction, and done twice is done once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from boxoffice.catalogue.service import Catalogue
from boxoffice.checks import text, whole
from boxoffice.dynamo import Database
from boxoffice.inventory.service import Inventory
from boxoffice.sales import acts, draft, stages
from boxoffice.sales.acting import CLOCK, TRIES, Acting
from boxoffice.sales.model import CLOSED, DRAFT, SCHEDULED, Due, Price, Sale
from boxoffice.sales.tour_store import TourStore
from boxoffice.sales.tours import in_tour
from fairness.errors import Conflict, Contention, Forbidden
from fairness.ledger import entries
from fairness.manifest import ECVRF
from fairness.screening.version import release


class _Edited(Exception):
    """The seats of a draft were changed meanwhile."""


class Sales(Acting):
    """What can be done to a sale."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self._tours = TourStore(db)
        self._catalogue = Catalogue(db)
        self._inventory = Inventory(db)

    def create(
        self,
        performance_id: str,
        organiser_id: str,
        rules: Mapping[str, object],
        prices: Mapping[str, Price],
        *,
        currency: str = "EUR",
        held_back: Mapping[str, str] | None = None,
        weights: Mapping[str, int] | None = None,
        now_us: int,
    ) -> Sale:
        """Return a new draft. `rules` are fields of the manifest; the three times must be there.

        `prices` has each category of the plan once; `held_back` is seat -> reason, in addition to
        the seats that the plan holds back; `weights` is the calibration of its screening, rule ->
        thousandths. Invalid names the field; Conflict when the performance
        has a sale already; Forbidden unless the event is the organiser's.
        """
        performance = self._catalogue.performance(performance_id)
        if self._catalogue.event(performance.event_id).organiser_id != organiser_id:
            raise Forbidden("this event belongs to another organiser")
        plan = self._catalogue.plan(performance.plan_id)
        wishes = draft.Wishes(rules, prices, currency, held_back or {}, weights or {})
        sale = draft.sale_of(performance, organiser_id, plan, wishes, now_us)
        if not self._store.create(sale):
            raise Conflict(
                "this performance has a sale already",
                field="performance_id",
                value=performance_id,
                rule="one sale for each performance: two could sell a seat twice",
                remedy="use that sale, or discard it while it is a draft",
            )
        return sale

    def of_performances(self, performance_ids: Sequence[str]) -> dict[str, Sale]:
        """Return performance -> its sale, for those that have one."""
        return self._store.of_performances(performance_ids)

    def of_organiser(self, organiser_id: str) -> list[Sale]:
        """Return the organiser's sales, the newest first."""
        mine = (sale for sale in self._store.every() if sale.organiser_id == organiser_id)
        return sorted(mine, key=lambda sale: (-sale.created_us, sale.sale_id))

    def in_state(self, *states: str) -> list[Sale]:
        """Return the sales in these states, the earliest opening first."""
        found = [sale for state in states for sale in self._store.in_state(state)]
        return sorted(found, key=lambda sale: (sale.manifest.opens_at_us, sale.sale_id))

    def due(self, now_us: int) -> Due:
        """Return the scheduled sales whose line should open, and those past their end."""
        sales = self.in_state(*acts.RUNNING)
        over = tuple(sale for sale in sales if sale.manifest.ends_at_us <= now_us)
        waiting = (s for s in sales if s.state == SCHEDULED and s not in over)
        return Due(tuple(s for s in waiting if s.manifest.opens_at_us <= now_us), over)

    def discard(self, sale_id: str, by: str) -> None:
        """Remove a draft, so that the performance may have another; Conflict once scheduled."""
        sale = self._own(sale_id, by)
        acts.need_state(sale, "discard", DRAFT)
        if not self._store.remove(sale):
            acts.need_state(self.get(sale_id), "discard", DRAFT)
            raise Contention()

    def schedule(self, sale_id: str, by: str, now_us: int) -> Sale:
        """Create the sale's seats, log its manifest, and leave the rest to the clock."""
        for _ in range(TRIES):
            sale = self._own(sale_id, by)
            if sale.state != DRAFT:
                return self._step(sale_id, by, now_us, "schedule")
            with suppress(_Edited):
                return self._schedule(sale, by, now_us)
        raise Contention()

    def _schedule(self, sale: Sale, by: str, now_us: int) -> Sale:
        """Schedule a draft; _Edited when its seats were changed while they were being made."""
        sale_id, planned = sale.sale_id, (sale.plan_id, sale.held_back)
        # Before the state changes: a sale that is scheduled has its seats, whatever dies here.
        self._inventory.create_seats(sale, self._catalogue.plan(sale.plan_id))
        tour = self._tours.of_performance(sale.performance_id)
        # No tour can take this date in, or let it go, while its promise is being written.
        stays = self._tours.stays_(sale.performance_id, tour)
        manifest = replace(in_tour(sale.manifest, tour), screening=release())

        def scheduled(sale: Sale) -> Sale:
            after = acts.step(sale, "schedule")
            if after is sale:
                return sale
            if (sale.plan_id, sale.held_back) != planned:
                raise _Edited
            return replace(after, manifest=manifest)

        first = entries.manifest(manifest, now_us)
        return self._act(sale_id, by, now_us, "schedule", scheduled, first, [stays])

    def open(self, sale_id: str, by: str, now_us: int) -> Sale:
        """Open the sale. An organiser may open earlier than promised: the log says so.

        Conflict before its time for the clock, after its end, and unless it is scheduled or open.
        """

        def opened(sale: Sale) -> Sale:
            return acts.opened(sale, now_us, early=by != CLOCK)

        return self._act(sale_id, by, now_us, "open", opened)

    def pause(self, sale_id: str, by: str, now_us: int) -> Sale:
        """Stop calling fans; places, turns and holds stay. Conflict unless open or paused."""
        return self._step(sale_id, by, now_us, "pause")

    def resume(self, sale_id: str, by: str, now_us: int) -> Sale:
        """Go on calling fans. Conflict unless paused or open."""
        return self._step(sale_id, by, now_us, "resume")

    def close(self, sale_id: str, by: str, now_us: int) -> Sale:
        """Close the sale for good. Conflict for a draft."""
        return self._step(sale_id, by, now_us, "close")

    def may_close_books(self, sale_id: str, by: str) -> Sale:
        """Return the sale whose books `by` may close; Conflict unless it is closed, Forbidden."""
        sale = self._own(sale_id, by)
        acts.need_state(sale, "close the books", CLOSED)
        return sale

    def close_books(self, sale_id: str, by: str, now_us: int) -> Sale:
        """Destroy the key that turns accounts into fans. Conflict unless the sale is closed.

        Nobody can say any more whose a fan in the log was, or find a person's fan.
        """

        def forgotten(sale: Sale) -> Sale:
            acts.need_state(sale, "close the books", CLOSED)
            return replace(sale, key=b"")

        return self._act(sale_id, by, now_us, "close_books", forgotten)

    def amend(
        self,
        sale_id: str,
        by: str,
        now_us: int,
        *,
        rate_per_s: int | None = None,
        capacity: int | None = None,
        message: str | None = None,
    ) -> Sale:
        """Change how the sale runs; Invalid by field, Conflict for a draft or a closed sale."""
        changes: dict[str, Any] = {}
        if rate_per_s is not None:
            changes["rate_per_s"] = whole("rate_per_s", rate_per_s, 1, draft.MAX_RATE)
        if capacity is not None:
            changes["capacity"] = whole("capacity", capacity, 1, draft.MAX_CAPACITY)
        if message is not None:
            changes["message"] = text("message", message, 500, shortest=0, lines=True)

        def amended(sale: Sale) -> Sale:
            acts.need_state(sale, "amend", *acts.RUNNING)
            return replace(sale, **changes)

        return self._act(sale_id, by, now_us, "amend", amended)

    def release(
        self, sale_id: str, by: str, now_us: int, reason: str, seat_ids: Sequence[str] = ()
    ) -> Sale:
        """Put seats held back for `reason` on sale: these, or all of them; twice is once.

        Logged before they can be bought, and counted by whoever checks the log. Invalid for a
        reason that was not promised; Conflict for a draft or a closed sale.
        """

        def released(sale: Sale) -> Sale:
            return stages.released(sale, reason, seat_ids)

        sale = self._act(sale_id, by, now_us, "release", released)
        self.settle_released(sale)
        return sale

    def plan_release(
        self, sale_id: str, by: str, now_us: int, reason: str, at_us: int | None
    ) -> Sale:
        """Have the clock release the seats held back for `reason` at a time; None: not any more."""

        def planned(sale: Sale) -> Sale:
            return stages.planned(sale, reason, at_us, now_us)

        return self._act(sale_id, by, now_us, "plan_release", planned)

    def release_due(self, sale: Sale, now_us: int) -> Sale:
        """Release what is planned up to now, for the clock."""
        for reason, at_us in sale.releases.items():
            if at_us <= now_us:
                sale = self.release(sale.sale_id, CLOCK, now_us, reason)
        return sale

    def settle_released(self, sale: Sale) -> list[str]:
        """Free each seat that is kept as held back and is not any more; return those that were.

        A release that died half-way is finished by this.
        """
        blocked = self._inventory.blocked(sale.sale_id)
        kept = self.get(sale.sale_id).held_back  # after the seats: what it has let go may be freed
        return self._inventory.release(
            sale.sale_id,
            {seat: at_us for seat, at_us in blocked.items() if seat not in kept},
        )

    def choose_beacon(
        self, sale_id: str, by: str, now_us: int, beacon: str, fallback: str = ECVRF
    ) -> Sale:
        """Choose where a draft's draws get their seeds from; Invalid by field, else Conflict."""

        def chosen(sale: Sale) -> Sale:
            acts.need_state(sale, "choose its beacon", DRAFT)
            rules = replace(sale.manifest, beacon=beacon, beacon_fallback=fallback)
            return replace(sale, manifest=rules)

        return self._act(sale_id, by, now_us, "beacon", chosen)
