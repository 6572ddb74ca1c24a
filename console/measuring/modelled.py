"""Fairness measured on the crowd model: who wins, and whether the order holds on several clocks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from console.measuring import figures
from console.measuring.figures import Fairness, Figure
from fairness import crowdmodel
from fairness.clock import SECOND
from fairness.crowdmodel import MS, START_US, Crowd, Entrant, Line, policy
from fairness.ledger import recompute
from fairness.ledger.entries import decode
from fairness.manifest import Manifest

ADMISSIONS = 5_000
OURS = policy(5 * SECOND, SECOND // 2)
TWO_CLOCKS = policy(5 * SECOND, SECOND // 2, clock_bound_us=50 * MS)
POLICIES = {
    "exact first come first served": policy(0, 1),
    "windows of 250 ms": policy(0, SECOND // 4),
    "windows of 1 s": policy(0, SECOND),
    "windows of 5 s": policy(0, 5 * SECOND),
    "opening window of 5 s, then exact": policy(5 * SECOND, 1),
    "opening window of 5 s, then 500 ms": OURS,
}
OFFSET_US, SWAY_US = 38 * MS, 11 * MS  # together within ε
CROWD = Crowd()
BUSY = Crowd(fans=100_000, bots=5_000, ready=0.1)  # most come in tie windows


@dataclass(frozen=True, slots=True)
class Run:
    """How much to simulate. All of it follows from `seed`."""

    seed: int = 1
    crowds: int = 5
    draws: int = 8  # of each crowd
    crowd: Crowd = CROWD
    busy: Crowd = BUSY


def measure(run: Run) -> Fairness:
    """Return all figures: the order from two skewed front ends, who wins from one store."""
    stamped = two_front_ends(run)
    line = Line(TWO_CLOCKS, stamped)
    places, logged = line.published(_bytes(run.seed))
    position = {fan: n for n, fan in enumerate(places, 1)}
    served = [(one.came_us, position[one.fan]) for one in stamped]
    recomputed = recompute.order(map(decode, logged), crowdmodel.SALE)
    place = {fan: n for n, fan in enumerate(recomputed, 1)}
    cohort = {position[one.fan] for one in line.opening()}
    bound_us = TWO_CLOCKS.tie_us + 2 * TWO_CLOCKS.clock_bound_us
    leaves = recompute.leaves(crowdmodel.SALE, ((one.fan, one.at_us) for one in line.opening()[:5]))
    return Fairness(
        "model",
        [
            *figures.order(served, cohort, bound_us, [place[one.fan] for one in stamped]),
            *who_wins(OURS, run),
            figures.draw(leaves, _bytes(run.seed)),
        ],
        len(stamped),
        [((at_us - START_US) / SECOND, where) for at_us, where in served],
        borders(TWO_CLOCKS, max(line.windows, default=0)),
    )


def two_front_ends(run: Run) -> list[Entrant]:
    """Return the busy crowd as two front ends stamp it, one clock ahead and one behind."""
    rng = crowdmodel.chance(run.seed)
    clocks = [crowdmodel.skewed(OFFSET_US, SWAY_US), crowdmodel.skewed(-OFFSET_US, SWAY_US)]
    return crowdmodel.through_front_ends(crowdmodel.rush(run.busy, rng), clocks, rng)


def who_wins(rules: Manifest, run: Run) -> list[Figure]:
    """Return BAR and LE of a policy, each over all draws of all crowds together.

    LE is over those who came until W0 of our own policy, so that policies compare.
    """
    bots = admitted = 0
    chances: list[tuple[float, int]] = []
    for number in range(run.crowds):
        entrants = crowdmodel.rush(run.crowd, crowdmodel.chance(run.seed, number))
        line, times = Line(rules, entrants), Counter[str]()
        for repeat in range(run.draws):
            called = line.admitted(_bytes(run.seed, number, repeat), ADMISSIONS)
            times.update(one.fan for one in called)
            bots += sum(one.bot for one in called)
            admitted += len(called)
        chances += [
            (one.delay_us, times[one.fan])
            for one in entrants
            if not one.bot and OURS.window_of(one.at_us) == 0
        ]
    crowd = run.crowd
    return [
        figures.bar(bots, admitted, crowd.bots, crowd.bots + crowd.fans),
        figures.latency_equity(chances),
    ]


def what_opening_buys(opening_us: int, run: Run) -> tuple[float, float]:
    """Return the bots' share of admissions, and LE, for an opening window of this length.

    After it, whoever is a microsecond earlier is first, so that only the opening counts.
    """
    bar, equity = who_wins(replace(OURS, opening_us=opening_us, tie_us=1), run)
    entrants = run.crowd.bots + run.crowd.fans
    return (bar.value or 0.0) * run.crowd.bots / entrants, equity.value or 0.0


def borders(rules: Manifest, last: int) -> list[float]:
    """Return the ends of windows 0 … `last` in seconds after the start."""
    return [(rules.window_ends_us(n) - rules.starts_at_us) / SECOND for n in range(last + 1)]


def _bytes(*numbers: int) -> bytes:
    return b"".join(number.to_bytes(8) for number in numbers).rjust(32, b"\0")
