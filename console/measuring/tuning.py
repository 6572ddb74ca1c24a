"""How estimates of waiting do on a trace that their constants were not chosen on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from console.measuring import waiting
from console.measuring.waiting import Result
from fairness.errors import Invalid
from fairness.eta import Tuning

WANTED = 0.80  # of fans for whom an 80 % range holds
CANDIDATES = tuple(
    Tuning(miss, step) for miss in (0.06, 0.08, 0.10) for step in (0.005, 0.01, 0.02)
)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One trace, and the constants that were chosen on all the others."""

    tuning: Tuning
    result: Result

    def row(self) -> str:
        """Return the figures as a line under `waiting.HEADING`."""
        return f"{self.result.row()}  miss {self.tuning.miss:g}, step {self.tuning.step:g}"


def leave_one_out(
    crowds: Mapping[str, Sequence[int]],
    runs: int,
    candidates: Sequence[Tuning] = CANDIDATES,
) -> Iterator[LeftOut]:
    """Yield each trace's figures with the constants that come nearest to WANTED on the others.

    Invalid for fewer than two traces.
    """
    if len(crowds) < 2:
        raise Invalid(
            "there is no other trace to choose on",
            field="trace",
            value=len(crowds),
            rule="at least two days",
            remedy="give a file with more days",
        )
    found = {
        tuning: {name: waiting.measure(name, crowd, runs, tuning) for name, crowd in crowds.items()}
        for tuning in candidates
    }
    for name in crowds:
        best = min(candidates, key=lambda tuning: _miss(found[tuning], name))
        yield LeftOut(best, found[best][name])


def _miss(results: Mapping[str, Result], without: str) -> float:
    """Return how far the coverage of the other traces together is from what is wanted."""
    others = [result for name, result in results.items() if name != without]
    held, compared = sum(o.while_waiting for o in others), sum(o.compared for o in others)
    return abs(held / max(1, compared) - WANTED)
