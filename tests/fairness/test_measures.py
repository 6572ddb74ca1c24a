from __future__ import annotations

import random
from hashlib import sha256
from math import comb, erfc, exp, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairness import draw
from fairness.measures import (
    bot_advantage_ratio,
    chi_square_p,
    draw_p,
    kendall_tau_b,
    latency_equity,
    max_displacement_us,
    out_of_window_inversions,
    slips,
    unrelated_p,
)

Pairs = list[tuple[int, int]]

served = st.lists(st.integers(0, 60), max_size=30).flatmap(
    lambda times: st.permutations(range(1, len(times) + 1)).map(
        lambda positions: list(zip(times, positions, strict=True))
    )
)
cohorts = st.frozensets(st.integers(1, 30))
ranks = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30)


def both_in(cohort: frozenset[int], one: int, other: int) -> bool:
    return one in cohort and other in cohort


@given(served, st.integers(0, 20), cohorts)
def test_slips_are_what_comparing_all_pairs_gives(
    pairs: Pairs, delta_us: int, cohort: frozenset[int]
) -> None:
    by_hand = [
        sum(
            later - mine > delta_us and before < position and not both_in(cohort, before, position)
            for later, before in pairs
        )
        for mine, position in pairs
    ]
    assert slips(pairs, delta_us, cohort) == by_hand
    assert out_of_window_inversions(pairs, delta_us, cohort) == sum(by_hand)


@given(served, cohorts)
def test_displacement_is_what_comparing_all_pairs_gives(
    pairs: Pairs, cohort: frozenset[int]
) -> None:
    by_hand = max(
        (
            later - earlier
            for earlier, before in pairs
            for later, after in pairs
            if before > after and not both_in(cohort, before, after)
        ),
        default=0,
    )
    assert max_displacement_us(pairs, cohort) == max(0, by_hand)


@given(ranks)
def test_tau_is_what_comparing_all_pairs_gives(pairs: Pairs) -> None:
    def sign(value: int) -> int:
        return (value > 0) - (value < 0)

    two = [(one, other) for n, one in enumerate(pairs) for other in pairs[:n]]
    agreed = sum(sign(a[0] - b[0]) * sign(a[1] - b[1]) for a, b in two)
    first = sum(a[0] != b[0] for a, b in two)
    second = sum(a[1] != b[1] for a, b in two)
    tau = kendall_tau_b(pairs)
    if first and second:
        assert tau == pytest.approx(agreed / sqrt(first * second))
    else:
        assert tau is None


@given(st.permutations(range(25)))
def test_tau_is_one_exactly_for_the_same_order_and_for_no_other(order: list[int]) -> None:
    assert kendall_tau_b(list(zip(order, order, strict=True))) == 1
    assert kendall_tau_b([(n, -n) for n in order]) == -1
    assert (kendall_tau_b(list(enumerate(order))) == 1) == (order == sorted(order))


def test_a_hundred_thousand_fans_are_measured_in_a_moment() -> None:
    fans = [(at_us, position) for position, at_us in enumerate(range(100_000))]
    random.Random(1).shuffle(fans)
    assert out_of_window_inversions(fans, 0) == 0
    assert max_displacement_us(fans) == 0
    assert kendall_tau_b(fans) == 1
    swapped = [*fans[2:], (fans[0][0], fans[1][1]), (fans[1][0], fans[0][1])]
    assert kendall_tau_b(swapped) < 1  # type: ignore[operator]


def test_chi_square_agrees_with_the_printed_tables() -> None:
    table = {(3.841, 1): 0.05, (26.296, 16): 0.05, (42.796, 24): 0.0105, (124.342, 100): 0.05}
    table |= {(145.461, 119): 0.05, (157.800, 119): 0.01}
    for (statistic, freedom), p in table.items():
        assert chi_square_p(statistic, freedom) == pytest.approx(p, abs=2e-4)
    assert chi_square_p(0, 7) == 1
    assert chi_square_p(9, 2) == pytest.approx(exp(-4.5))
    assert chi_square_p(9, 1) == pytest.approx(erfc(sqrt(4.5)))


LEAVES = [draw.leaf("demo", f"fan{n}", n) for n in range(5)]


def test_every_order_of_five_fans_is_drawn_equally_often() -> None:
    p = draw_p(LEAVES, (sha256(b"%d" % n).digest() for n in range(12_000)))
    assert p > 0.01


def test_a_draw_that_favours_anyone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def favouring(seed: bytes, leaves: list[bytes]) -> list[int]:
        order = sorted(range(len(leaves)), key=lambda n: sha256(seed + leaves[n]).digest())
        return sorted(order) if seed[0] < 5 else order  # in two of a hundred draws

    monkeypatch.setattr("fairness.measures.draw.order", favouring)
    assert draw_p(LEAVES, (sha256(b"%d" % n).digest() for n in range(12_000))) < 1e-9


def test_unrelated_rankings_differ_from_related_ones() -> None:
    numbers = list(range(1_000))
    random.Random(3).shuffle(numbers)
    tau = kendall_tau_b(list(enumerate(numbers)))
    assert tau is not None
    assert unrelated_p(tau, 1_000) > 0.01
    assert unrelated_p(0.1, 1_000) < 1e-5
    assert unrelated_p(0, 10) == 1


@given(st.integers(1, 50), st.integers(1, 50), st.data())
def test_a_draw_by_lot_gives_bots_no_advantage_on_average(
    bots: int, fans: int, data: st.DataObject
) -> None:
    admitted = data.draw(st.integers(1, bots + fans))
    everyone, mean = bots + fans, 0.0
    for k in range(max(0, admitted - fans), min(bots, admitted) + 1):
        chance = comb(bots, k) * comb(fans, admitted - k) / comb(everyone, admitted)
        mean += chance * (bot_advantage_ratio(k, admitted, bots, everyone) or 0)
    assert mean == pytest.approx(1)


def test_bots_that_take_every_place_have_all_the_advantage_there_is() -> None:
    assert bot_advantage_ratio(5, 5, 5, 100) == 20
    assert bot_advantage_ratio(0, 5, 5, 100) == 0
    assert bot_advantage_ratio(0, 0, 5, 100) is None
    assert bot_advantage_ratio(0, 5, 0, 100) is None


def test_latency_equity_compares_the_outer_quartiles() -> None:
    fans = [(float(delay), 4 if delay < 2 else 1 if delay > 5 else 100) for delay in range(8)]
    assert latency_equity(list(reversed(fans))) == 0.25
    assert latency_equity(fans[:3]) is None
    assert latency_equity([(1.0, 0)] * 8) is None
