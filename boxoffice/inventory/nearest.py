"""The next best for seats that somebody else has: as many together, near those that were asked for.

Pure and deterministic, like `best`; only the point that seats are near to is another, and a single
seat that is left behind counts like one row further away for each of the group.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from math import dist

from boxoffice.catalogue.plan import PITCH, ROW_PITCH, SeatingPlan
from boxoffice.inventory import blocks as cut
from boxoffice.inventory.blocks import Block, Point
from boxoffice.inventory.runs import Choice, Party, choices


def nearest(
    plan: SeatingPlan, taken: Set[str], asked: Sequence[str], categories: frozenset[str]
) -> list[str] | None:
    """Return as many seats together as were asked for, the nearest to them, or None.

    Who asked for accessible seats gets as many accessible ones, with the others beside them.
    """
    seats = [plan.by_id[seat_id] for seat_id in asked]
    party = Party(len(seats), sum(seat.need == "accessible" for seat in seats), categories)
    middle = sum(s.x for s in seats) / len(seats), sum(s.y for s in seats) / len(seats)
    blocks, _ = cut.of(plan)
    able = ((_reach(b, middle), n) for n, b in enumerate(blocks) if party.may_use(b))
    best: tuple[float, Choice] | None = None
    for reach, number in sorted(able):
        if best and reach * party.count > best[0]:
            break  # no seat of the blocks that follow is as near
        for choice in choices(blocks[number], number, taken, party):
            far = _far(blocks[number], choice, middle)
            if best is None or (far, choice) < best:
                best = far, choice
    if best is None:
        return None
    return [blocks[best[1].block].seats[place].seat_id for place in best[1].places]


def _reach(block: Block, point: Point) -> float:
    """Return how far the point is from the box around a block: no seat of it is nearer."""
    left, top, right, bottom = block.box
    across = max(left - point[0], 0.0, point[0] - right)
    return dist((across, max(top - point[1], 0.0, point[1] - bottom)), (0.0, 0.0))


def _far(block: Block, choice: Choice, middle: Point) -> float:
    seats = [block.seats[place] for place in choice.places]
    far = sum(dist((seat.x, seat.y), middle) for seat in seats)
    return far + choice.singles * ROW_PITCH * len(seats) + choice.apart * PITCH
