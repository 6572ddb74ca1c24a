"""The only door to changes of a sale's seats: blocked, released, moved to another tier, marked.

Up to BATCH seats change in one transaction: the sale, its seats, who did it, and what the log
says. Each seat is written on the condition that nobody holds it or has paid for it, so a change
while the sale runs takes nothing from a fan; the sale on the condition that nobody else changed
it. What was done can be undone, and done again, on the same conditions.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.catalogue.service import Catalogue
from boxoffice.dynamo import Database, Write
from boxoffice.inventory.model import SeatState
from boxoffice.inventory.store import SeatStore
from boxoffice.sales import acts, edits
from boxoffice.sales.edits import Change, Edit, Look
from boxoffice.sales.model import DRAFT, Sale
from boxoffice.sales.store import SaleStore
from boxoffice.tables import SEAT_EDITS
from fairness.errors import Conflict, Contention, Forbidden, NotFound
from fairness.ledger import entries

BATCH = 90  # seats in one transaction of at most 100 writes
TRIES = 5
SHOWN = 12  # seats named in a refusal; all of them are in its value

Wanted = Mapping[str, Look]


class Editing:
    """Changes of the seats of sales."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sales, self._seats, self._catalogue = SaleStore(db), SeatStore(db), Catalogue(db)

    def change(
        self, sale_id: str, by: str, now_us: int, change: Change, seat_ids: Sequence[str]
    ) -> list[Edit]:
        """Change these seats and return what was done; nothing for seats that stand so already.

        Conflict names the seats that somebody holds or has paid for, and then nothing was changed;
        only when a fan comes between two transactions of a large change, those before it stand and
        the refusal says so. Invalid by field; Forbidden; NotFound; Contention to try again.
        """
        sale, plan = self._read(sale_id, by)
        change = change.checked(plan)
        wanted = list(edits.looks(sale, plan, seat_ids))
        self._check_nobodys(sale, _differing(sale, plan, wanted, change), now_us)
        group, done = f"edit_{secrets.token_urlsafe(16)}", list[Edit]()
        for part in _parts(wanted):

            def decide(sale: Sale, plan: SeatingPlan, part: Sequence[str] = part) -> Wanted:
                return _differing(sale, plan, part, change)

            try:
                edit = self._step(sale_id, by, now_us, group, change.act, "", decide)
            except Conflict as refusal:
                raise _half_done(refusal, done) from refusal
            done += [edit] if edit else []
        return done

    def undo(self, sale_id: str, by: str, now_us: int) -> list[Edit]:
        """Take the last change back; return what was done. Conflict as `change`, or for none."""
        return self._turn(sale_id, by, now_us, "undo")

    def redo(self, sale_id: str, by: str, now_us: int) -> list[Edit]:
        """Do again what was undone last; return what was done. Conflict as `undo`."""
        return self._turn(sale_id, by, now_us, "redo")

    def history(self, sale_id: str, by: str) -> list[Edit]:
        """Return every change of the sale's seats, the first first; Forbidden to others."""
        self._own(sale_id, by)
        return self._history(sale_id)

    def _turn(self, sale_id: str, by: str, now_us: int, turn: str) -> list[Edit]:
        self._own(sale_id, by)
        first = self._next(sale_id, turn)
        if first is None:
            raise Conflict(
                f"there is nothing to {turn}",
                field="act",
                rule=f"a change of the seats that can be {turn}ne",
                remedy="look at the list of changes",
            )
        done, edit = list[Edit](), first
        while edit.group == first.group:
            back = edit.before if turn == "undo" else edit.after

            def decide(_sale: Sale, _plan: SeatingPlan, back: Wanted = back) -> Wanted:
                return back

            made = self._step(sale_id, by, now_us, edit.group, edit.act, turn, decide, edit)
            done += [made] if made else []
            following = self._next(sale_id, turn)
            if following is None:
                break
            edit = following
        return done

    def _next(self, sale_id: str, turn: str) -> Edit | None:
        standing, undone = edits.stacks(self._history(sale_id))
        return next(reversed(standing if turn == "undo" else undone), None)

    def _step(
        self,
        sale_id: str,
        by: str,
        now_us: int,
        group: str,
        act: str,
        turn: str,
        decide: Callable[[Sale, SeatingPlan], Wanted],
        of: Edit | None = None,
    ) -> Edit | None:
        """Make one transaction's worth of changes; None when the seats stand so already."""
        for _ in range(TRIES):
            sale, plan = self._read(sale_id, by)
            after = decide(sale, plan)
            if not after:
                return None
            if of and self._next(sale_id, turn) != of:
                raise Contention  # somebody else went back or forth meanwhile
            before = edits.looks(sale, plan, after)
            writes = self._writes(sale, before, after, now_us)
            changed, new_plan = edits.applied(sale, plan, after)
            version = sale.version + 1
            edit = Edit(sale_id, f"{version:010}", group, act, turn, by, now_us, before, after)
            self._catalogue.add_plan(new_plan)
            if self._sales.change(
                sale,
                replace(changed, version=version),
                _logged(sale, act, before, after, now_us),
                now_us,
                [self._db.put_(SEAT_EDITS, edit.item(), "attribute_not_exists(edit_id)"), *writes],
            ):
                return edit
        raise Contention

    def _writes(self, sale: Sale, before: Wanted, after: Wanted, now_us: int) -> list[Write]:
        """Return the writes of the seats; none for a draft, whose seats are made by its start."""
        if sale.state == DRAFT:
            return []
        self._check_nobodys(sale, after, now_us)
        return [
            self._seats.edit_(
                sale.sale_id,
                seat_id,
                (sale.prices[look.category].tier, sale.prices[look.category].cents),
                before[seat_id].blocked,
                look.blocked,
                now_us,
            )
            for seat_id, look in after.items()
        ]

    def _check_nobodys(self, sale: Sale, seats: Wanted, now_us: int) -> None:
        """Raise Conflict with the names of seats that are held or paid for."""
        if sale.state == DRAFT:
            return
        found = (SeatState.of(i, now_us) for i in self._seats.some(sale.sale_id, list(seats)))
        taken = sorted(seat.seat_id for seat in found if seat.state in ("held", "sold"))
        if taken:
            more = f" and {len(taken) - SHOWN} more" if len(taken) > SHOWN else ""
            raise Conflict(
                f"held or paid for: {', '.join(taken[:SHOWN])}{more}",
                field="seats",
                value=taken,
                rule="only seats that nobody holds or has paid for are changed",
                remedy="choose the others, or wait until a hold has ended",
            )

    def _read(self, sale_id: str, by: str) -> tuple[Sale, SeatingPlan]:
        sale = self._own(sale_id, by)
        acts.need_state(sale, "change its seats", DRAFT, *acts.RUNNING)
        return sale, self._catalogue.plan(sale.plan_id)

    def _own(self, sale_id: str, by: str) -> Sale:
        sale = self._sales.get(sale_id)
        if sale is None:
            raise NotFound("there is no such sale", field="sale_id", value=sale_id)
        if sale.organiser_id != by:
            raise Forbidden("this sale belongs to another organiser")
        return sale

    def _history(self, sale_id: str) -> list[Edit]:
        return [Edit.from_item(item) for item in self._db.query(SEAT_EDITS, sale_id=sale_id)]


def _differing(
    sale: Sale, plan: SeatingPlan, seat_ids: Sequence[str], change: Change
) -> dict[str, Look]:
    """Return how those of the seats stand after the change that it changes."""
    before = edits.looks(sale, plan, seat_ids)
    after = {seat_id: change.of(look) for seat_id, look in before.items()}
    return {seat_id: look for seat_id, look in after.items() if look != before[seat_id]}


def _parts(seat_ids: Sequence[str]) -> list[list[str]]:
    left = iter(seat_ids)
    return list(iter(lambda: list(islice(left, BATCH)), []))


def _logged(
    sale: Sale, act: str, before: Wanted, after: Wanted, now_us: int
) -> list[entries.Entry]:
    """Return what the log says; nothing of a draft, which has promised nothing yet."""
    if sale.state == DRAFT:
        return []
    said = edits.told(sale, before, after)
    if act in ("block", "release"):  # undone, each is the other
        act = "block" if "blocked" in said else "release"
    return [entries.organiser(sale.sale_id, now_us, act, {"by": "organiser", **said})]


def _half_done(refusal: Conflict, done: Sequence[Edit]) -> Conflict:
    if not done:
        return refusal
    seats = sum(len(edit.after) for edit in done)
    return Conflict(
        f"{refusal}; {seats} seats were changed before that",
        field=refusal.field,
        value=refusal.value,
        rule=refusal.rule,
        remedy="undo it, or choose the seats that are left and go on",
    )
