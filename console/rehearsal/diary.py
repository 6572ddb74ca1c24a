"""What the crowd saw: every request's time and answer, every receipt, every ticket.

The audit does not believe it where the stores can be asked; it is the fans' side of the story.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any


@dataclass(slots=True)
class Diary:
    """Moments are seconds since the start of the sale."""

    starts_at: float  # seconds, UNIX
    joins: list[tuple[float, float, str]] = field(default_factory=list)  # moment, ms, actor kind
    calls: list[tuple[float, str]] = field(default_factory=list)
    sales: list[tuple[float, int, str]] = field(default_factory=list)  # moment, seats, kind
    order_ms: list[float] = field(default_factory=list)  # from the request to held seats
    receipts: dict[str, dict[str, Any]] = field(default_factory=dict)  # account -> the promise
    second_joins_moved: int = 0  # a second join that gave another time
    repeated_orders_doubled: int = 0  # the same request twice gave two orders
    refusals: Counter[str] = field(default_factory=Counter)  # title of a problem -> times
    unexplained: list[str] = field(default_factory=list)  # refusals without a reason or a remedy
    faults: Counter[str] = field(default_factory=Counter)  # answers nobody should get
    outcomes: Counter[str] = field(default_factory=Counter)  # how each actor's visit ended
    requests: int = 0

    def now(self) -> float:
        """Return the moment."""
        return time.time() - self.starts_at

    def seats_sold(self) -> int:
        """Return the seats that the crowd believes it bought."""
        return sum(seats for _, seats, _ in self.sales)

    def refused(self, problem: dict[str, Any]) -> None:
        """Keep a refusal; one that names no reason or no remedy is kept by its text too."""
        self.refusals[str(problem.get("title") or problem.get("error"))] += 1
        if not problem.get("detail") or not problem.get("remedy"):
            self.unexplained.append(str(problem))


def percentile(values: list[float], percent: int) -> float | None:
    """Return the value below which `percent` of `values` lie; None of no values."""
    if len(values) < 2:
        return values[0] if values else None
    return round(quantiles(values, n=100, method="inclusive")[percent - 1], 1)


def busiest_second(moments: list[float]) -> int:
    """Return how many of the moments fell into the fullest second."""
    return max(Counter(int(moment // 1) for moment in moments).values(), default=0)
