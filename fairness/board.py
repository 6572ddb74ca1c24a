"""The board: the one public document of a sale, the same for everybody, cacheable for a second.

Beside the sale's times, status, message and the line in numbers it has what a page needs to tell
a waiting fan about themselves, from the board and their own immutable place alone:

* `stock`: tier -> `seats`, `free`, `held` (may come back), `left` ("some", "few", "returns" when
  all that is left is held, "none"), `from_cents`, `to_cents`; `currency` is that of all prices.
* `draw`: the draw that waits for a public beacon, else null: its `window`, `beacon`, `round`,
  `due_at`, `late_since` (null until it is late), `why`, `fallback` and `fallback_at`.
* `outlook`: the same words as `left`, for the whole sale; `sold_out` when it is "none".
* `likely_place`: up to this place seats last if fans go on buying as they did; null when nobody
  can know yet. `chance` says what that means for one fan, before their turn.
* `eta.waits`: rows of [places ahead, shortest, longest wait in s], the smallest first; between
  two rows draw a straight line, beyond the last one stretch it (`eta.between`). Empty when nothing
  moves. 80 % of fans should wait within the range; a pause is not foreseen.
* `eta.past`: how good such ranges were in this sale: `n` of them that came to their end, `mae_s`
  (mean absolute error of their middle), `coverage` (share that held). Null values before any did.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redis import Redis

from fairness import keys
from fairness.clock import SECOND, iso
from fairness.eta import Told
from fairness.line.model import LineStatus
from fairness.manifest import Manifest
from fairness.stock import Tier, left_of

# How much the newest interval counts in the pace: it follows a change within about ten ticks.
FRESHNESS = 0.2
REBUILDING = "rebuilding"  # a status that only the board has: there is no line


def build(
    status: LineStatus,
    manifest: Manifest,
    stock: Mapping[str, Tier],
    checkpoint: str | None,
    pace_per_s: float,
    told: Told | None = None,
    draw: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the board. `stock` has every price tier, the dearest first."""
    outlook = left_of(stock.values())
    return {
        "sale": status.sale_id,
        "at": iso(status.now_us),
        "at_us": status.now_us,
        "status": status.status,
        "message": status.message,
        "opens_at": iso(manifest.opens_at_us),
        "starts_at": iso(manifest.starts_at_us),
        "ends_at": iso(manifest.ends_at_us),
        "served_place": status.served_place,
        "placed": status.placed,
        "first_undrawn": status.first_undrawn,
        "draw": draw,
        "arrived": status.arrived,
        "called": status.called,
        "inside": status.inside,
        "rate_per_s": status.rate_per_s,
        "capacity": status.capacity,
        "pace_per_s": round(pace_per_s, 3),
        "eta": (told or Told()).document(),
        "stock": {name: tier.document() for name, tier in stock.items()},
        "currency": next((tier.currency for tier in stock.values()), None),
        "outlook": outlook,
        "sold_out": outlook == "none",
        "likely_place": likely_place(status, stock),
        "checkpoint": checkpoint,
    }


def pace(previous: Mapping[str, Any] | None, status: LineStatus) -> float:
    """Return how many places a second are being served lately, smoothed from board to board."""
    if previous is None or previous.get("status") == REBUILDING:
        return 0.0
    elapsed_us = status.now_us - previous["at_us"]
    before = float(previous["pace_per_s"])
    if elapsed_us <= 0:
        return before
    newest: float = (status.served_place - previous["served_place"]) * SECOND / elapsed_us
    return before + FRESHNESS * (newest - before)


def likely_place(status: LineStatus, stock: Mapping[str, Tier]) -> int | None:
    """Return up to which place seats last if fans go on taking as many as they did so far.

    None before anybody who was called has chosen. It is a guess: whoever was called may choose
    none, or more.
    """
    free = sum(tier.free for tier in stock.values())
    taken = sum(tier.seats - tier.free for tier in stock.values())
    choosing = status.turns - status.holding
    chosen = status.called - choosing
    if chosen <= 0:
        return None
    each = taken / chosen
    if each == 0:
        return None
    return status.served_place + max(0, int(free / each) - choosing)


def chance(shown: Mapping[str, Any], place: int) -> str:
    """Return what the board means for a waiting fan: "good", "low", "returns" or "none".

    "low": at the present pace no seat is left when they are called. "returns": all seats are
    held; some may come back. "none": all are sold.
    """
    outlook = str(shown.get("outlook", "some"))
    if outlook in ("returns", "none"):
        return outlook
    likely = shown.get("likely_place")
    return "low" if likely is not None and place > likely else "good"


def store(redis: Redis, board: Mapping[str, Any]) -> None:
    """Show this board from now on."""
    redis.set(keys.board(board["sale"]), json.dumps(board, separators=(",", ":")))


def text(redis: Redis, sale_id: str) -> str | None:
    """Return the board as JSON text, as it is sent; None before the first."""
    return redis.get(keys.board(sale_id))  # type: ignore[return-value]


def read(redis: Redis, sale_id: str) -> dict[str, Any] | None:
    """Return the board; None before the first."""
    found = text(redis, sale_id)
    return None if found is None else json.loads(found)


def estimates(redis: Redis, sale_id: str) -> dict[str, Any] | None:
    """Return how good the sale's estimates of the wait were so far (`eta.past`); None at first."""
    shown = read(redis, sale_id) or {}
    past: dict[str, Any] | None = shown.get("eta", {}).get("past")
    return past
