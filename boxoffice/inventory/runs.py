"""Every way to seat one party in one block, and what is to be said for each. Pure.

A free seat with no free neighbour is a single seat: hardly anyone wants it. Seats that are
accessible, or a companion's, are left to those who need them, and count as walls for the others.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from operator import and_
from typing import NamedTuple

from boxoffice.inventory.blocks import Block

MOST_APART = 2  # a party with accessible seats may stretch over so many times its number


@dataclass(frozen=True)
class Party:
    """People who sit together: how many, how many of them need an accessible seat, and where."""

    count: int
    accessible: int = 0
    categories: frozenset[str] | None = None  # None: any
    zones: frozenset[str] | None = None

    def may_use(self, block: Block) -> bool:
        """Return whether the block can have seats for this party at all."""
        return (
            (self.zones is None or block.seats[0].zone in self.zones)
            and (self.categories is None or bool(block.categories & self.categories))
            and (not self.accessible or block.accessible)
        )


class Choice(NamedTuple):
    """Seats of one block, as places in it. The least is the best."""

    apart: int  # seats of others among them
    beside: int  # people beside an accessible seat who are not in a companion's
    singles: int  # single seats more than before
    cost: float  # distance of its seats from the focal point, together
    block: int
    places: tuple[int, ...]


def choices(block: Block, number: int, taken: Container[str], party: Party) -> Iterator[Choice]:
    """Yield each choice that the block, the `number`th, has for the party."""
    if not party.may_use(block):
        return
    if block.general:
        yield from _standing(block, number, taken, party)
    elif party.accessible:
        yield from _with_needs(block, number, taken, party)
    else:
        yield from _runs(block, number, taken, party)


def _standing(block: Block, number: int, taken: Container[str], party: Party) -> Iterator[Choice]:
    """Yield the first places of an area: there all are alike and nobody is left alone."""
    ours: list[int] = []
    accessible, others = party.accessible, party.count - party.accessible
    for place, seat in enumerate(block.seats):
        if seat.seat_id in taken or not _wanted(seat.category, party):
            continue
        if seat.need == "accessible" and accessible:
            accessible -= 1
        elif seat.need != "accessible" and others and (party.accessible or not seat.need):
            others -= 1
        else:
            continue
        ours.append(place)
        if not accessible and not others:
            yield Choice(0, 0, 0, sum(block.costs[p] for p in ours), number, tuple(ours))
            return


def _runs(block: Block, number: int, taken: Container[str], party: Party) -> Iterator[Choice]:
    free = bytes([seat_id not in taken for seat_id in block.ids])  # a list: twice as fast
    if block.special:
        free = bytes(map(and_, free, block.plain))
    count = party.count
    together = b"\1" * count
    ours = free
    if party.categories is not None and not block.categories <= party.categories:
        ours = bytes(
            f and seat.category in party.categories
            for f, seat in zip(free, block.seats, strict=True)
        )
    start = ours.find(together)
    edged = b"\0\0" + free + b"\0\0"
    while start >= 0:
        after = start + count
        left = edged[start + 1] and not edged[start]
        right = edged[after + 2] and not edged[after + 3]
        cost = sum(block.costs[start:after])
        yield Choice(0, 0, left + right, cost, number, tuple(range(start, after)))
        start = ours.find(together, start + 1)


def _with_needs(block: Block, number: int, taken: Container[str], party: Party) -> Iterator[Choice]:
    """Yield the narrowest choices that begin at each seat: accessible seats, others beside them."""
    free = [seat.seat_id not in taken for seat in block.seats]
    plain = [f and not seat.need for f, seat in zip(free, block.seats, strict=True)]
    before = _singles(plain)
    for start in range(len(block.seats)):
        places = _from(block, free, start, party)
        if places is None or places[0] != start:
            continue
        after = [p and n not in places for n, p in enumerate(plain)]
        apart = places[-1] - start + 1 - party.count
        cost = sum(block.costs[place] for place in places)
        beside = sum(plain[place] for place in places)
        yield Choice(apart, beside, max(0, _singles(after) - before), cost, number, places)


def _from(block: Block, free: Sequence[bool], start: int, party: Party) -> tuple[int, ...] | None:
    """Return the first seats from `start` on that are enough for the party, or None."""
    accessible: list[int] = []
    others: list[int] = []
    for place in range(start, min(len(free), start + MOST_APART * party.count + 1)):
        seat = block.seats[place]
        if free[place] and _wanted(seat.category, party):
            (accessible if seat.need == "accessible" else others).append(place)
        if len(accessible) >= party.accessible and len(others) >= party.count - party.accessible:
            # The nearest on either side: the last ones found.
            left = others[len(others) - (party.count - party.accessible) :]
            return tuple(sorted([*accessible[-party.accessible :], *left]))
    return None


def _wanted(category: str, party: Party) -> bool:
    return party.categories is None or category in party.categories


def _singles(free: Sequence[bool]) -> int:
    """Return how many free seats have no free neighbour."""
    edged = [False, *free, False]
    return sum(edged[n] and not edged[n - 1] and not edged[n + 1] for n in range(1, len(edged) - 1))
