"""How long fans wait, as a range that learns from its own error. Pure.

**The middle.** Three things are measured, with a memory that halves every `HALF_LIFE_S` of time in
which the line was open: how often a slot of the shop becomes free (turnover), how many places one
call takes (more than one when fans have left or are held back), and how many slots are free now.
With them, and with the rate and the capacity as they are set now, `calls` more calls take

    max(calls / rate, (calls - free slots) / (capacity * turnover))   seconds.

**The range.** Chosen waiting places are remembered with what was told about them, and compared
with what came of it. The range is the middle times two factors for each length of wait. A range
that is missed moves the factor on that side out, one that holds moves both in, by steps that
balance when `miss` of all are missed on each side (adaptive conformal inference: Gibbs and Candès,
2021). So it is as wide as its own past says, whatever makes the waiting uncertain.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import exp
from typing import Any, ClassVar

from fairness.clock import SECOND

Waits = Sequence[Sequence[int]]  # rows of (places ahead, shortest, longest wait in s)

HALF_LIFE_S = 600.0
FIRST, NARROWEST, WIDEST = 0.33, 0.1, 0.9  # of the factors, as powers of e
ROUGH_S = 3.0  # no wait is told more exactly: the line moves once a second
LENGTHS_S = (60.0, 240.0, 960.0, 3840.0)  # waits up to each have factors of their own
PROBES = 240  # places remembered at once
EVERY_S = 5.0
KEPT_TURNS = 0.4  # of its length a turn lasts, until there are measurements
TRUST = 20.0  # calls after which measurements count more than that
_GOLDEN = 0.6180339887498949
_AHEADS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Tuning:
    """How a range learns."""

    miss: float = 0.08  # of the ranges on each side; a little less than the 10 % that are promised
    step: float = 0.01  # how far, in powers of e, a miss moves a factor; a hit: `miss` of it


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about waiting: the ranges now, and how good those were that came to an end."""

    waits: Waits = ()
    n: int = 0
    mae_s: float | None = None  # mean absolute error of the middle
    coverage: float | None = None  # share of ranges that held

    def document(self) -> dict[str, Any]:
        """Return it as the board shows it."""
        past = {"n": self.n, "mae_s": self.mae_s, "coverage": self.coverage}
        return {"waits": [list(row) for row in self.waits], "past": past}


@dataclass(frozen=True, slots=True)
class Seen:
    """The line at one moment, as far as the waiting depends on it."""

    at_us: int
    is_open: bool
    served: int  # the last place called or passed over
    placed: int
    called: int  # ever
    slots: int  # of the shop that are in use
    capacity: int
    rate_per_s: float


@dataclass(slots=True)
class Estimator:
    """What one sale's waiting was like so far: `look` at every moment, then `told`, `range_s`."""

    tuning: ClassVar[Tuning] = Tuning()

    turn_s: float
    seen: dict[str, Any] | None = None
    freed: float = 0.0  # slots that became free …
    used_s: float = 0.0  # … in so many seconds that slots were in use
    passed: float = 0.0  # places served …
    calls: float = 0.0  # … by so many calls
    low: list[float] = field(default_factory=lambda: [-FIRST] * (len(LENGTHS_S) + 1))
    high: list[float] = field(default_factory=lambda: [FIRST] * (len(LENGTHS_S) + 1))
    probes: list[list[float]] = field(
        default_factory=list
    )  # place, µs, low, middle, high s, missed
    probed_us: int = 0
    turns: int = 0  # probes ever
    n: int = 0
    error_s: float = 0.0
    held: int = 0

    def look(self, now: Seen) -> None:
        """Learn from what happened since the last look, and remember a place of those who wait."""
        before = Seen(**self.seen) if self.seen else None
        if before and now.at_us > before.at_us:
            self._measure(before, now)
        self.seen = asdict(now)
        self._compare(now)
        self._probe(now)

    def range_s(self, ahead: int) -> tuple[float, float, float] | None:
        """Return (shortest, middle, longest) wait in s with so many places ahead; None: unknown."""
        middle = self._middle_s(ahead)
        if middle is None:
            return None
        low, high = self._factors(middle)
        return (
            max(0.0, middle * exp(low) - ROUGH_S),
            middle,
            middle * exp(high) + ROUGH_S,
        )

    def told(self) -> Told:
        """Return what the board says."""
        waiting = self.seen["placed"] - self.seen["served"] if self.seen else 0
        rows, ahead, step = [], 1, 0
        while waiting > 0:
            ahead = min(_AHEADS[step % 3] * 10 ** (step // 3), max(1, waiting))
            found = self.range_s(ahead)
            if found is None:
                break
            rows.append((ahead, int(found[0]), round(found[2])))
            if ahead >= waiting:
                break
            step += 1
        past = (round(self.error_s / self.n, 1), round(self.held / self.n, 3)) if self.n else None
        return Told(tuple(rows), self.n, *(past or (None, None)))

    def to_json(self) -> str:
        """Return all that is known, for the next process that looks."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Estimator:
        """Return the estimator that `to_json` wrote."""
        return cls(**json.loads(text))

    def _measure(self, before: Seen, now: Seen) -> None:
        if not before.is_open or now.called < before.called:
            return
        elapsed_s = (now.at_us - before.at_us) / SECOND
        fade = 0.5 ** (elapsed_s / HALF_LIFE_S)
        calls = now.called - before.called
        self.freed = self.freed * fade + max(0, calls - (now.slots - before.slots))
        self.used_s = self.used_s * fade + elapsed_s * (before.slots + now.slots) / 2
        self.passed = self.passed * fade + now.served - before.served
        self.calls = self.calls * fade + calls

    def _middle_s(self, ahead: int) -> float | None:
        if self.seen is None or not self.seen["is_open"]:
            return None
        now = Seen(**self.seen)
        guess = TRUST / 4
        turnover = (self.freed + guess) / (self.used_s + guess * self.turn_s * KEPT_TURNS)
        each = max(1.0, (self.passed + guess) / (self.calls + guess))
        calls = (ahead + 1) / each
        free = max(0, now.capacity - now.slots)
        return max(calls / now.rate_per_s, (calls - free) / (now.capacity * turnover))

    def _factors(self, middle_s: float) -> tuple[float, float]:
        """Return both factors as powers of e, between those of neighbouring lengths."""
        at = self._length(middle_s)
        return self.low[at], self.high[at]

    @staticmethod
    def _length(middle_s: float) -> int:
        return sum(middle_s > most for most in LENGTHS_S)

    def _compare(self, now: Seen) -> None:
        """Learn from the remembered places that were served, or should have been by now."""
        waiting = []
        for probe in self.probes:
            place, at_us, low_s, middle_s, high_s, missed = probe
            waited_s = (now.at_us - at_us) / SECOND
            late = waited_s > high_s
            if late and not missed:
                self._move(middle_s, above=True)
                probe[5] = 1
            if place > now.served:
                waiting.append(probe)
                continue
            self.n += 1
            self.error_s += abs(waited_s - middle_s)
            self.held += low_s <= waited_s <= high_s
            if not (late or missed):
                self._move(middle_s, below=waited_s < low_s)
        self.probes = waiting

    def _move(self, middle_s: float, *, above: bool = False, below: bool = False) -> None:
        at = self._length(middle_s)
        low = self.low[at] + self.tuning.step * (self.tuning.miss - below)
        high = self.high[at] - self.tuning.step * (self.tuning.miss - above)
        self.low[at] = max(-WIDEST, min(-NARROWEST, low))
        self.high[at] = min(WIDEST, max(NARROWEST, high))

    def _probe(self, now: Seen) -> None:
        """Remember what is told about one of those who wait, by turns all along the line."""
        waiting = now.placed - now.served
        since_s = (now.at_us - self.probed_us) / SECOND
        if waiting <= 0 or not now.is_open or since_s < EVERY_S or len(self.probes) >= PROBES:
            return
        self.turns += 1
        ahead = int(waiting * (self.turns * _GOLDEN % 1))
        found = self.range_s(ahead)
        if found:
            self.probes.append([now.served + 1 + ahead, now.at_us, *found, 0])
            self.probed_us = now.at_us


def between(waits: Waits, ahead: int) -> tuple[int, int] | None:
    """Return (shortest, longest) wait in s for a fan with so many places ahead; None: unknown."""
    if not waits:
        return None
    before: Sequence[int] = (0, 0, 0)
    for row in waits:
        if ahead <= row[0]:
            return _part(before, row, (ahead - before[0]) / max(1, row[0] - before[0]))
        before = row
    return _part((0, 0, 0), before, ahead / max(1, before[0]))


def _part(low: Sequence[int], high: Sequence[int], share: float) -> tuple[int, int]:
    return (
        round(low[1] + share * (high[1] - low[1])),
        round(low[2] + share * (high[2] - low[2])),
    )
