"""The best seats left: together in one row, nearest to the focal point, nobody left alone.

Pure and deterministic: the same plan, the same seats taken and the same wish give the same seats,
and the same reason for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from itertools import groupby

from boxoffice.catalogue.plan import Seat, SeatingPlan
from boxoffice.inventory import blocks as cut
from boxoffice.inventory import splitting
from boxoffice.inventory.blocks import Block
from boxoffice.inventory.runs import Choice, Party, choices

MOST_WISHES = 32  # kinds of parties that a finder remembers


@dataclass(frozen=True, slots=True)
class Wish:
    """What seats a group wants. `parts` (2, 2) asks for two and two, near each other.

    Without parts it sits together; when there is no such choice and not `together`, it is split
    into as few parts as can be, as even as can be. `accessible` of the people need an accessible
    seat; the others sit beside them, in companions' seats first.
    """

    count: int
    categories: frozenset[str] | None = None  # None: any
    zones: frozenset[str] | None = None
    accessible: int = 0
    parts: tuple[int, ...] = ()
    together: bool = True

    def party(self, count: int | None = None, accessible: int = 0) -> Party:
        """Return the whole group as one party, or a part of it."""
        if count is None:
            count, accessible = self.count, self.accessible
        return Party(count, accessible, self.categories, self.zones)


@dataclass(frozen=True, slots=True)
class Found:
    """Seats for a wish, and in short why these; `why` as two words of ours, for the fan's page.

    The first is how they sit: one, together, area or parts; the second the rule that decided:
    nearest, singles (a nearer choice would have left a single seat), needs (it would have parted
    companions from accessible seats), or left (no choice leaves no single seat).
    """

    seat_ids: tuple[str, ...]
    reason: str
    why: str = ""


def find(plan: SeatingPlan, taken: Set[str], wish: Wish) -> Found | None:
    """Return the best seats for `wish` that are not in `taken`, or None when there are none.

    Of all choices those come first that keep companions beside accessible seats, then those that
    leave the fewest single seats behind, then the nearest to the focal point, then the first in
    the plan. Accessible seats and their companions' are given only to those who need them.
    """
    finder = Finder(plan)
    finder.set_taken(taken)
    return finder.find(wish)


class Finder:
    """Finds the same as `find`, again and again while seats come and go.

    It looks only at the rows where something changed since it was last asked. Of one thread.
    """

    def __init__(self, plan: SeatingPlan) -> None:
        self._blocks, self._block_of = cut.of(plan)
        self._taken = set[str]()
        self._found: dict[Party, dict[int, Choice]] = {}
        self._stale: dict[Party, set[int]] = {}

    @property
    def taken(self) -> Set[str]:
        """Return the seats that are taken."""
        return self._taken

    def set_taken(self, taken: Set[str]) -> None:
        """Say anew which seats are taken."""
        if self._stale:
            self._changed(self._taken ^ taken)
        self._taken = set(taken)

    def take(self, seat_ids: Iterable[str]) -> None:
        """Say that these seats are taken too."""
        added = list(seat_ids)
        self._changed(added)
        self._taken.update(added)

    def find(self, wish: Wish) -> Found | None:
        """Return what the function `find` returns."""
        if wish.parts:
            found = splitting.in_parts(self._blocks, self.by_block, self._taken, _parts(wish))
            return self._told(found, wish) if found else None
        one = min(self.by_block(wish.party()).values(), default=None)
        if one is not None:
            return self._told([one], wish)
        if wish.together or wish.count == 1:
            return None
        for sizes in splitting.splits(self._blocks, self._taken, wish.party()):
            split = replace(wish, parts=sizes)
            found = splitting.in_parts(self._blocks, self.by_block, self._taken, _parts(split))
            if found:
                return self._told(found, split)
        return None

    def by_block(self, party: Party) -> dict[int, Choice]:
        """Return the best choice of each block that has one for the party."""
        if party not in self._found:
            if len(self._found) >= MOST_WISHES:
                self._found.clear()
                self._stale.clear()
            self._found[party], self._stale[party] = {}, set(range(len(self._blocks)))
        found, stale = self._found[party], self._stale[party]
        for number in stale:
            best = min(choices(self._blocks[number], number, self._taken, party), default=None)
            if best is None:
                found.pop(number, None)
            else:
                found[number] = best
        stale.clear()
        return found

    def _changed(self, seat_ids: Iterable[str]) -> None:
        numbers = {self._block_of[s] for s in seat_ids if s in self._block_of}
        for stale in self._stale.values():
            stale |= numbers

    def _told(self, found: list[Choice], wish: Wish) -> Found:
        seats = [[self._blocks[one.block].seats[p] for p in one.places] for one in found]
        ids = tuple(seat.seat_id for part in seats for seat in part)
        why = f"{_how(found, self._blocks)} {self._rule(found, wish)}"
        return Found(ids, _reason(found, seats, self._blocks, wish), why)

    def _rule(self, found: list[Choice], wish: Wish) -> str:
        """Return the rule that decided for these seats."""
        if any(one.singles for one in found):
            return "left"
        if len(found) > 1:
            return "nearest"
        (one,) = found
        nearer = [c for c in self.by_block(wish.party()).values() if c.cost < one.cost]
        if not nearer:
            return "nearest"
        alike = any((c.apart, c.beside) == (one.apart, one.beside) for c in nearer)
        return "singles" if alike else "needs"


def _parts(wish: Wish) -> list[Party]:
    """Return the parts of a group, the largest first; who needs an accessible seat in the first."""
    left, parties = wish.accessible, list[Party]()
    for count in sorted(wish.parts, reverse=True):
        here = min(left, count)
        left -= here
        parties.append(wish.party(count, here))
    return parties


def _how(found: list[Choice], blocks: tuple[Block, ...]) -> str:
    if len(found) > 1:
        return "parts"
    if blocks[found[0].block].general:
        return "area"
    return "together" if len(found[0].places) > 1 else "one"


def _reason(
    found: list[Choice], seats: list[list[Seat]], blocks: tuple[Block, ...], wish: Wish
) -> str:
    parts = "; ".join(_where(part) for part in seats)
    if blocks[found[0].block].general and len(found) == 1:
        return f"{parts}: the free places of this area nearest to the middle"
    how = "together" if len(found) == 1 else f"in {len(found)} parts near each other"
    said = [f"{parts}: {how if wish.count > 1 else 'one seat'}"]
    if wish.accessible:
        said.append(f"{wish.accessible} accessible")
    said.append("nearest to the middle of the stage of those")
    singles = sum(one.singles for one in found)
    said.append(
        "that leave no single seat" if not singles else f"left; {singles} single seat(s) remain"
    )
    return ", ".join(said[:-1]) + " " + said[-1]


def _where(seats: list[Seat]) -> str:
    rows = [
        " ".join(word for word in (zone, f"row {row}" if row else "") if word)
        for (zone, row), _ in groupby(seats, lambda seat: (seat.zone, seat.row))
    ]
    return ", ".join(rows)
