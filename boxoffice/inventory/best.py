"""The best seats left: together in one row, nearest to the front centre, nobody left alone.

Pure and deterministic: the same plan, the same seats taken and the same wish give the same seats.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Set
from dataclasses import dataclass
from math import dist
from typing import TypeAlias

from boxoffice.catalogue.plan import PITCH, Seat, SeatingPlan

AISLE = 1.5 * PITCH  # seats of a row that are further apart are not neighbours


@dataclass(frozen=True, slots=True)
class Block:
    """Seats in a row without an aisle between them, from left to right."""

    seat_ids: tuple[str, ...]
    categories: tuple[str, ...]
    costs: tuple[float, ...]  # distance of each seat from the front centre


_Choice: TypeAlias = tuple[int, float, int, int]  # single seats left, cost, block, first seat
_Wish: TypeAlias = tuple[int, frozenset[str]]
MOST_WISHES = 32  # kinds of wishes that a finder remembers

_known: dict[str, tuple[Block, ...]] = {}  # a plan's id names its content, so this never ages


def _blocks(plan: SeatingPlan) -> tuple[Block, ...]:
    if plan.plan_id not in _known:
        if len(_known) >= 64:
            _known.pop(next(iter(_known)), None)
        centre = (plan.width / 2, 0.0)
        _known[plan.plan_id] = tuple(_block(seats, centre) for seats in _neighbours(plan))
    return _known[plan.plan_id]


def best_available(
    plan: SeatingPlan,
    taken: Container[str],
    count: int,
    categories: Container[str] | None = None,
    *,
    together: bool = True,
) -> list[str] | None:
    """Return `count` seat ids that are not in `taken`, or None when there is no such choice.

    The seats are neighbours in one row, of `categories` (None: any). Of all such choices those
    that leave the fewest single seats behind come first, then the one nearest to the front
    centre, then the first in the plan. When there is none and not `together`, the group is split
    into the largest parts that there are.
    """
    best: tuple[int, float, int, int] | None = None
    blocks = _blocks(plan)
    for number, block in enumerate(blocks):
        for orphans, cost, start in _choices(block, taken, count, categories):
            if best is None or (orphans, cost, number, start) < best:
                best = orphans, cost, number, start
    if best is not None:
        return list(blocks[best[2]].seat_ids[best[3] : best[3] + count])
    return None if together else _split(plan, taken, count, categories)


class Finder:
    """Finds the same as `best_available`, again and again while seats come and go.

    It looks only at the rows where something changed since it was last asked. Of one thread.
    """

    def __init__(self, plan: SeatingPlan) -> None:
        self._plan = plan
        self._blocks = _blocks(plan)
        self._block_of = {s: n for n, block in enumerate(self._blocks) for s in block.seat_ids}
        self._taken = set[str]()
        self._found: dict[_Wish, dict[int, _Choice]] = {}
        self._stale: dict[_Wish, set[int]] = {}

    @property
    def taken(self) -> Set[str]:
        """Return the seats that are taken."""
        return self._taken

    def set_taken(self, taken: Set[str]) -> None:
        """Say anew which seats are taken."""
        self._changed(self._taken ^ taken)
        self._taken = set(taken)

    def take(self, seat_ids: Iterable[str]) -> None:
        """Say that these seats are taken too."""
        self._changed(seat_ids)
        self._taken.update(seat_ids)

    def best(
        self, count: int, categories: frozenset[str], *, together: bool = True
    ) -> list[str] | None:
        """Return what `best_available` returns."""
        wish = count, categories
        if wish not in self._found:
            if len(self._found) >= MOST_WISHES:
                self._found.clear()
                self._stale.clear()
            self._found[wish], self._stale[wish] = {}, set(range(len(self._blocks)))
        found, stale = self._found[wish], self._stale[wish]
        for number in stale:
            block = self._blocks[number]
            choices = _choices(block, self._taken, count, categories)
            best = min(choices, default=None)
            if best is None:
                found.pop(number, None)
            else:
                found[number] = (best[0], best[1], number, best[2])
        stale.clear()
        if found:
            _, _, number, start = min(found.values())
            return list(self._blocks[number].seat_ids[start : start + count])
        return None if together else _split(self._plan, self._taken, count, categories)

    def _changed(self, seat_ids: Iterable[str]) -> None:
        blocks = {self._block_of[s] for s in seat_ids if s in self._block_of}
        for stale in self._stale.values():
            stale |= blocks


def _choices(
    block: Block, taken: Container[str], count: int, categories: Container[str] | None
) -> Iterator[tuple[int, float, int]]:
    """Yield (single seats left behind, cost, first index) for each run of `count` free seats."""
    free = [seat_id not in taken for seat_id in block.seat_ids]
    size, run = len(free), 0
    for end in range(size):
        wanted = free[end] and (categories is None or block.categories[end] in categories)
        run = run + 1 if wanted else 0
        if run < count:
            continue
        start, after = end - count + 1, end + 1
        left = start > 0 and free[start - 1] and not (start > 1 and free[start - 2])
        right = after < size and free[after] and not (after + 1 < size and free[after + 1])
        yield left + right, sum(block.costs[start:after]), start


def _split(
    plan: SeatingPlan, taken: Container[str], count: int, categories: Container[str] | None
) -> list[str] | None:
    for part in range(count - 1, 0, -1):
        found = best_available(plan, taken, part, categories)
        if found is not None:
            rest = best_available(
                plan, _Also(taken, found), count - part, categories, together=False
            )
            return None if rest is None else found + rest
    return None


class _Also:
    """Seats that are taken, and some more."""

    def __init__(self, taken: Container[str], more: list[str]) -> None:
        self._taken, self._more = taken, frozenset(more)

    def __contains__(self, seat_id: object) -> bool:
        return seat_id in self._more or seat_id in self._taken


def _neighbours(plan: SeatingPlan) -> Iterator[list[Seat]]:
    rows: dict[tuple[str, str], list[Seat]] = {}
    for seat in plan.seats:
        rows.setdefault((seat.zone, seat.row), []).append(seat)
    for row in rows.values():
        seats: list[Seat] = []
        for seat in row:
            if seats and dist((seats[-1].x, seats[-1].y), (seat.x, seat.y)) > AISLE:
                yield seats
                seats = []
            seats.append(seat)
        yield seats


def _block(seats: list[Seat], centre: tuple[float, float]) -> Block:
    return Block(
        tuple(seat.seat_id for seat in seats),
        tuple(seat.category for seat in seats),
        tuple(dist((seat.x, seat.y), centre) for seat in seats),
    )
