"""What an organiser can change of the seats of a sale, and what each change leads to. Pure.

A seat is looked at as four things that can change: the category that its price follows from, what
it is for (`need`), what is in the way of its view, and why it is held back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from boxoffice.catalogue.plan import NEEDS, Need, Seat, SeatingPlan
from boxoffice.checks import one_of, text
from boxoffice.dynamo import Item
from boxoffice.sales.draft import MAX_HELD_BACK
from boxoffice.sales.model import DRAFT, Sale
from fairness.errors import Conflict, Invalid

ACTS = ("block", "release", "retier", "mark")
MOST = 2_000  # seats in one change


@dataclass(frozen=True, slots=True)
class Look:
    """How one seat stands; `blocked` is the reason, empty when it is on sale."""

    category: str
    need: Need = ""
    view: str = ""
    blocked: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of some seats. None: this stays as it is."""

    act: str  # one of ACTS
    reason: str = ""  # of a block
    category: str = ""  # of a retier
    need: Need | None = None
    view: str | None = None

    def checked(self, plan: SeatingPlan) -> Change:
        """Return the change with clean texts; Invalid by field."""
        one_of("act", self.act, ACTS)
        if self.act == "block":
            return replace(self, reason=text("reason", self.reason, 60))
        if self.act == "retier":
            one_of("category", self.category, plan.categories)
        if self.act == "mark":
            if self.need is None and self.view is None:
                raise Invalid(
                    "nothing was marked",
                    field="need",
                    rule="what the seats are for, or what is in the way of their view",
                    remedy="choose what to mark",
                )
            one_of("need", self.need or "", NEEDS)
            if self.view is not None:
                return replace(self, view=text("view", self.view, 100, shortest=0))
        return self

    def of(self, look: Look) -> Look:
        """Return how a seat stands after it."""
        match self.act:
            case "block":
                return replace(look, blocked=self.reason)
            case "release":
                return replace(look, blocked="")
            case "retier":
                return replace(look, category=self.category)
        need = look.need if self.need is None else self.need
        return replace(look, need=need, view=look.view if self.view is None else self.view)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change as it was made. Many seats are several edits of one `group`, each made whole."""

    sale_id: str
    edit_id: str  # in the order in which they were made
    group: str
    act: str
    turn: str  # "": made anew; "undo", "redo"
    by: str  # account
    made_us: int
    before: Mapping[str, Look]
    after: Mapping[str, Look]

    def item(self) -> Item:
        """Return what the table keeps."""
        sides = {
            side: {seat_id: list(asdict(look).values()) for seat_id, look in looks.items()}
            for side, looks in (("before", self.before), ("after", self.after))
        }
        return {**{name: getattr(self, name) for name in self.__slots__}, **sides}

    @classmethod
    def from_item(cls, item: Item) -> Edit:
        """Return the edit that the table keeps as `item`."""
        sides = {
            side: {seat_id: Look(*values) for seat_id, values in item[side].items()}
            for side in ("before", "after")
        }
        return cls(**{**item, **sides})


def look_of(sale: Sale, seat: Seat) -> Look:
    """Return how a seat of the plan stands in the sale."""
    return Look(seat.category, seat.need, seat.view, sale.held_back.get(seat.seat_id, ""))


def looks(sale: Sale, plan: SeatingPlan, seat_ids: Iterable[str]) -> dict[str, Look]:
    """Return how these seats stand; Invalid names those that the plan does not have."""
    wanted = list(dict.fromkeys(seat_ids))
    unknown = [seat_id for seat_id in wanted if seat_id not in plan.by_id]
    if unknown or not 0 < len(wanted) <= MOST:
        raise Invalid(
            f"not in the plan: {', '.join(unknown[:10])}" if unknown else f"{len(wanted)} seats",
            field="seats",
            value=unknown[:100] or len(wanted),
            rule=f"1 to {MOST:,} seats of the plan",
            remedy="choose seats on the map, in the list or by their row",
        )
    return {seat_id: look_of(sale, plan.by_id[seat_id]) for seat_id in wanted}


def applied(sale: Sale, plan: SeatingPlan, after: Mapping[str, Look]) -> tuple[Sale, SeatingPlan]:
    """Return the sale and its plan when these seats stand as `after` says. The plan is a new one.

    What a draft holds back is what it will promise; what a sale promised stays. Conflict when
    more seats would be held back than one sale can.
    """
    seats = tuple(
        replace(seat, category=look.category, need=look.need, view=look.view)
        if (look := after.get(seat.seat_id))
        else seat
        for seat in plan.seats
    )
    changed = plan if seats == plan.seats else replace(plan, seats=seats)
    held = {seat_id: why for seat_id, why in sale.held_back.items() if seat_id not in after}
    held |= {seat_id: look.blocked for seat_id, look in after.items() if look.blocked}
    if len(held) > MAX_HELD_BACK:
        raise Conflict(
            f"{len(held):,} seats would be held back",
            field="seats",
            value=len(held),
            rule=f"at most {MAX_HELD_BACK:,} seats of a sale",
            remedy="leave what is never sold out of the plan",
        )
    rules = sale.manifest
    if sale.state == DRAFT:
        rules = replace(rules, held_back=dict(sorted(Counter(held.values()).items())))
    plans = {why: at for why, at in sale.releases.items() if why in set(held.values())}
    sale = replace(sale, plan_id=changed.plan_id, held_back=held, releases=plans, manifest=rules)
    return sale, changed


def told(sale: Sale, before: Mapping[str, Look], after: Mapping[str, Look]) -> dict[str, Any]:
    """Return what the log says of a change: reasons, tiers and numbers."""
    freed, blocked, moved, marked = (Counter[str]() for _ in range(4))
    for seat_id, was in before.items():
        now = after[seat_id]
        if was.blocked != now.blocked:
            freed.update([was.blocked] if was.blocked else [])
            blocked.update([now.blocked] if now.blocked else [])
        if was.category != now.category:
            tiers = (sale.prices[category].tier for category in (was.category, now.category))
            moved[" to ".join(tiers)] += 1
        if was.need != now.need:
            marked[now.need or "for anybody"] += 1
        if was.view != now.view:
            marked["restricted view" if now.view else "full view"] += 1
    said = {"released": freed, "blocked": blocked, "moved": moved, "marked": marked}
    return {name: dict(sorted(counts.items())) for name, counts in said.items() if counts}


def in_range(
    plan: SeatingPlan, zone: str, row: str = "", first: str = "", last: str = ""
) -> list[str]:
    """Return the ids of a zone, or of one of its rows, or of the seats first to last in it.

    Invalid says what there is instead.
    """
    seats = [seat for seat in plan.seats if seat.zone == zone]
    if not seats:
        raise _nothing("zone", zone, plan.zones)
    if row:
        rows = dict.fromkeys(seat.row for seat in seats)
        seats = [seat for seat in seats if seat.row == row]
        if not seats:
            raise _nothing("row", row, list(rows))
    if first or last:
        numbers = [seat.number for seat in seats]
        ends = [_among(numbers, end) for end in (first or last, last or first)]
        seats = [seat for seat in seats if ends[0] <= _among(numbers, seat.number) <= ends[1]]
    if not seats:
        raise _nothing("seats", f"{first}-{last}", ["from the lower number to the higher"])
    return [seat.seat_id for seat in seats]


def _among(numbers: Sequence[str], wanted: str) -> int:
    """Return where a seat stands in its row: by its number, or by its place when it has none."""
    if wanted not in numbers:
        raise _nothing("seats", wanted, numbers)
    return int(wanted) if all(n.isdecimal() for n in numbers) else numbers.index(wanted)


def _nothing(field: str, value: str, there: Sequence[str]) -> Invalid:
    return Invalid(
        f"the plan has no {field} {value[:60]!r} there",
        field=field,
        value=value[:60],
        rule=f"one of {', '.join(there[:20])}{' …' if len(there) > 20 else ''}",
        remedy="choose one that the plan has",
    )


def stacks(edits: Iterable[Edit]) -> tuple[list[Edit], list[Edit]]:
    """Return the edits that stand and those that were undone and may be done again, in order."""
    standing, undone = list[Edit](), list[Edit]()
    for edit in edits:
        match edit.turn:
            case "undo":
                undone.append(standing.pop())
            case "redo":
                standing.append(undone.pop())
            case _:
                standing.append(edit)
                undone.clear()
    return standing, undone
