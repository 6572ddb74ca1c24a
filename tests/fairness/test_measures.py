from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from fairness.measures import max_displacement_us, out_of_window_inversions

served = st.lists(st.integers(0, 60), max_size=40).flatmap(
    lambda times: st.permutations(range(1, len(times) + 1)).map(
        lambda positions: list(zip(times, positions, strict=True))
    )
)


@given(served, st.integers(0, 20))
def test_inversions_are_what_counting_all_pairs_gives(
    pairs: list[tuple[int, int]], delta_us: int
) -> None:
    by_hand = sum(
        later - earlier > delta_us and before > after
        for earlier, before in pairs
        for later, after in pairs
    )
    assert out_of_window_inversions(pairs, delta_us) == by_hand


@given(served)
def test_displacement_is_what_comparing_all_pairs_gives(pairs: list[tuple[int, int]]) -> None:
    by_hand = max(
        (later - earlier for earlier, before in pairs for later, after in pairs if before > after),
        default=0,
    )
    assert max_displacement_us(pairs) == max(0, by_hand)


def test_a_hundred_thousand_fans_are_measured_in_a_moment() -> None:
    fans = [(at_us, position) for position, at_us in enumerate(range(100_000))]
    random.Random(1).shuffle(fans)
    assert out_of_window_inversions(fans, 0) == 0
    assert max_displacement_us(fans) == 0
