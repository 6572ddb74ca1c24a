"""Estimates of waiting put to the test: recorded crowds, sent through a shop with all its troubles.

Who comes when is a recorded flash crowd. The shop is modelled: visits of very different length,
fans who leave the line or are away when called, pauses, an organiser who changes the capacity,
payment that is slow for a while. The estimator is the real one, and it is told nothing of this.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.measuring.shop import STEP_S, Shop, Trouble
from console.rehearsal.shapes import read_trace
from fairness.clock import SECOND
from fairness.crowdmodel import chance
from fairness.eta import Estimator, Seen, Tuning

LEAST, MOST = 0.75, 0.90  # of fans for whom an 80 % range should hold
HEADING = (
    f"{'trace':<14}{'fans':>9}{'compared':>9}{'mean wait':>11}{'mae':>9}{'coverage':>10}"
    f"{'at first':>10}{'width':>7}"
)
LOOK_S = 60
SAMPLES = 400  # fans of a trace whose estimates are compared
FANS = 0.01  # of a recorded request: how many fans it stands for
AMPLE = 2.0  # fans admitted in a day, over those who come


@dataclass(slots=True)
class Result:
    """How good the estimates of one trace were. Every fan counts the same."""

    trace: str
    fans: int = 0  # who came
    compared: int = 0
    at_once: int = 0  # of the compared: the range that was shown first held
    while_waiting: float = 0.0  # mean over the fans: share of the ranges they saw that held
    error_s: float = 0.0  # sum over the fans: error of the first middle
    waited_s: float = 0.0
    width: float = 0.0  # sum over the fans: width of the first range over its middle
    own: list[Mapping[str, Any]] = field(default_factory=list)  # what estimators say of themselves

    @property
    def coverage(self) -> float:
        """Return the share of ranges that held, each fan counting the same."""
        return self.while_waiting / max(1, self.compared)

    @property
    def kept(self) -> bool:
        """Return whether an 80 % range is what it says."""
        return LEAST <= self.coverage <= MOST

    def row(self) -> str:
        """Return the figures as a line under `HEADING`."""
        n = max(1, self.compared)
        return (
            f"{self.trace:<14}{self.fans:>9,}{self.compared:>9,}{self.waited_s / n / 60:>9.1f} m"
            f"{self.error_s / n / 60:>7.1f} m{self.coverage:>10.1%}{self.at_once / n:>10.1%}"
            f"{self.width / n:>7.2f}  {'ok' if self.kept else 'BROKEN'}"
        )

    def add(self, other: Result) -> None:
        """Take in another run of the same trace."""
        self.fans += other.fans
        self.compared += other.compared
        self.at_once += other.at_once
        self.while_waiting += other.while_waiting
        self.error_s += other.error_s
        self.waited_s += other.waited_s
        self.width += other.width
        self.own += other.own

    def to_json(self) -> dict[str, Any]:
        """Return the figures, per fan."""
        n = max(1, self.compared)
        return {
            "trace": self.trace,
            "fans": self.fans,
            "compared": self.compared,
            "coverage": round(self.coverage, 4),
            "coverage_first": round(self.at_once / n, 4),
            "mae_s": round(self.error_s / n, 1),
            "mean_wait_s": round(self.waited_s / n, 1),
            "mean_width": round(self.width / n, 3),
            "told": self.own,
        }


def traces(file: Path) -> dict[str, list[int]]:
    """Return day -> requests in each minute, from a trace as `fairticket rehearse` reads it."""
    days: dict[str, list[int]] = {}
    for minute, requests in read_trace(file):
        days.setdefault(minute[:10], []).append(int(requests))
    return days


def modelled() -> dict[str, list[int]]:
    """Return two crowds that need no file: a rush at the start, and an evening with a peak."""
    rush = [round(200_000 * 0.97**minute) + 8_000 for minute in range(360)]
    evening = [20_000 + 60_000 * (120 <= minute < 240) for minute in range(480)]
    return {"rush": rush, "evening": evening}


def measure(
    name: str, per_minute: Sequence[int], runs: int, tuning: Tuning = Estimator.tuning
) -> Result:
    """Return how good the estimates were for this crowd in several shops together."""
    found = Result(name)
    for seed in range(1, runs + 1):
        found.add(replay(name, per_minute, seed, tuning=tuning))
    return found


def replay(
    name: str, per_minute: Sequence[int], seed: int = 1, shop: Shop | None = None,
    samples: int = SAMPLES, tuning: Tuning = Estimator.tuning,
) -> Result:  # fmt: skip
    """Return how good the estimates were for this crowd."""

    class Tuned(Estimator):
        pass

    Tuned.tuning = tuning
    shop = shop or Shop()
    return _Replay(name, per_minute, seed, shop, samples, Tuned(shop.turn_s)).run()


@dataclass(slots=True)
class _Waiting:
    """A fan whose estimates are compared with what comes of them."""

    place: int
    told: list[tuple[int, float, float, float]] = field(default_factory=list)


class _Replay:
    """One crowd on its way through one shop."""

    def __init__(
        self,
        name: str,
        per_minute: Sequence[int],
        seed: int,
        shop: Shop,
        samples: int,
        eta: Estimator,
    ) -> None:
        self._rng = chance(seed, sum(per_minute))
        self._shop, self._per_minute = shop, per_minute
        coming = FANS * sum(per_minute)
        self._sample_every = max(1, round(coming / samples))
        calls_s = AMPLE * coming / (60 * len(per_minute))
        self._nominal = max(5.0, calls_s * (shop.away_s * shop.away + 150 * (1 - shop.away)))
        self._capacity = round(self._nominal)
        self._rate = 3 * calls_s + 1
        self._eta = eta
        self._ends: Counter[int] = Counter()  # step -> slots that become free in it
        self._slots = self._placed = self._served = self._called = 0
        self._sampled: deque[_Waiting] = deque()
        self._result = Result(name)
        self._trouble = Trouble(shop, self._rng)

    def run(self) -> Result:
        for step, coming in enumerate(self._arrivals()):
            now_s = step * STEP_S
            paused, factor = self._trouble.at(now_s)
            self._capacity = max(1, round(self._nominal * factor))
            self._come(coming)
            self._slots -= self._ends.pop(step, 0)
            if not paused:
                self._call(step)
            now = Seen(
                now_s * SECOND, not paused, self._served, self._placed, self._called, self._slots,
                self._capacity, self._rate,
            )  # fmt: skip
            self._eta.look(now)
            self._look(now_s)
            if step * STEP_S >= 60 * len(self._per_minute) and not self._sampled:
                break
        told = self._eta.told()
        self._result.own = [told.document()["past"]]
        self._result.fans = self._placed
        return self._result

    def _arrivals(self) -> Iterator[int]:
        """Yield how many come in each step; after the last minute nobody, for as long again."""
        steps, owed = 60 // STEP_S, 0.0
        for requests in [*self._per_minute, *([0] * len(self._per_minute))]:
            for _ in range(steps):
                owed += FANS * requests / steps
                yield int(owed)
                owed -= int(owed)

    def _come(self, coming: int) -> None:
        for place in range(self._placed + 1, self._placed + coming + 1):
            if place % self._sample_every == 0:
                self._sampled.append(_Waiting(place))
        self._placed += coming

    def _call(self, step: int) -> None:
        room = min(self._capacity - self._slots, int(self._rate * STEP_S))
        shop, rng, leave = self._shop, self._rng, self._trouble.leave
        while room > 0 and self._served < self._placed:
            self._served += 1
            if rng.random() < leave:
                continue
            room -= 1
            self._called += 1
            self._slots += 1
            visit = shop.away_s
            if rng.random() >= shop.away:
                visit = self._trouble.slow * shop.visit_s * rng.lognormvariate(0, shop.visit_sigma)
            self._ends[step + 1 + int(min(visit, shop.turn_s) / STEP_S)] += 1

    def _look(self, now_s: int) -> None:
        while self._sampled and self._sampled[0].place <= self._served:
            self._compare(self._sampled.popleft(), now_s)
        for one in self._sampled:
            if one.told and now_s - one.told[-1][0] < LOOK_S:
                continue
            found = self._eta.range_s(one.place - self._served - 1)
            if found:
                one.told.append((now_s, *found))

    def _compare(self, one: _Waiting, now_s: int) -> None:
        if not one.told:
            return
        held = [low <= now_s - at <= high for at, low, _, high in one.told]
        at, low, middle, high = one.told[0]
        into = self._result
        into.compared += 1
        into.at_once += held[0]
        into.while_waiting += sum(held) / len(held)
        into.error_s += abs(now_s - at - middle)
        into.waited_s += now_s - at
        into.width += (high - low) / max(middle, 1.0)
