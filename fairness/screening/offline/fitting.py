"""Learning from labels: how well it works on actors it has not seen, and a score for everybody.

The figures are of scores that each labelled actor got from a model that never saw their label. Only
this module needs scikit-learn, and imports it when it is called.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairness.errors import Invalid
from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW
from fairness.screening.offline import actors as table
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.figures import BUDGETS, Recall, auc, recall
from fairness.screening.offline.judging import Actor, Scored

FEWEST = 5  # of each kind, or nothing can be learned and checked
_FOLDS, _SEED = 5, 1
_UNKNOWN = -20.0  # below the logarithm of every value
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
    everyone: Sequence[Actor], scored: Sequence[Scored], truth: dict[str, bool], faults: Faults
) -> Fitted:
    """Return the outcome for `everyone`, whose label-free outcome is `scored`, in their order.

    Invalid when fewer than FEWEST machines or people of `truth` are among them.
    """
    at = [i for i, actor in enumerate(everyone) if actor.name in truth]
    marks = [truth[everyone[i].name] for i in at]
    _check(marks, len(truth), faults)
    rows = _matrix(everyone, scored)
    chances = _learn(rows, at, marks)
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


def _learn(rows: Any, at: Sequence[int], marks: Sequence[bool]) -> list[float]:
    """Return everybody's chance of being a machine; a labelled actor's without its own label."""
    import numpy
    from sklearn.model_selection import StratifiedKFold

    known, truth = rows[list(at)], numpy.array(marks)
    folds = StratifiedKFold(
        min(_FOLDS, int(truth.sum()), int((~truth).sum())), shuffle=True, random_state=_SEED
    )
    unseen = numpy.zeros(len(at))
    for learned, checked in folds.split(known, truth):
        unseen[checked] = _chances(known[learned], truth[learned], known[checked])
    chances = _chances(known, truth, rows)
    chances[list(at)] = unseen
    return [float(chance) for chance in chances]


def _chances(known: Any, truth: Any, asked: Any) -> Any:
    """Return the mean of what three models of different kinds say about `asked`."""
    return sum(m.fit(known, truth).predict_proba(asked)[:, 1] for m in _models()) / 3


def _models() -> list[Any]:
    from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    trees = ExtraTreesClassifier(
        100, min_samples_leaf=2, class_weight="balanced_subsample", random_state=_SEED
    )
    boosted = GradientBoostingClassifier(
        n_estimators=80, learning_rate=0.08, max_depth=4, min_samples_leaf=8, subsample=0.7,
        max_features="sqrt", random_state=_SEED,
    )  # fmt: skip
    linear = LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000)
    return [
        make_pipeline(_filled("constant"), trees),
        make_pipeline(_filled("constant"), boosted),
        make_pipeline(_filled("median"), StandardScaler(), linear),
    ]


def _filled(how: str) -> Any:
    """Return what fills in the unknown: below everything for trees, in the middle for a line."""
    from sklearn.impute import SimpleImputer

    return SimpleImputer(strategy=how, fill_value=_UNKNOWN, keep_empty_features=True)


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
    return Scored(plain.actor, chance, decided, plain.findings)
