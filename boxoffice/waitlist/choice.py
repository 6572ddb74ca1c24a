"""Which of the seats that came back fit a wish. Pure; a handful of seats at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby

from boxoffice.catalogue.plan import PITCH, Seat, SeatingPlan
from boxoffice.orders.model import OrderedSeat
from boxoffice.waitlist.model import Wish

AISLE = 1.5 * PITCH  # seats of a row that are further apart are not neighbours


@dataclass(frozen=True, slots=True)
class Free:
    """A seat that the waiting list may have, at the price of the sale."""

    seat_id: str
    tier: str
    cents: int


def choose(
    plan: SeatingPlan, free: Mapping[str, Free], wish: Wish
) -> tuple[OrderedSeat, ...] | None:
    """Return seats of one tier that fit the wish, the dearest tier first; None: none do.

    Neighbours if there are any, else the first in the order of the plan: whoever waits would
    rather sit apart than stay at home, and may give an offer back.
    """
    tiers = {seat.tier: seat.cents for seat in free.values()}
    for tier in sorted(tiers, key=lambda name: (-tiers[name], name)):
        mine = [s for s in plan.seats if s.seat_id in free and free[s.seat_id].tier == tier]
        if wish.fits(tier) and len(mine) >= wish.count:
            chosen = _together(mine, wish.count) or mine[: wish.count]
            return tuple(OrderedSeat(s.seat_id, tier, free[s.seat_id].cents) for s in chosen)
    return None


def _together(seats: Collection[Seat], count: int) -> list[Seat] | None:
    """Return the first `count` neighbours in a row, None when there are none."""
    ordered = sorted(seats, key=lambda seat: (seat.zone, seat.row, seat.y, seat.x))
    for _, row in groupby(ordered, key=lambda seat: (seat.zone, seat.row, seat.y)):
        run = list[Seat]()
        for seat in row:
            if run and seat.x - run[-1].x > AISLE:
                run = []
            run.append(seat)
            if len(run) == count:
                return run
    return None
