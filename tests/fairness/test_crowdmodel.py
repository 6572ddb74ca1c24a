from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.crowdmodel import (
    MS,
    START_US,
    Crowd,
    Entrant,
    Line,
    chance,
    policy,
    rush,
    skewed,
    through_front_ends,
)
from fairness.ledger import recompute
from fairness.ledger.entries import decode
from fairness.measures import max_displacement_us, out_of_window_inversions

SMALL = Crowd(fans=2_000, bots=100)


@pytest.fixture(scope="module")
def entrants() -> list[Entrant]:
    return rush(SMALL, chance(1))


def test_a_crowd_is_who_it_is_said_to_be(entrants: list[Entrant]) -> None:
    bots = [one for one in entrants if one.bot]
    fans = [one for one in entrants if not one.bot]
    assert (len(fans), len(bots)) == (2_000, 100)
    times = [one.at_us for one in entrants]
    assert times == sorted(set(times))
    assert all(5 * MS <= one.at_us - START_US < 26 * MS for one in bots)
    reacted = sorted(one.at_us - START_US - one.delay_us for one in fans)
    assert 0.6 < sum(after < 3_000 * MS for after in reacted) / len(fans) < 0.8
    assert 0.25 < sum(one.delay_us > 120 * MS for one in fans) / len(fans) < 0.35
    assert rush(SMALL, chance(1)) == entrants


def test_first_come_first_served_is_a_policy_too(entrants: list[Entrant]) -> None:
    assert list(Line(policy(0, 1), entrants).served(bytes(32))) == entrants


def test_everyone_is_served_once_window_by_window(entrants: list[Entrant]) -> None:
    rules = policy(1_000 * MS, 100 * MS)
    served = list(Line(rules, entrants).served(bytes(32)))
    numbers = [rules.window_of(one.at_us) for one in served]
    assert numbers == sorted(numbers)
    assert {one.fan for one in served} == {one.fan for one in entrants}
    assert Line(rules, entrants).admitted(bytes(32), 300) == served[:300]


def test_the_order_is_recomputed_from_the_log_that_the_model_writes(
    entrants: list[Entrant],
) -> None:
    places, logged = Line(policy(1_000 * MS, 100 * MS), entrants).published(bytes(32))
    assert list(recompute.order(map(decode, logged), "model")) == places


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 900), min_size=1, max_size=60).map(sorted),
    st.integers(1, 60),
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=4),
    st.integers(0, 300),
    st.integers(0, 9),
)
def test_front_ends_within_the_clock_bound_keep_the_order(
    gaps: list[int], bound_us: int, errors: list[int], opening_us: int, seed: int
) -> None:
    """Whatever Δ ≥ 2ε, and however the clocks stand within ±ε."""
    rules = policy(opening_us, 2 * bound_us, clock_bound_us=bound_us)
    came = [START_US + at + n * 4 for n, at in enumerate(gaps)]
    entrants = [Entrant(f"{n}", at, at, 0, False) for n, at in enumerate(came)]
    clocks = [skewed(error * bound_us // 1000, 0) for error in errors]
    stamped = through_front_ends(entrants, clocks, chance(seed))
    served, cohort = in_order(Line(rules, stamped))
    delta_us = rules.tie_us + 2 * bound_us
    assert out_of_window_inversions(served, delta_us, cohort) == 0
    assert max_displacement_us(served, cohort) <= delta_us


def test_a_clock_beyond_its_bound_is_noticed(entrants: list[Entrant]) -> None:
    rules = policy(1_000 * MS, 100 * MS, clock_bound_us=50 * MS)
    clocks = [skewed(400 * MS, 0), skewed(-400 * MS, 0)]
    stamped = through_front_ends(entrants, clocks, chance(1))
    served, cohort = in_order(Line(rules, stamped))
    assert out_of_window_inversions(served, 200 * MS, cohort) > 0
    assert max_displacement_us(served, cohort) > 200 * MS


def test_no_front_end_gives_a_time_twice(entrants: list[Entrant]) -> None:
    together = [replace(one, came_us=START_US, at_us=START_US) for one in entrants[:50]]
    stamped = through_front_ends(together, [skewed(0, 0)], chance(1))
    assert [one.at_us for one in stamped] == [START_US + n for n in range(50)]


def in_order(line: Line) -> tuple[list[tuple[int, int]], set[int]]:
    opening = {one.fan for one in line.opening()}
    served = list(enumerate(line.served(bytes(32)), 1))
    pairs = [(one.came_us, position) for position, one in served]
    return pairs, {position for position, one in served if one.fan in opening}
