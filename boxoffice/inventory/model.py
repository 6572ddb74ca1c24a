"""What a seat of a sale is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from boxoffice.dynamo import Item

State = Literal["free", "held", "sold", "blocked"]
KEPT = "waiting-list"  # who holds a returned seat while the next of the waiting list is found


@dataclass(frozen=True, slots=True)
class SeatState:
    """One seat of one sale at one moment. A hold that has lapsed counts as free."""

    seat_id: str
    tier: str
    cents: int
    state: State
    order_id: str | None = None  # who holds it or bought it
    until_us: int | None = None  # end of the hold
    reason: str | None = None  # why it is held back
    blocked_us: int | None = None  # when, if that was after its sale was made

    @classmethod
    def of(cls, item: Item, now_us: int) -> SeatState:
        """Return the state at `now_us` of the seat that the table keeps as `item`."""
        state: State = "free"
        order_id, until_us = None, None
        if "order_id" in item:
            state, order_id = "sold", item["order_id"]
        elif "blocked" in item:
            state = "blocked"
        elif "held_by" in item and item["held_until_us"] > now_us:
            state, order_id, until_us = "held", item["held_by"], item["held_until_us"]
        return cls(
            item["seat_id"],
            item["tier"],
            item["cents"],
            state,
            order_id,
            until_us,
            item.get("blocked"),
            item.get("blocked_us"),
        )

    def cached(self) -> str | None:
        """Return how the cache of taken seats spells this state; None when the seat is free."""
        return f"held:{self.until_us}" if self.state == "held" else _CACHED[self.state]


_CACHED: dict[State, str | None] = {"free": None, "sold": "sold", "blocked": "blocked"}


@dataclass(frozen=True, slots=True)
class TierStock:
    """How many seats of one price tier there are, and how many are free."""

    tier: str
    cents: int
    capacity: int
    free: int
    held: int
    sold: int


def by_tier(seats: Iterable[SeatState]) -> list[TierStock]:
    """Return the stock of each tier, the dearest first."""
    tiers: dict[tuple[int, str], dict[str, int]] = {}
    for seat in seats:
        counts = tiers.setdefault((-seat.cents, seat.tier), {})
        counts[seat.state] = counts.get(seat.state, 0) + 1
    return [
        TierStock(
            tier,
            -cents,
            sum(counts.values()),
            counts.get("free", 0),
            counts.get("held", 0),
            counts.get("sold", 0),
        )
        for (cents, tier), counts in sorted(tiers.items())
    ]
