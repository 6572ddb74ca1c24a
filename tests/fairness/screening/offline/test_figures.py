from __future__ import annotations

import pytest

from fairness.screening.offline.figures import auc, auc_bounds, clopper_pearson, recall


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    assert auc([3, 4], [1, 2]) == 1.0
    assert auc([1, 2], [3, 4]) == 0.0
    assert auc([1, 1], [1, 1, 1]) == 0.5
    assert auc([1, 3], [2]) == 0.5


def test_auc_bounds_hold_the_area_and_are_honest_at_one() -> None:
    low, high = auc_bounds(0.9, 50, 950)
    assert 0.8 < low < 0.9 < high < 1
    low, high = auc_bounds(1.0, 40, 150)
    assert low < 1.0 == high


def test_recall_stops_no_more_people_than_the_budget() -> None:
    people = [i / 1000 for i in range(1000)]
    found = recall([0.9985, 0.9885, 0.5, 2.0], people, 0.001)
    assert (found.stopped, found.caught) == (1, 2)
    found = recall([0.9985, 0.9885, 0.5, 2.0], people, 0.02)
    assert (found.stopped, found.caught) == (20, 3)


def test_with_few_people_or_only_ties_nobody_is_stopped() -> None:
    assert recall([1.0, 3.0], [0.0, 2.0], 0.01).caught == 1
    tied = recall([1.0] * 9, [1.0] * 1000, 0.01)
    assert (tied.stopped, tied.caught) == (0, 0)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 10, 0.1871, 0.8129)],
)
def test_bounds_are_those_of_the_tables(hits: int, of: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, of) == pytest.approx((low, high), abs=1e-4)
