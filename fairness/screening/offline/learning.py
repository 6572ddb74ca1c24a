"""Models that learn from labels, and what they say of those whose label they did not see.

The blend is fixed: trees of two kinds, boosted trees and a line, which err differently. Nothing of
it is chosen by the labels, so checking it needs no second, inner cross-validation. Neither names
nor the order of a file are looked at. Only this module needs scikit-learn; it imports it when it is
called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

_FOLDS = 5
ROUNDS = 3  # each parts the labelled anew: how they are parted by chance then matters less
_MANY = 6_000  # labels, with which one round is steady enough
_MOST_A_TREE = 10_000  # rows: more make a tree slower, not better
_UNKNOWN = -20.0  # below the logarithm of every value
_SUREST = 1e-4  # no model is surer than that

Told = Callable[[int, int], None]  # models learned, models to learn


def unheard(_done: int, _of: int) -> None:
    """Tell nobody."""


def learn(rows: Any, at: Sequence[int], marks: Sequence[bool], told: Told) -> list[float]:
    """Return everybody's chance of being a machine; a labelled actor's without its own label.

    `rows` are all actors, `at` the labelled ones, `marks` their labels. The same input gives the
    same chances. `told` hears of the progress.
    """
    import numpy
    from sklearn.model_selection import StratifiedKFold

    known, truth = rows[list(at)], numpy.array(marks)
    rounds = ROUNDS if len(at) <= _MANY else 1
    parts = min(_FOLDS, int(truth.sum()), int((~truth).sum()))
    unseen, chances = numpy.zeros(len(at)), numpy.zeros(len(rows))
    done = 0
    for seed in range(1, rounds + 1):
        folds = StratifiedKFold(parts, shuffle=True, random_state=seed)
        for learned, checked in folds.split(known, truth):
            unseen[checked] += _chances(known[learned], truth[learned], known[checked], seed)
            told(done := done + 1, rounds * (parts + 1))
        chances += _chances(known, truth, rows, seed)
        told(done := done + 1, rounds * (parts + 1))
    chances[list(at)] = unseen
    return [float(chance) / rounds for chance in chances]


def _chances(known: Any, truth: Any, asked: Any, seed: int) -> Any:
    """Return what the models say about `asked`: the mean of their log odds, as a chance."""
    import numpy
    from scipy.special import expit, logit

    odds = numpy.zeros(len(asked))
    models = _models(len(known), seed)
    for model in models:
        chance = model.fit(known, truth).predict_proba(asked)[:, 1]
        odds += logit(numpy.clip(chance, _SUREST, 1 - _SUREST))
    return expit(odds / len(models))


def _models(number: int, seed: int) -> list[Any]:
    """Return new models for `number` rows to learn from."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import QuantileTransformer, StandardScaler

    line = make_pipeline(  # of ranks, and of what is not known
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        QuantileTransformer(n_quantiles=min(100, number), random_state=seed),
        StandardScaler(),
        LogisticRegression(C=0.05, class_weight="balanced", max_iter=1000),
    )
    below = {"strategy": "constant", "fill_value": _UNKNOWN, "keep_empty_features": True}
    return [make_pipeline(SimpleImputer(**below), trees) for trees in _trees(number, seed)] + [line]


def _trees(number: int, seed: int) -> list[Any]:
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        RandomForestClassifier,
    )

    balanced = {"class_weight": "balanced", "random_state": seed}
    return [
        ExtraTreesClassifier(60, min_samples_leaf=2, **balanced),
        RandomForestClassifier(
            60, min_samples_leaf=3, max_samples=min(_MOST_A_TREE, number), **balanced
        ),
        GradientBoostingClassifier(
            n_estimators=80, learning_rate=0.08, max_depth=4, min_samples_leaf=8, subsample=0.7,
            max_features="sqrt", random_state=seed,
        ),
    ]  # fmt: skip
