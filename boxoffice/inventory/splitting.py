"""Groups that sit in several parts, near each other. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import nsmallest
from itertools import groupby, islice
from math import dist

from boxoffice.inventory.blocks import Block
from boxoffice.inventory.runs import Choice, Party, choices

MOST_STARTS = 16  # places for the first part that are tried
MOST_NEAR = 12  # blocks around it that are tried for each other part
MOST_SPLITS = 24  # ways to split that are tried before everybody sits alone

_ByBlock = Callable[[Party], Mapping[int, Choice]]


@dataclass(frozen=True, slots=True)
class _Also:
    """Seats that are taken, and some more."""

    taken: Container[str]
    more: set[str]

    def __contains__(self, seat_id: object) -> bool:
        return seat_id in self.more or seat_id in self.taken


def in_parts(
    blocks: Sequence[Block], by_block: _ByBlock, taken: Set[str], parts: Sequence[Party]
) -> list[Choice] | None:
    """Return seats for each part, or None.

    The first part is tried in the best blocks there are for it; each other goes to the block
    nearest by that has seats for it. Of these the group with the fewest single seats left, then
    the one least spread out, then the one nearest to the focal point is the best.
    """
    found: list[tuple[int, float, float, int, list[Choice]]] = []
    known = _Known(blocks, by_block, taken)
    starts = nsmallest(MOST_STARTS, by_block(parts[0]).values())
    for number, start in enumerate(starts):
        group = _around(known, start, parts[1:])
        if group:
            singles, cost = sum(c.singles for c in group), sum(c.cost for c in group)
            found.append((singles, _spread(blocks, group), cost, number, group))
    return min(found)[-1] if found else None


class _Known:
    """What the starts of one search have in common: the choices of the blocks around them."""

    def __init__(self, blocks: Sequence[Block], by_block: _ByBlock, taken: Set[str]) -> None:
        self.blocks, self.by_block, self.taken = blocks, by_block, taken
        self._choices: dict[tuple[Party, int], list[Choice]] = {}

    def choices(self, number: int, party: Party) -> list[Choice]:
        """Return every choice that the block has for the party."""
        key = party, number
        if key not in self._choices:
            found = choices(self.blocks[number], number, self.taken, party)
            self._choices[key] = list(found)
        return self._choices[key]


def _around(known: _Known, start: Choice, parts: Sequence[Party]) -> list[Choice] | None:
    blocks = known.blocks
    group, ours = [start], _Also(known.taken, set(_ids(blocks, start)))
    touched = {start.block}
    for party in parts:
        best = _nearest(known, ours, party, group[0], touched)
        if best is None:
            return None
        group.append(best)
        touched.add(best.block)
        ours.more.update(_ids(blocks, best))
    return group


def _nearest(
    known: _Known, ours: _Also, party: Party, start: Choice, touched: Set[int]
) -> Choice | None:
    """Return the part's choice nearest to `start`, in blocks that have one.

    Only in the blocks that were touched are seats of the group taken too.
    """
    blocks = known.blocks
    middle = _middle(blocks, start)
    able = [n for n in known.by_block(party) if n not in touched]
    near = nsmallest(MOST_NEAR, able, key=lambda n: (dist(blocks[n].middle, middle), n))
    again = (c for n in sorted(touched) for c in choices(blocks[n], n, ours, party))
    found = [
        (round(dist(_middle(blocks, choice), middle)), choice)
        for choice in (*again, *(c for n in near for c in known.choices(n, party)))
    ]
    return min(found)[1] if found else None


def splits(blocks: Sequence[Block], taken: Set[str], party: Party) -> Iterator[tuple[int, ...]]:
    """Yield ways to split a party: few parts first, even ones first, at last each alone."""
    runs = [run for block in blocks if party.may_use(block) for run in _free(block, taken, party)]
    longest = max(runs, default=0)
    ways = (
        sizes
        for parts in range(2, party.count)
        for sizes in _partitions(party.count, parts, longest)
        if _may_fit(sizes, runs)
    )
    yield from islice(ways, MOST_SPLITS)
    if sum(runs) >= party.count:
        yield (1,) * party.count


def _partitions(count: int, parts: int, largest: int) -> Iterator[tuple[int, ...]]:
    """Yield the ways to write `count` as so many numbers, the most even one first."""
    if parts == 1:
        if 1 <= count <= largest:
            yield (count,)
        return
    for first in range(-(-count // parts), min(largest, count - parts + 1) + 1):
        for rest in _partitions(count - first, parts - 1, first):
            yield (first, *rest)


def _may_fit(sizes: Sequence[int], runs: Sequence[int]) -> bool:
    return all(
        sum(run // size for run in runs) >= sum(other >= size for other in sizes)
        for size in set(sizes)
    )


def _free(block: Block, taken: Set[str], party: Party) -> Iterator[int]:
    """Yield the lengths of the runs of free seats that the party may have."""
    free = (
        seat.seat_id not in taken
        and (party.categories is None or seat.category in party.categories)
        and (not seat.need or bool(party.accessible))
        for seat in block.seats
    )
    if block.general:
        yield sum(free)
        return
    yield from (len(list(run)) for is_free, run in groupby(free) if is_free)


def _spread(blocks: Sequence[Block], group: Sequence[Choice]) -> float:
    middles = [_middle(blocks, choice) for choice in group]
    return max(dist(a, b) for a in middles for b in middles)


def _middle(blocks: Sequence[Block], choice: Choice) -> tuple[float, float]:
    seats = blocks[choice.block].seats
    first, last = seats[choice.places[0]], seats[choice.places[-1]]
    return (first.x + last.x) / 2, (first.y + last.y) / 2


def _ids(blocks: Sequence[Block], choice: Choice) -> list[str]:
    return [blocks[choice.block].seats[place].seat_id for place in choice.places]
