from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from boxoffice.catalogue.plan import PITCH, Seat, SeatingPlan
from boxoffice.inventory.best import Finder, best_available
from tests.boxoffice.shop import hall

SMALL = hall(3, 7)
IDS = [seat.seat_id for seat in SMALL.seats]
BOTH = frozenset({"front", "back"})


def test_the_first_seats_are_in_the_middle_of_the_front_row() -> None:
    assert best_available(hall(3, 9), {}, 3) == ["1-4", "1-5", "1-6"]


def test_the_choice_is_the_same_every_time() -> None:
    taken = {"1-4", "2-4"}
    assert len({tuple(best_available(SMALL, taken, 2) or ()) for _ in range(5)}) == 1


def test_seats_are_only_of_the_categories_asked_for() -> None:
    assert best_available(SMALL, {}, 2, {"back"}) == ["2-3", "2-4"]


def test_no_single_seat_is_left_behind_when_it_can_be_helped() -> None:
    # Five of seven seats are free: the pair in the middle, 1-3 and 1-4, would strand 1-5.
    assert best_available(hall(1, 7), {"1-6", "1-7"}, 2) == ["1-4", "1-5"]
    # Three free seats in the first row cannot give two without stranding one; the second can.
    assert best_available(hall(2, 5), {"1-1", "1-2"}, 2) == ["2-1", "2-2"]


def test_a_single_seat_is_left_behind_when_it_cannot_be_helped() -> None:
    assert best_available(hall(1, 3), {}, 2) == ["1-1", "1-2"]


def test_an_aisle_parts_neighbours() -> None:
    seats = [Seat(f"s{n}", "z", "1", str(n), x, 0, "front") for n, x in enumerate((0, 50, 200))]
    plan = SeatingPlan("aisle", tuple(seats), ("front",))
    assert best_available(plan, {}, 2) == ["s0", "s1"]
    assert best_available(plan, {}, 3) is None


def test_there_is_none_when_there_are_not_enough_together() -> None:
    checkered = {f"{row}-{n}" for row in (1, 2, 3) for n in (2, 4, 6)}
    assert best_available(SMALL, checkered, 2) is None


def test_a_group_is_split_only_when_asked() -> None:
    checkered = {f"{row}-{n}" for row in (1, 2, 3) for n in (2, 4, 6)}
    found = best_available(SMALL, checkered, 3, together=False)
    assert found
    assert len(set(found)) == 3
    assert not set(found) & checkered
    assert best_available(SMALL, checkered, 13, together=False) is None


def _exhaustive(taken: set[str], count: int) -> list[str]:
    """Return the best by trying every run of every row of SMALL, written another way."""
    found = []
    for row in (1, 2, 3):
        free = [f"{row}-{n}" not in taken for n in range(1, 8)]
        for start in range(7 - count + 1):
            if not all(free[start : start + count]):
                continue
            after = [*free[:start], *[False] * count, *free[start + count :]]
            singles = _singles(after) - _singles(free)
            seats = [f"{row}-{n + 1}" for n in range(start, start + count)]
            cost = sum(_cost(seat) for seat in seats)
            found.append((singles, cost, row, start, seats))
    return min(found)[-1] if found else []


def _singles(free: list[bool]) -> int:
    edged = [False, *free, False]
    return sum(edged[n] and not edged[n - 1] and not edged[n + 1] for n in range(1, 8))


def _cost(seat_id: str) -> float:
    seat = SMALL.by_id[seat_id]
    return float(((seat.x - 3 * PITCH) ** 2 + seat.y**2) ** 0.5)


@settings(max_examples=200, deadline=None)
@given(st.sets(st.sampled_from([seat.seat_id for seat in SMALL.seats])), st.integers(2, 5))
def test_it_agrees_with_an_exhaustive_search(taken: set[str], count: int) -> None:
    assert (best_available(SMALL, taken, count) or []) == _exhaustive(taken, count)


@given(st.sets(st.sampled_from([seat.seat_id for seat in SMALL.seats])), st.integers(1, 7))
def test_seats_are_free_neighbours_in_one_row(taken: set[str], count: int) -> None:
    found = best_available(SMALL, taken, count) or []
    seats = [SMALL.by_id[seat_id] for seat_id in found]
    assert not set(found) & taken
    assert len({seat.row for seat in seats}) <= 1
    assert all(b.x - a.x == PITCH for a, b in pairwise(seats))


@given(st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from(IDS))), max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_finder_finds_the_same_while_seats_come_and_go(
    changes: list[tuple[bool, set[str]]],
) -> None:
    finder, taken = Finder(SMALL), set[str]()
    for anew, seats in changes:
        if anew:
            taken = seats
            finder.set_taken(taken)
        else:
            taken = taken | seats
            finder.take(seats)
        for count in (1, 2, 3):
            for together in (True, False):
                found = finder.best(count, BOTH, together=together)
                assert found == best_available(SMALL, taken, count, BOTH, together=together)
