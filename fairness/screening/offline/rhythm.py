"""When things were done: the pauses between them, and how much they are alike."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, pstdev

MOST_TIMES = 256  # of one session: its first ones show its habit
PAUSE_S = 30 * 60  # who comes back later than this is on another visit

_FEW = 6.0
_ENOUGH = 100.0  # pauses: more of them do not make a rhythm any surer


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What the pauses of one session, visit by visit, are like; None where there are too few."""

    number: int = 0
    mean_s: float | None = None
    middle_s: float | None = None
    unevenness: float | None = None  # standard deviation over mean
    log_spread: float | None = None  # standard deviation of the logarithms
    visits: int = 1


class Times:
    """The first moments of a session, in whatever order the log has them."""

    __slots__ = ("_at",)

    def __init__(self) -> None:
        self._at = array("q")

    def add(self, at_s: int) -> None:
        """Keep one moment, while there is room."""
        if len(self._at) < MOST_TIMES:
            self._at.append(at_s)

    def rhythm(self) -> Rhythm:
        """Return what the pauses are like. Logs of several servers are out of order: it sorts.

        Pauses between visits count where there are hardly others: a page an hour is a rhythm, too.
        """
        pauses = [float(after - before) for before, after in pairwise(sorted(self._at))]
        gaps = [pause for pause in pauses if pause <= PAUSE_S]
        visits = len(pauses) - len(gaps) + 1
        if 2 * len(gaps) < len(pauses):
            gaps = pauses
        return _of(gaps, visits) if gaps else Rhythm(visits=visits)


def steadiness(unevenness: float | None, gaps: float | None) -> float | None:
    """Return 0 (as uneven as chance may be) up to 9 (a clock, for a hundred pauses).

    It grows with the number of pauses as the certainty does: the unevenness of n pauses that chance
    alone would make lies about 1 / sqrt(n) around 1; what is nearer says nothing. An unknown number
    counts as few.
    """
    if unevenness is None:
        return None
    number = _FEW if gaps is None else min(gaps, _ENOUGH)
    return max((1.0 - unevenness) * math.sqrt(number) - 1.0, 0.0)


def _of(gaps: Sequence[float], visits: int) -> Rhythm:
    mean = fmean(gaps)
    several = len(gaps) > 1
    return Rhythm(
        number=len(gaps),
        mean_s=mean,
        middle_s=median(gaps),
        unevenness=pstdev(gaps) / mean if several and mean else None,
        # Half a second: what a log of whole seconds cannot tell apart is no difference.
        log_spread=pstdev(math.log(gap + 0.5) for gap in gaps) if several else None,
        visits=visits,
    )
