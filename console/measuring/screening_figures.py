"""What screening must reach, measured on one scene: each figure with n, bounds, and its bar."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from console.crowds.model import Crowd
from console.measuring import figures as policy
from console.measuring.figures import Figure, told
from console.measuring.ordering import Ordered
from console.measuring.screening import (
    RULES,
    START_US,
    Screened,
    clusters,
    sharing,
    tickets_stopped,
)
from fairness.clock import SECOND
from fairness.screening import agents, budget, rules
from fairness.screening.case import Case
from fairness.screening.judging import apply
from fairness.screening.model import ADMIT, CHALLENGE, MERGE, REFUSE, REVIEW, Account, Visit
from fairness.screening.offline.figures import clopper_pearson

ADMISSIONS = 5_000
DRAWS = 40
BAR_MOST, FARM_LEAST, PRECISION_LEAST, RULES_LEAST = 0.5, 0.8, 0.99, 20_000
CAUGHT_LEAST = {"scripts": 0.99, "headless": 0.9, "copied": 0.9}
CHALLENGED_MOST = 0.01
ARRIVAL_MS_MOST = 5.0
FARMS = "farms"


@dataclass(frozen=True, slots=True)
class Screening:
    """All figures, and the verdicts of every crowd."""

    figures: Sequence[Figure]
    verdicts: Mapping[str, Counter[str]]
    honest: frozenset[str]

    @property
    def kept(self) -> bool:
        """Whether every figure reaches its bar."""
        return all(figure.kept is not False for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name, then each with all that belongs to it, then the verdicts."""
        return {
            "kept": self.kept,
            **told(self.figures),
            "verdicts": {crowd: dict(counted) for crowd, counted in self.verdicts.items()},
            "people": {crowd: self.people(crowd) for crowd in sorted(self.honest)},
        }

    def people(self, crowd: str) -> dict[str, float]:
        """Return how many of an honest crowd were held and asked, with upper 95 % bounds."""
        counted = self.verdicts[crowd]
        n, asked = counted.total(), counted[CHALLENGE]
        held = n - asked - counted[ADMIT]  # or merged with a stranger
        most = {f"{name}_most": clopper_pearson(k, n)[1] for name, k in
                (("held", held), ("asked", asked))}  # fmt: skip
        return {"n": n, "held": held, "asked": asked, **most}


def farms_of(crowds: Mapping[str, Crowd]) -> list[str]:
    """Return the crowds of attackers that are groups: those that links can tell."""
    return [name for name, crowd in crowds.items() if not crowd.honest and crowd.group[1] > 1]


def measure(
    screened: Screened, ordered: Ordered, crowds: Mapping[str, Crowd], seed: int
) -> Screening:
    """Return all figures of a scene that was played, and in which people ordered afterwards."""
    verdicts = screened.by_crowd()
    honest = frozenset(name for name in verdicts if crowds[name].honest)
    found = clusters(screened)
    attackers = [name for name in verdicts if not crowds[name].honest]
    farms = farms_of(crowds)
    figures = [
        *(_caught(name, verdicts[name]) for name in sorted(attackers) if name not in farms),
        *(one for name in sorted(farms) if name in verdicts
          for one in _farm(screened, ordered, name, verdicts[name].total())),
        *_honest(sum((verdicts[name] for name in honest), Counter())),
        _expected(screened),
        _refused(ordered, honest),
        _least("cluster_precision", found.precision, PRECISION_LEAST, found.groups,
               "groups found", "groups that hold one buyer's accounts only"),
        Figure("pairwise_f1", "pairs put together against pairs who are one buyer", found.f1,
               found.true_pairs, "pairs"),
        bar(screened, seed),
        rules_per_s(screened),
        _cost(screened),
    ]  # fmt: skip
    return Screening(figures, verdicts, honest)


def bar(screened: Screened, seed: int) -> Figure:
    """Return the attackers' share of admissions over their share of entries, screening on.

    Whoever was refused or is held for review is passed over, a merged fan has no place, and a
    challenge stops nobody: that is the attacker's best case.
    """
    served = [
        (RULES.window_of(START_US + round(person.arrives_s * SECOND)), person.honest)
        for person, judgement in zip(screened.people, screened.judged, strict=True)
        if judgement.verdict in (ADMIT, CHALLENGE)
    ]
    chance, bad, count = Random(seed), 0, 0  # noqa: S311 - nobody's place depends on it
    for _ in range(DRAWS):
        order = sorted((window, chance.random(), honest) for window, honest in served)
        called = order[:ADMISSIONS]
        bad += sum(not honest for _, _, honest in called)
        count += len(called)
    entries = sum(not person.honest for person in screened.people)
    found = policy.bar(bad, count, entries, len(screened.people))
    kept = None if found.value is None else found.value <= BAR_MOST
    return replace(found, of=f"admissions in {DRAWS} draws", promise=f"≤ {BAR_MOST}", kept=kept)


def rules_per_s(screened: Screened) -> Figure:
    """Return how many arrivals the rules judge in one second of one core."""
    cases = [_case(n, person.client.headers) for n, person in enumerate(screened.people[:20_000])]
    began = time.process_time()
    for case in cases:
        apply(rules.RULES, case, Counter())
    rate = len(cases) / max(time.process_time() - began, 1e-9)
    return _least("rules_per_s", rate, RULES_LEAST, len(cases), "arrivals",
                  "arrivals that the rules judge per second of a core")  # fmt: skip


def _cost(screened: Screened) -> Figure:
    n = len(screened.people)
    value = 1_000 * screened.cpu_s / n
    text = "ms of a core to screen one arrival, its links looked up and kept"
    return Figure("arrival_ms", text, value, n, "arrivals", f"≤ {ARRIVAL_MS_MOST}",
                  value <= ARRIVAL_MS_MOST)  # fmt: skip


def _case(number: int, headers: Mapping[str, str]) -> Case:
    names = tuple(name.lower() for name in headers)
    visit = Visit(f"fan{number}", number, ua=headers.get("User-Agent", ""), headers=names)
    return Case(visit, Account(), agents.read(visit.ua), frozenset(names), since_opening_us=number)


def _caught(name: str, verdicts: Counter[str]) -> Figure:
    n = verdicts.total()
    caught = n - verdicts[ADMIT]
    low, high = clopper_pearson(caught, n)
    stopped = (n - verdicts[ADMIT] - verdicts[CHALLENGE]) / n
    text = f"not simply admitted, 95 % bounds {low:.3f} to {high:.3f}; {stopped:.3f} stopped"
    if name not in CAUGHT_LEAST:  # a crowd that no bar was set for
        return Figure(f"caught_{name}", text, caught / n, n, "entries")
    return _least(f"caught_{name}", caught / n, CAUGHT_LEAST[name], n, "entries", text)


def _honest(verdicts: Counter[str]) -> list[Figure]:
    n = verdicts.total()
    held, asked = verdicts[REFUSE] + verdicts[REVIEW], verdicts[CHALLENGE]
    sure, most = clopper_pearson(held, n)[1], clopper_pearson(asked, n)[1]
    return [
        Figure("humans_held", f"refused or held for review; at most {sure:.5f} with 95 %",
               float(held), n, "people", "= 0", held == 0),
        Figure("humans_challenged", f"asked to confirm; at most {most:.5f} with 95 %",
               asked / n, n, "people", f"≤ {CHALLENGED_MOST}", asked <= CHALLENGED_MOST * n),
        Figure("humans_merged", "linked to somebody else", float(verdicts[MERGE]), n, "people"),
    ]  # fmt: skip


def _expected(screened: Screened) -> Figure:
    """Return the budget's estimate of the people among those whom it asked, with the truth."""
    people = [
        judgement
        for person, judgement in zip(screened.people, screened.judged, strict=True)
        if person.honest
    ]
    asked = budget.people_asked(people)
    ppm = [budget.MILLION * n // max(len(people), 1) for n in asked]
    text = (
        f"people to be expected among {sum(screened.spent.asked)} asked without strong evidence; "
        f"{sum(asked)} are; of a million people by band {ppm}, expected {list(budget.PEOPLE_PPM)}"
    )
    return Figure("people_expected", text, screened.spent.people, len(people), "people")


def _farm(screened: Screened, ordered: Ordered, name: str, accounts: int) -> list[Figure]:
    """Return what of their tickets is stopped before the draw, and with the orders' refusals."""
    before = tickets_stopped(screened, name)
    stopped = 1 - ordered.held[name] / accounts
    low, high = clopper_pearson(round(stopped * accounts), accounts)
    text = (
        f"of the tickets they would take, 95 % bounds {low:.3f} to {high:.3f}: {before:.3f} before "
        f"the draw, {ordered.refused[name] / accounts:.3f} at ordering; of {accounts} accounts "
        f"{ordered.waiting[name]} more paid and wait for a look; "
        f"{sharing(screened, name):.3f} share "
        "anything, and no link reaches the others"
    )
    first = Figure(
        f"{name}_before_the_draw", "of these, by screening", before, accounts, "accounts"
    )
    if name != FARMS:
        return [Figure(f"{name}_tickets_stopped", text, stopped, accounts, "accounts"), first]
    whole = _least("farm_tickets_stopped", stopped, FARM_LEAST, accounts, "accounts", text)
    return [whole, first]


def _refused(ordered: Ordered, honest: frozenset[str]) -> Figure:
    refused = sum(ordered.refused[name] + ordered.waiting[name] for name in honest)
    n = sum(ordered.held[name] + ordered.refused[name] for name in honest)
    text = "orders of people that were refused or have to wait, for a limit shared with others"
    return Figure("humans_refused_at_ordering", text, float(refused), n, "orders", "= 0",
                  refused == 0)  # fmt: skip


def _least(name: str, value: float, least: float, n: int, of: str, text: str) -> Figure:
    return Figure(name, text, value, n, of, f"≥ {least:g}", value >= least)
