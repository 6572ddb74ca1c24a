from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Seat, SeatingPlan
from boxoffice.inventory.best import Finder, Wish, find
from fairness.errors import Invalid
from tests.boxoffice.shop import hall

SMALL = hall(3, 7)
IDS = [seat.seat_id for seat in SMALL.seats]
BOTH = frozenset({"front", "back"})
CHECKERED = {f"{row}-{n}" for row in (1, 2, 3) for n in (2, 4, 6)}


def best(plan: SeatingPlan, taken: set[str], count: int, **wish: object) -> list[str] | None:
    found = find(plan, taken, Wish(count, **wish))  # type: ignore[arg-type]
    return list(found.seat_ids) if found else None


def with_needs(needs: str, zone: str = "Platform") -> SeatingPlan:
    """Return one row; a letter is a seat: a (accessible), c (companion), s (any)."""
    named = {"a": "accessible", "c": "companion", "s": ""}
    seats = [
        Seat(f"p-{n}", zone, "1", str(n), n * PITCH, 0, "front", named[letter])  # type: ignore[arg-type]
        for n, letter in enumerate(needs)
    ]
    return SeatingPlan("needs", tuple(seats), ("front",))


def area(places: int) -> SeatingPlan:
    """Return a small hall and behind it an area for standing."""
    standing = [
        Seat(f"g-{n}", "Floor", "", str(n), n * PITCH, 9 * ROW_PITCH, "floor", general=True)
        for n in range(1, places + 1)
    ]
    return replace(SMALL, seats=(*SMALL.seats, *standing), categories=("front", "back", "floor"))


def test_the_first_seats_are_in_the_middle_of_the_front_row() -> None:
    assert best(hall(3, 9), set(), 3) == ["1-4", "1-5", "1-6"]


def test_the_choice_is_the_same_every_time() -> None:
    assert len({find(SMALL, {"1-4", "2-4"}, Wish(2)) for _ in range(5)}) == 1


def test_seats_are_only_of_the_categories_and_zones_asked_for() -> None:
    assert best(SMALL, set(), 2, categories=frozenset({"back"})) == ["2-3", "2-4"]
    assert best(area(5), set(), 2, zones=frozenset({"Floor"})) == ["g-1", "g-2"]
    assert best(SMALL, set(), 2, zones=frozenset({"Balcony"})) is None


def test_the_organiser_sets_the_focal_point() -> None:
    behind = replace(SMALL, focus=(SMALL.width, SMALL.height))
    assert best(behind, set(), 2) == ["3-6", "3-7"]
    assert SMALL.focused_on("3-7") == behind
    assert SMALL.focused_on("3-7").plan_id != SMALL.plan_id
    with pytest.raises(Invalid, match="no seat 9-9"):
        SMALL.focused_on("9-9")


def test_a_box_at_one_side_moves_the_focal_point_little() -> None:
    box = [Seat(f"b{n}", "Box", "1", str(n), -9 * PITCH + n, 0, "front") for n in range(2)]
    assert best(replace(SMALL, seats=(*SMALL.seats, *box)), set(), 3) == ["1-3", "1-4", "1-5"]


def test_no_single_seat_is_left_behind_when_it_can_be_helped() -> None:
    # Five of seven seats are free: the pair in the middle, 1-3 and 1-4, would strand 1-5.
    assert best(hall(1, 7), {"1-6", "1-7"}, 2) == ["1-4", "1-5"]
    # Three free seats in the first row cannot give two without stranding one; the second can.
    assert best(hall(2, 5), {"1-1", "1-2"}, 2) == ["2-1", "2-2"]


def test_a_single_seat_is_left_behind_when_it_cannot_be_helped() -> None:
    found = find(hall(1, 3), set(), Wish(2))
    assert found
    assert found.seat_ids == ("1-1", "1-2")
    assert "1 single seat" in found.reason


def test_the_answer_says_why() -> None:
    found = find(SMALL, set(), Wish(2))
    assert found
    assert found.reason == (
        "Stalls row 1: together, nearest to the middle of the stage of those"
        " that leave no single seat"
    )


def test_an_aisle_parts_neighbours() -> None:
    seats = [Seat(f"s{n}", "z", "1", str(n), x, 0, "front") for n, x in enumerate((0, 50, 200))]
    plan = SeatingPlan("aisle", tuple(seats), ("front",))
    assert best(plan, set(), 2) == ["s0", "s1"]
    assert best(plan, set(), 3) is None


def test_there_is_none_when_there_are_not_enough_together() -> None:
    assert best(SMALL, CHECKERED, 2) is None


def test_a_group_is_split_only_when_asked() -> None:
    found = best(SMALL, CHECKERED, 3, together=False)
    assert found
    assert len(set(found)) == 3
    assert not set(found) & CHECKERED
    assert best(SMALL, CHECKERED, 13, together=False) is None


def test_a_split_group_has_even_parts_so_that_nobody_sits_alone() -> None:
    taken = {"1-4", "2-4", "3-4"}  # three together on either side of each row
    found = best(SMALL, taken, 4, together=False)
    assert found
    assert found[:2] in (["1-2", "1-3"], ["1-5", "1-6"], ["1-1", "1-2"], ["1-6", "1-7"])
    seats = [SMALL.by_id[seat_id] for seat_id in found]
    assert seats[1].x - seats[0].x == seats[3].x - seats[2].x == PITCH


def test_two_and_two_sit_near_each_other() -> None:
    taken = {"1-1", "1-2", "1-3", "1-6", "1-7"}  # 1-4 and 1-5 are free, and all rows behind
    found = best(SMALL, taken, 4, parts=(2, 2))
    assert found
    assert found[:2] == ["1-4", "1-5"]
    assert [SMALL.by_id[seat].row for seat in found[2:]] == ["2", "2"]


def test_accessible_seats_go_only_to_those_who_need_them() -> None:
    plan = with_needs("acss")
    assert best(plan, set(), 2) == ["p-2", "p-3"]
    assert best(plan, {"p-2"}, 2) is None


def test_companions_sit_beside_accessible_seats() -> None:
    assert best(with_needs("sacsss"), set(), 2, accessible=1) == ["p-1", "p-2"]
    assert best(with_needs("sacsss"), set(), 3, accessible=1) == ["p-1", "p-2", "p-3"]
    assert best(with_needs("caca"), set(), 4, accessible=2) == ["p-0", "p-1", "p-2", "p-3"]
    assert best(with_needs("ssss"), set(), 2, accessible=1) is None


def test_no_more_accessible_seats_are_given_than_are_needed() -> None:
    assert best(with_needs("aaca"), set(), 2, accessible=1) in (["p-1", "p-2"], ["p-2", "p-3"])
    assert best(with_needs("aaa"), set(), 2, accessible=1) is None


def test_places_of_an_area_are_given_one_after_the_other() -> None:
    floor = frozenset({"floor"})
    assert best(area(9), {"g-1", "g-3"}, 3, categories=floor) == ["g-2", "g-4", "g-5"]
    assert best(area(2), set(), 3, categories=floor) is None


def _exhaustive(plan: SeatingPlan, taken: set[str], count: int) -> list[str]:
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
            x, y = plan.focal_point
            cost = sum(
                ((plan.by_id[s].x - x) ** 2 + (plan.by_id[s].y - y) ** 2) ** 0.5 for s in seats
            )
            found.append((singles, round(cost, 6), row, start, seats))
    return min(found)[-1] if found else []


def _singles(free: list[bool]) -> int:
    edged = [False, *free, False]
    return sum(edged[n] and not edged[n - 1] and not edged[n + 1] for n in range(1, 8))


POINTS = st.tuples(st.integers(-100, 500), st.integers(-200, 400))


@settings(max_examples=150, deadline=None)
@given(st.sets(st.sampled_from(IDS)), st.integers(2, 5), POINTS)
def test_it_agrees_with_an_exhaustive_search(
    taken: set[str], count: int, focus: tuple[int, int]
) -> None:
    plan = replace(SMALL, focus=focus)
    assert (best(plan, taken, count) or []) == _exhaustive(plan, taken, count)


@settings(max_examples=100, deadline=None)
@given(st.sets(st.sampled_from(IDS)), st.integers(1, 7))
def test_seats_are_free_neighbours_in_one_row(taken: set[str], count: int) -> None:
    found = best(SMALL, taken, count) or []
    seats = [SMALL.by_id[seat_id] for seat_id in found]
    assert not set(found) & taken
    assert len({seat.row for seat in seats}) <= 1
    assert all(b.x - a.x == PITCH for a, b in pairwise(seats))


@settings(max_examples=100, deadline=None)
@given(st.text("acs", min_size=1, max_size=9), st.data())
def test_a_party_with_needs_gets_what_it_needs_whenever_one_row_has_it(
    needs: str, data: st.DataObject
) -> None:
    plan = with_needs(needs)
    taken = data.draw(st.sets(st.sampled_from([seat.seat_id for seat in plan.seats])))
    accessible = data.draw(st.integers(1, 2))
    count = accessible + data.draw(st.integers(0, 2))
    free = [seat for seat in plan.seats if seat.seat_id not in taken]
    found = best(plan, taken, count, accessible=accessible)
    if found is None:  # then no stretch of neighbours has exactly these
        runs = [plan.seats[n : n + count] for n in range(len(plan.seats) - count + 1)]
        assert not any(
            all(seat in free for seat in run)
            and sum(seat.need == "accessible" for seat in run) == accessible
            for run in runs
        )
        return
    assert len(set(found)) == count
    assert not set(found) & taken
    assert sum(plan.by_id[seat].need == "accessible" for seat in found) == accessible


@settings(max_examples=100, deadline=None)
@given(st.sets(st.sampled_from(IDS)), st.integers(2, 12))
def test_a_group_that_may_be_split_finds_seats_as_long_as_there_are_enough(
    taken: set[str], count: int
) -> None:
    found = best(SMALL, taken, count, together=False)
    enough = len(SMALL.seats) - len(taken) >= count
    assert (found is not None) == enough
    assert len(set(found or []) - taken) == (count if enough else 0)


@given(st.lists(st.tuples(st.booleans(), st.sets(st.sampled_from(IDS))), max_size=6))
@settings(max_examples=40, deadline=None)
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
        for wish in (Wish(1), Wish(2, BOTH), Wish(4, parts=(2, 2)), Wish(5, together=False)):
            assert finder.find(wish) == find(SMALL, taken, wish)
