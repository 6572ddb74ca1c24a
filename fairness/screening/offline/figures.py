"""How good scores are, measured on labels, with bounds that say how sure the figure is."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

BUDGETS = (0.001, 0.01, 0.02)  # false positives: people taken for machines
_SURE = 1.959963984540054  # standard deviations either side that hold 95 %


@dataclass(frozen=True, slots=True)
class Recall:
    """How many machines are caught when at most `budget` of the people are stopped."""

    budget: float
    bar: float  # a score above it is stopped
    caught: int
    machines: int
    stopped: int
    people: int

    def share(self) -> float:
        """Return the recall."""
        return self.caught / self.machines

    def bounds(self) -> tuple[float, float]:
        """Return its 95 % Clopper–Pearson bounds."""
        return clopper_pearson(self.caught, self.machines)


def auc(machines: Sequence[float], people: Sequence[float]) -> float:
    """Return the chance that a machine scores higher than a person; a tie is half."""
    ordered = sorted(people)
    won = sum(bisect_left(ordered, s) + bisect_right(ordered, s) for s in machines)
    return won / 2 / len(machines) / len(people)


def auc_bounds(area: float, machines: int, people: int) -> tuple[float, float]:
    """Return 95 % bounds of an AUC (Hanley and McNeil, 1982).

    The spread is that of an area a little nearer to chance, or none would be left at 1.
    """
    fewer, seen = min(machines, people), area
    area = (area * fewer + 1) / (fewer + 2)
    one, two = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (machines - 1) * (one - area**2) + (people - 1) * (two - area**2)
    error = _SURE * math.sqrt(max(spread, 0.0) / machines / people)
    return max(seen - error, 0.0), min(seen + error, 1.0)


def recall(machines: Sequence[float], people: Sequence[float], budget: float) -> Recall:
    """Return what the lowest bar catches that stops no more than `budget` of the people.

    With fewer than 1 / budget people, nobody may be stopped.
    """
    allowed = math.floor(budget * len(people) + 1e-9)
    bar = sorted(people, reverse=True)[min(allowed, len(people) - 1)]
    caught = sum(score > bar for score in machines)
    stopped = sum(score > bar for score in people)
    return Recall(budget, bar, caught, len(machines), stopped, len(people))


def clopper_pearson(hits: int, of: int) -> tuple[float, float]:
    """Return the exact 95 % bounds of a share of which `hits` in `of` were seen."""
    from scipy.special import betaincinv

    low = 0.0 if hits == 0 else float(betaincinv(hits, of - hits + 1, 0.025))
    high = 1.0 if hits == of else float(betaincinv(hits + 1, of - hits, 0.975))
    return low, high
