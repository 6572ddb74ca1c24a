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
        state = _state(item, now_us)
        order_id = item.get({"sold": "order_id", "held": "held_by"}.get(state, ""))
        until_us = item["held_until_us"] if state == "held" else None
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


def cached(item: Item, now_us: int) -> str | None:
    """Return how the cache of taken seats spells a seat of the table; None when it is free."""
    state = _state(item, now_us)
    if state == "held":
        return f"held:{item['held_until_us']}"
    return None if state == "free" else state


def _state(item: Item, now_us: int) -> State:
    if "order_id" in item:
        return "sold"
    if "blocked" in item:
        return "blocked"
    return "held" if "held_by" in item and item["held_until_us"] > now_us else "free"


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
