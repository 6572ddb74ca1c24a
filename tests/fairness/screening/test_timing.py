from __future__ import annotations

import random

from fairness.screening.timing import is_regular
from tests.fairness.screening.crowds import arrivals

SECOND = 1_000_000


def test_joins_like_a_clock_are_regular_in_whatever_order_they_are_given() -> None:
    times = [n * SECOND for n in range(12)]
    random.Random(1).shuffle(times)
    assert is_regular(times)


def test_a_jitter_and_a_retry_do_not_hide_the_clock() -> None:
    rng = random.Random(2)
    times = [n * SECOND + rng.randrange(30_000) for n in range(40)]
    assert is_regular([*times, 7 * SECOND + 400_000])


def test_people_are_not_regular() -> None:
    rng = random.Random(3)
    crowds = [arrivals(rng, rng.randrange(10, 300), 30) for _ in range(2_000)]
    assert sum(map(is_regular, crowds)) == 0


def test_too_few_joins_say_nothing() -> None:
    assert not is_regular([n * SECOND for n in range(9)])


def test_a_rhythm_faster_than_a_person_is_the_stores_own_queue() -> None:
    assert not is_regular([n * 300 for n in range(1_000)])
