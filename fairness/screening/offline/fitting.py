"""Learning from labels: how well it works on actors it has not seen, and a score for everybody.

The figures are of scores that each labelled actor got from models that never saw their label.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairness.errors import Invalid
from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW, Finding
from fairness.screening.offline import actors as table
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.figures import BUDGETS, Recall, auc, recall
from fairness.screening.offline.judging import Actor, Scored
from fairness.screening.offline.learning import Told, learn, unheard

FEWEST = 5  # of each kind, or nothing can be learned and checked
_MACHINE = frozenset(("1", "1.0", "true", "yes", "bot", "robot", "machine", "scalper"))
_PERSON = frozenset(("0", "0.0", "false", "no", "human", "person", "fan"))


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one way of scoring parts machines from people."""

    auc: float
    recalls: tuple[Recall, ...]  # one for each of BUDGETS


@dataclass(frozen=True, slots=True)
class Fitted:
    """The outcome of learning: what it reaches, what labels-free scoring reaches, the scores."""

    machines: int
    people: int
    quality: Quality
    label_free: Quality
    scored: list[Scored]


def labels(path: Path, faults: Faults) -> dict[str, bool]:
    """Return actor -> whether it is a machine. Invalid for a word that is neither."""
    found: dict[str, bool] = {}
    for line, name, word in table.rows(path, "--fit", ("actor", "label"), faults):
        if word.lower() not in _MACHINE | _PERSON:
            raise Invalid(
                f"line {line} of the labels says {word[:40]!r}",
                field=f"--fit {path}",
                value=word[:200],
                rule="machine: 1, true, yes, bot, robot; person: 0, false, no, human",
                remedy="write one of these in the column label",
            )
        if name:
            found[name] = word.lower() in _MACHINE
    return found


def fit(
    everyone: Sequence[Actor],
    scored: Sequence[Scored],
    truth: dict[str, bool],
    faults: Faults,
    told: Told = unheard,
) -> Fitted:
    """Return the outcome for `everyone`, whose label-free outcome is `scored`, in their order.

    `told` hears how far the learning is.
    Invalid when fewer than FEWEST machines or people of `truth` are among them.
    """
    at = [i for i, actor in enumerate(everyone) if actor.name in truth]
    marks = [truth[everyone[i].name] for i in at]
    _check(marks, len(truth), faults)
    rows = _matrix(everyone, scored)
    chances = learn(rows, at, marks, told)
    quality = _quality([chances[i] for i in at], marks)
    plain = _quality([scored[i].score for i in at], marks)
    outcomes = [_outcome(old, p, quality) for old, p in zip(scored, chances, strict=True)]
    return Fitted(sum(marks), len(marks) - sum(marks), quality, plain, outcomes)


def _check(marks: Sequence[bool], given: int, faults: Faults) -> None:
    machines, people = sum(marks), len(marks) - sum(marks)
    if given > len(marks):
        faults.note("label of nobody in the data", f"{given - len(marks)} of {given} labels")
    if min(machines, people) < FEWEST:
        raise Invalid(
            f"the labels name {machines} machines and {people} people of the data",
            field="--fit",
            rule=f"at least {FEWEST} of each",
            remedy="check that both files name the actors in the same way, or give more labels",
        )


def _matrix(everyone: Sequence[Actor], scored: Sequence[Scored]) -> Any:
    """Return one row an actor: what is known, on a scale of magnitudes, and the label-free view."""
    import numpy

    names = sorted({name for actor in everyone for name in actor.values})
    rows = numpy.full((len(everyone), len(names) + 1), numpy.nan)
    for at, (actor, outcome) in enumerate(zip(everyone, scored, strict=True)):
        for column, name in enumerate(names):
            if (value := actor.values.get(name)) is not None:
                rows[at, column] = math.log(value + 1e-4)
        rows[at, -1] = outcome.score
    return rows[:, ~numpy.isnan(rows).all(axis=0)]


def _quality(scores: Sequence[float], marks: Sequence[bool]) -> Quality:
    machines = [score for score, machine in zip(scores, marks, strict=True) if machine]
    people = [score for score, machine in zip(scores, marks, strict=True) if not machine]
    recalls = tuple(recall(machines, people, budget) for budget in BUDGETS)
    return Quality(auc(machines, people), recalls)


def _outcome(plain: Scored, chance: float, quality: Quality) -> Scored:
    """Return the learned score, and the verdict that the budgets allow for it.

    Held: above the bar that at most 0.1 % of the people pass; asked to confirm: 1 %. A model alone
    refuses nobody.
    """
    held, asked = quality.recalls[0].bar, quality.recalls[1].bar
    decided = CHALLENGE if chance > asked else ADMIT
    if chance > held:
        decided = REFUSE if plain.verdict == REFUSE else REVIEW
    found = plain.findings
    if decided != ADMIT:
        told = f"is like those labelled as machines: the chance is {chance:.2g}"
        found = (*found, Finding("learned", 0.0, told))
    return Scored(plain.actor, chance, decided, found)
