"""The order rule, whole: any arrivals, clocks, ties and merges give the order that was promised."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.crowdmodel import START_US, Entrant, chance, policy, skewed, through_front_ends
from fairness.ledger import recompute, window_entries, windows
from fairness.ledger.entries import Entry
from fairness.manifest import OPENING_WINDOW, Manifest
from fairness.measures import max_displacement_us, slips

SALE = "model"
moments = st.lists(st.integers(-300, 900), min_size=1, max_size=40)
clocks = st.lists(st.integers(-1000, 1000), min_size=1, max_size=4)
joined = st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39)), max_size=8)


def written(
    rules: Manifest, stamped: Sequence[Entrant], merged: dict[str, str], seed: int
) -> list[Entry]:
    """Return the log of these arrivals; a merge is logged with the later of the two windows."""
    number_of = {one.fan: rules.window_of(one.at_us) for one in stamped}
    log: list[Entry] = []
    for number in sorted(set(number_of.values())):
        arrived = [(one.fan, one.at_us) for one in stamped if number_of[one.fan] == number]
        late = {
            fan: lead
            for fan, lead in merged.items()
            if max(number_of[fan], number_of[lead]) == number
        }
        log += windows.entries_of(SALE, number, arrived, late, {}, START_US)
        own = sha256(seed.to_bytes(8) + number.to_bytes(8)).digest()
        log.append(window_entries.draw(SALE, START_US, number, bytes(80), own))
    return log


def persons(pairs: list[tuple[int, int]], count: int) -> dict[str, str]:
    """Return merges as screening makes them: whoever leads is led by nobody."""
    merged: dict[str, str] = {}
    for one, lead in pairs:
        fan, other = str(one % count), str(lead % count)
        if fan != other and not {fan, other} & (merged.keys() | set(merged.values())):
            merged[fan] = other
    return merged


@settings(max_examples=80, deadline=None)
@given(moments, st.integers(1, 60), clocks, st.integers(0, 300), joined, st.integers(0, 2**32))
def test_whoever_came_clearly_earlier_is_first_whatever_clocks_ties_and_merges(
    came: list[int],
    bound_us: int,
    errors: list[int],
    opening_us: int,
    pairs: list[tuple[int, int]],
    seed: int,
) -> None:
    rules = policy(opening_us, 2 * bound_us, clock_bound_us=bound_us)
    true = [Entrant(str(n), START_US + at, START_US + at, 0, False) for n, at in enumerate(came)]
    true.sort(key=lambda one: one.came_us)
    own = [skewed(error * bound_us // 1_000, 0) for error in errors]
    stamped = through_front_ends(apart(true), own, chance(seed))
    merged = persons(pairs, len(stamped))
    log = written(rules, stamped, merged, seed)
    line = list(recompute.order(log, SALE))
    place = {fan: n for n, fan in enumerate(line, 1)}

    earlier = [fan for fan in merged if fan in place]  # drawn before they were known to be one
    assert len(line) == len(place) == len(stamped) - len(merged) + len(earlier)
    served = [one for one in stamped if one.fan in place]
    cohort = {place[one.fan] for one in served if rules.window_of(one.at_us) == OPENING_WINDOW}
    order = [(one.came_us, place[one.fan]) for one in served]
    delta_us = rules.tie_us + 2 * bound_us
    assert not any(slips(order, delta_us, cohort))
    assert max_displacement_us(order, cohort) <= delta_us
    assert line == list(recompute.order(log, SALE))


def apart(came: list[Entrant]) -> list[Entrant]:
    """Return the arrivals as one front end after the other may see them: no µs twice in a row."""
    moved, clock = [], 0
    for one in came:
        clock = max(clock + 4, one.came_us)
        moved.append(Entrant(one.fan, clock, clock, 0, False))
    return moved


@settings(max_examples=60, deadline=None)
@given(moments, joined, st.integers(0, 2**32))
def test_a_merge_moves_nobody_else(
    came: list[int], pairs: list[tuple[int, int]], seed: int
) -> None:
    """Leaving a merged fan out of a draw keeps all others in their order."""
    rules = policy(200, 100)
    stamped = apart(
        [Entrant(str(n), START_US + at, 0, 0, False) for n, at in enumerate(sorted(came))]
    )
    merged = persons(pairs, len(stamped))
    plain = list(recompute.order(written(rules, stamped, {}, seed), SALE))
    line = list(recompute.order(written(rules, stamped, merged, seed), SALE))
    assert line == [fan for fan in plain if fan in line]
    assert set(plain) - set(line) <= merged.keys()


@settings(max_examples=60, deadline=None)
@given(st.sets(st.integers(0, 99), min_size=2, max_size=12), st.integers(0, 2**32))
def test_inside_one_window_the_time_of_arrival_says_nothing(came: set[int], seed: int) -> None:
    """The same window with its arrivals stamped in any other order is as likely drawn either way:
    the place follows from seed and leaf alone."""
    arrived = [(str(n), START_US + at) for n, at in enumerate(sorted(came))]
    own = sha256(seed.to_bytes(8)).digest()
    drawn = recompute.drawn(SALE, arrived, (), own)
    assert recompute.drawn(SALE, arrived[::-1], (), own) == drawn
    assert sorted(drawn) == sorted(fan for fan, _ in arrived)
