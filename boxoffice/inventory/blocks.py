"""A plan cut into blocks: seats without an aisle between them, or the places of one area."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import dist

from boxoffice.catalogue.plan import PITCH, Seat, SeatingPlan

AISLE = 1.5 * PITCH  # seats of a row that are further apart are not neighbours
MOST_PLANS = 64  # remembered

Point = tuple[float, float]


@dataclass(frozen=True)
class Block:
    """Neighbouring seats from left to right, or the places of an area, where all are neighbours."""

    seats: tuple[Seat, ...]
    costs: tuple[float, ...]  # distance of each from the focal point
    general: bool

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Return the ids of its seats: to look at them quickly, again and again."""
        return tuple(seat.seat_id for seat in self.seats)

    @cached_property
    def plain(self) -> bytes:
        """Return for each seat 1 when it is for anybody, 0 when for those who need it."""
        return bytes(not seat.need for seat in self.seats)

    @cached_property
    def categories(self) -> frozenset[str]:
        """Return the categories that its seats have."""
        return frozenset(seat.category for seat in self.seats)

    @cached_property
    def special(self) -> bool:
        """Return whether some of its seats are accessible or a companion's."""
        return any(seat.need for seat in self.seats)

    @cached_property
    def accessible(self) -> bool:
        """Return whether some of its seats are accessible."""
        return any(seat.need == "accessible" for seat in self.seats)

    @cached_property
    def box(self) -> tuple[int, int, int, int]:
        """Return the left, front, right and back end of its seats."""
        across, back = [seat.x for seat in self.seats], [seat.y for seat in self.seats]
        return min(across), min(back), max(across), max(back)

    @cached_property
    def middle(self) -> Point:
        """Return the middle of its seats."""
        first, last = self.seats[0], self.seats[-1]
        return (first.x + last.x) / 2, (first.y + last.y) / 2


_Cut = tuple[tuple[Block, ...], dict[str, int]]
_known: dict[str, _Cut] = {}  # a plan's id names its content, so this never ages


def of(plan: SeatingPlan) -> _Cut:
    """Return the blocks of a plan in its order, and seat -> the number of its block."""
    if plan.plan_id not in _known:
        if len(_known) >= MOST_PLANS:
            _known.pop(next(iter(_known)), None)
        focus = plan.focal_point
        blocks = tuple(_block(seats, focus) for seats in _neighbours(plan))
        numbers = {seat.seat_id: n for n, block in enumerate(blocks) for seat in block.seats}
        _known[plan.plan_id] = blocks, numbers
    return _known[plan.plan_id]


def _block(seats: list[Seat], focus: Point) -> Block:
    costs = tuple(dist((seat.x, seat.y), focus) for seat in seats)
    return Block(tuple(seats), costs, seats[0].general)


def _neighbours(plan: SeatingPlan) -> Iterator[list[Seat]]:
    rows: dict[tuple[str, str, bool], list[Seat]] = {}
    for seat in plan.seats:
        rows.setdefault((seat.zone, seat.row, seat.general), []).append(seat)
    for row in rows.values():
        seats: list[Seat] = []
        for seat in row:
            if seats and not seat.general and _apart(seats[-1], seat):
                yield seats
                seats = []
            seats.append(seat)
        yield seats


def _apart(a: Seat, b: Seat) -> bool:
    return dist((a.x, a.y), (b.x, b.y)) > AISLE
