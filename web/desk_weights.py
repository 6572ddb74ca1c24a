"""What decisions did to the rules of an organiser: in this sale, and in the ones that come next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairness.screening import calibration


@dataclass(frozen=True, slots=True)
class Learned:
    """One rule: its decided cases, and thousandths of its weight in this sale and in the next."""

    rule: str
    right: int
    cases: int
    here_milli: int
    next_milli: int


def learned(decided: Mapping[str, tuple[int, int]], here: Mapping[str, int]) -> list[Learned]:
    """Return the rules that have cases, by name; `here` is what the sale's manifest says."""
    new = calibration.of(decided)
    return [
        Learned(rule, *counts, here.get(rule, calibration.FULL), new.get(rule, calibration.FULL))
        for rule, counts in sorted(decided.items())
    ]
