"""The estimate of waiting follows what the line does, and its range what came of it."""

from __future__ import annotations

import pytest

from fairness import eta
from fairness.clock import SECOND
from fairness.eta import Estimator, Seen

STEP_S = 5


def seen(at_s: float, served: int, **facts: object) -> Seen:
    usual = {"is_open": True, "placed": 50_000, "called": served, "slots": 100, "capacity": 100,
             "rate_per_s": 50.0}  # fmt: skip
    return Seen(round(at_s * SECOND), served=served, **(usual | facts))  # type: ignore[arg-type]


def after(steps: int, per_step: int, **facts: object) -> Estimator:
    """Return an estimator that saw a full shop in which so many slots became free in each step."""
    estimator = Estimator(turn_s=600)
    for step in range(steps):
        estimator.look(seen(step * STEP_S, step * per_step, **facts))
    return estimator


def middle(estimator: Estimator, ahead: int) -> float:
    found = estimator.range_s(ahead)
    assert found is not None
    low, there, high = found
    assert 0 <= low < there < high
    return there


def test_the_middle_is_the_pace_of_a_full_shop() -> None:
    estimator = after(200, per_step=10)  # 2 a second
    assert middle(estimator, 1_000) == pytest.approx(500, rel=0.05)


def test_fans_who_left_make_the_wait_shorter() -> None:
    estimator = Estimator(turn_s=600)
    for step in range(200):
        estimator.look(seen(step * STEP_S, served=step * 10, called=step * 5))
    assert middle(estimator, 1_000) == pytest.approx(500, rel=0.05)
    assert estimator.calls < estimator.passed


def test_an_empty_shop_fills_as_fast_as_the_rate_allows() -> None:
    estimator = Estimator(turn_s=600)
    estimator.look(seen(0, 0, slots=0, capacity=200))
    assert middle(estimator, 99) == pytest.approx(2, rel=0.05)
    assert middle(estimator, 9_999) > 600


def test_a_changed_capacity_counts_at_once() -> None:
    estimator = after(200, per_step=10)
    before = middle(estimator, 5_000)
    estimator.look(seen(1_000, 2_000, capacity=50, slots=100))
    assert middle(estimator, 5_000) == pytest.approx(2 * before, rel=0.05)


def test_a_pause_is_not_taken_for_a_slow_shop_and_nothing_is_promised_in_it() -> None:
    estimator = after(200, per_step=10)
    before = middle(estimator, 1_000)
    for step in range(200, 300):
        slots = 100 if step == 200 else 0
        estimator.look(seen(step * STEP_S, 1_990, is_open=False, slots=slots))
    assert estimator.range_s(1_000) is None
    assert estimator.told().waits == ()
    estimator.look(seen(300 * STEP_S, 1_990))
    assert middle(estimator, 1_000) == pytest.approx(before, rel=0.05)


def test_ranges_that_hold_become_narrower_and_missed_ones_wider() -> None:
    steady, jumpy = Estimator(turn_s=600), Estimator(turn_s=600)
    served = 0
    for step in range(900):
        served += 30 if step // 60 % 2 else 3
        steady.look(seen(step * STEP_S, 10 * step, placed=10 * step + 1_000))
        jumpy.look(seen(step * STEP_S, served, placed=served + 1_000))

    past = steady.told()
    assert past.n > 100
    assert past.coverage is not None
    assert past.coverage > 0.9
    assert sum(steady.high) < sum(Estimator(600).high) < sum(jumpy.high)


def test_a_range_that_is_missed_is_learned_from_before_the_wait_is_over() -> None:
    estimator = after(100, per_step=10)
    before = list(estimator.high)
    for step in range(100, 400):
        estimator.look(seen(step * STEP_S, 990))
    assert sum(estimator.high) > sum(before)


def test_what_is_known_goes_from_process_to_process() -> None:
    estimator = after(50, per_step=10)
    assert Estimator.from_json(estimator.to_json()) == estimator
    assert len(after(2_000, per_step=1).to_json()) < 40_000


def test_the_board_has_rows_for_near_and_far_and_a_page_finds_its_own_between() -> None:
    waits = after(200, per_step=10).told().waits
    aheads = [row[0] for row in waits]
    assert aheads[:5] == [1, 2, 5, 10, 20]
    assert aheads[-1] == 50_000 - 1_990
    assert all(low <= high for _, low, high in waits)
    assert [row[2] for row in waits] == sorted(row[2] for row in waits)

    rows = [(10, 20, 40), (110, 120, 240)]
    assert eta.between(rows, 60) == (70, 140)
    assert eta.between(rows, 5) == (10, 20)
    assert eta.between(rows, 220) == (240, 480)
    assert eta.between([], 5) is None


def test_nothing_is_told_while_nobody_waits() -> None:
    estimator = Estimator(turn_s=600)
    assert estimator.told().document() == {
        "waits": [],
        "past": {"n": 0, "mae_s": None, "coverage": None},
    }
    estimator.look(seen(0, 10, placed=10))
    assert estimator.told().waits == ()
