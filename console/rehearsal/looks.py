"""Orders whose tickets waited for the organiser's look: how many, and how long, by the log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from fairness.clock import SECOND
from fairness.ledger.entries import Entry

HOLD, DECIDED = "hold", ("clear", "refund")


@dataclass(frozen=True, slots=True)
class Looks:
    """Waits, in seconds; of those that nobody has ended, until the newest entry of the sale."""

    orders: int = 0
    decided: int = 0
    median_s: float = 0.0
    longest_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the figures by name."""
        return asdict(self)


def looks(entries: Iterable[Entry], sale_id: str) -> Looks:
    """Return how long the orders of a sale waited; a decision that was undone ended nothing."""
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    last_us = 0
    for entry in entries:
        if entry["sale"] != sale_id:
            continue
        last_us = max(last_us, entry["at_us"])
        if entry["type"] != "organiser" or entry["act"] != "order_review":
            continue
        decision = entry["detail"]["decision"]
        for order in entry["detail"]["orders"]:
            if decision == HOLD:
                began[order] = entry["at_us"]
            elif decision in DECIDED:
                ended[order] = entry["at_us"]
            else:
                ended.pop(order, None)
    waits = [(ended.get(order, last_us) - at_us) / SECOND for order, at_us in began.items()]
    if not waits:
        return Looks()
    return Looks(len(waits), len(ended), round(median(waits), 1), round(max(waits), 1))
