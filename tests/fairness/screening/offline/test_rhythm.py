from __future__ import annotations

from random import Random

import pytest

from fairness.screening.offline.rhythm import MOST_TIMES, Rhythm, Times, steadiness


def rhythm(moments: list[int]) -> Rhythm:
    times = Times()
    for at_s in moments:
        times.add(at_s)
    return times.rhythm()


def test_a_log_out_of_order_has_the_same_rhythm() -> None:
    chance = Random(1)
    moments = [1_760_000_000 + chance.randrange(3000) for _ in range(40)]
    assert rhythm(moments) == rhythm(sorted(moments)) == rhythm(moments[::-1])


def test_who_comes_back_the_next_day_made_no_pause_of_a_day() -> None:
    found = rhythm([0, 10, 20, 86_400, 86_410])
    assert (found.number, found.mean_s, found.visits) == (3, 10.0, 2)


def test_a_page_an_hour_is_a_rhythm_too() -> None:
    found = rhythm(list(range(0, 20 * 3600, 3600)))
    assert (found.number, found.middle_s, found.unevenness, found.visits) == (19, 3600.0, 0.0, 20)


def test_one_moment_has_no_rhythm() -> None:
    assert rhythm([5]) == Rhythm()
    assert rhythm([5, 6]).unevenness is None


def test_the_first_moments_are_enough() -> None:
    assert rhythm(list(range(0, 9000, 3))).number == MOST_TIMES - 1


@pytest.mark.parametrize("number", [1, 2, 3, 5, 20, 200])
def test_chance_alone_is_hardly_ever_steady(number: int) -> None:
    """The twin: a clock is, from a handful of pauses on, and the surer the more there are."""
    chance, steady = Random(number), 0
    for _ in range(200):
        gaps = [chance.expovariate(1 / 30) for _ in range(number)]
        mean = sum(gaps) / number
        spread = (sum((gap - mean) ** 2 for gap in gaps) / number) ** 0.5
        steady += (steadiness(spread / mean, number) or 0) > 0.5
    assert steady <= 0.08 * 200
    assert (steadiness(0.0, number) or 0) == pytest.approx(max(min(number, 100) ** 0.5 - 1, 0))
