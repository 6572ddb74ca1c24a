"""A shop with all its troubles, as a model: what makes waiting uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from random import Random

STEP_S = 5


@dataclass(frozen=True, slots=True)
class Shop:
    """What makes the waiting uncertain. The same for all traces."""

    turn_s: float = 600.0
    away_s: float = 30.0
    visit_s: float = 140.0  # median of a log-normal
    visit_sigma: float = 0.7
    away: float = 0.12  # the share of called fans who do not come
    leave: float = 0.10  # the share of fans who leave the line; sways by itself
    pause_every_s: float = 7_200.0
    pause_s: float = 180.0  # median of a log-normal
    pause_sigma: float = 0.8
    change_every_s: float = 3_600.0
    change_sigma: float = 0.25  # of the capacity, in powers of e
    slow_sigma: float = 0.2  # of the length of visits, swaying within about half an hour


class Trouble:
    """Pauses, changed capacities, slow payment, impatience: what nobody foresees."""

    def __init__(self, shop: Shop, rng: Random) -> None:
        self._shop, self._rng = shop, rng
        self._paused_until = -1.0
        self._factor = 1.0
        self._slow = self._leave = 0.0
        self.slow, self.leave = 1.0, shop.leave

    def at(self, now_s: float) -> tuple[bool, float]:
        """Return whether the line is paused, and the capacity over the nominal one."""
        shop, rng = self._shop, self._rng
        if rng.random() < STEP_S / shop.pause_every_s:
            self._paused_until = now_s + shop.pause_s * rng.lognormvariate(0, shop.pause_sigma)
        if rng.random() < STEP_S / shop.change_every_s:
            self._factor = min(2.0, max(0.5, rng.lognormvariate(0, shop.change_sigma)))
        kept = 1 - STEP_S / 1_800
        noise = (1 - kept**2) ** 0.5
        self._slow = self._slow * kept + noise * rng.gauss(0, shop.slow_sigma)
        self._leave = self._leave * kept + noise * rng.gauss(0, 0.5)
        self.slow = exp(self._slow)
        self.leave = min(0.6, shop.leave * exp(self._leave))
        return now_s < self._paused_until, self._factor
