from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boxoffice.catalogue import plans
from boxoffice.catalogue.plan import PITCH, ROW_PITCH, SeatingPlan
from boxoffice.inventory.best import Wish, find
from fairness.errors import Invalid

HEADER = "zone,row,first,last\n"


def faults_of(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        plans.from_csv(text)
    assert caught.value.field == "plan"
    assert caught.value.rule
    assert caught.value.remedy
    assert isinstance(caught.value.value, list)
    return caught.value.value


def test_a_hall_of_1229_seats_is_imported(shared: Path) -> None:
    text = (shared / "seating" / "sibeliustalo.csv").read_text("utf-8")
    plan = plans.from_csv(text, "Sibeliustalo")
    assert len(plan.seats) == len(plan.by_id) == 1_229
    assert plan.categories == ("Permanto", "1. parvi", "2. parvi")
    assert Counter(seat.category for seat in plan.seats)["Permanto"] == 668
    assert plan.by_id["permanto.17.372"].zone == "Permanto"
    assert plan.by_id["1-parvi-urkuparvi.2.1229"].zone == "1. parvi, Urkuparvi"


def test_rows_stand_centred_before_the_stage() -> None:
    plan = plans.from_csv(HEADER + "Stalls,A,1,4\nStalls,B,1,6\nCircle,A,1,2\n")
    rows: dict[tuple[str, str], list[int]] = {}
    for seat in plan.seats:
        rows.setdefault((seat.zone, seat.row), []).append(seat.x)
    centres = {(min(xs) + max(xs)) / 2 for xs in rows.values()}
    assert centres == {plan.width / 2}
    assert [seat.y for seat in plan.seats] == sorted(seat.y for seat in plan.seats)
    assert plan.seats[0].y > 0
    assert rows["Stalls", "A"] == [PITCH, 2 * PITCH, 3 * PITCH, 4 * PITCH]
    a, b, c = (plan.by_id[i].y for i in ("stalls.a.1", "stalls.b.1", "circle.a.1"))
    assert b - a == ROW_PITCH < c - b


def test_two_parts_of_a_row_have_an_aisle_between_them() -> None:
    plan = plans.from_csv(HEADER + "Stalls,A,10,11\nStalls,A,1,2\n")
    assert [seat.number for seat in plan.seats] == ["1", "2", "10", "11"]
    assert [seat.x for seat in plan.seats] == [0, PITCH, 4 * PITCH, 5 * PITCH]


@pytest.mark.parametrize(
    "text",
    [
        "zone,row,first,last\nStalls,A,1,2\n",
        "\ufeffZone;Row;Start;End\r\nStalls;A;1;2\r\n\r\n",
        "row\tlast\tfirst\tzone\nA\t2\t1\tStalls",
        'floor,zone,row,start,end\nStalls,"Stalls",A, 1 ,2\n',
        "floor,zone,row,start,end\n,Stalls,A,1,2\n",
    ],
)
def test_the_file_may_be_written_as_spreadsheets_write_it(text: str) -> None:
    plan = plans.from_csv(text)
    assert list(plan.by_id) == ["stalls.a.1", "stalls.a.2"]
    assert plan.categories == ("Stalls",)


def test_a_category_is_the_column_or_the_floor_or_the_zone() -> None:
    columns = "floor,zone,row,first,last,category\n"
    assert plans.from_csv(columns + "F,Z,A,1,2,gold\nF,Z,B,1,2,silver\n").categories == (
        "gold",
        "silver",
    )
    assert plans.from_csv("floor," + HEADER + "F,Z,A,1,2\n").categories == ("F",)
    assert plans.from_csv(HEADER + "Z,A,1,2\n").categories == ("Z",)


def test_zones_of_one_name_on_two_floors_are_two_zones() -> None:
    plan = plans.from_csv("floor," + HEADER + "Stalls,Left,A,1,1\nCircle,Left,A,1,1\n")
    assert list(plan.by_id) == ["stalls-left.a.1", "circle-left.a.1"]


def test_names_keep_their_letters_in_other_scripts() -> None:
    plan = plans.from_csv(HEADER + "Πλατεία,Α,1,1\nKäytävä Øst,1,1,1\n")
    assert list(plan.by_id) == ["πλατεια.α.1", "kaytava-øst.1.1"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Stalls,A,-1,5", "first is '-1', not a whole number"),
        ("Stalls,A,1,99999999999999999999", "last is '99999999999999999999', not a whole"),
        ("Stalls,A,1,900000", "900,000 seats in one row"),
        ("Stalls,A,9,1", "last is 1, before first, which is 9"),
        ("Stalls,A,one,2.5", "first is 'one', not a whole number"),
        ("Stalls,A,,5", "first is '', not a whole number"),
        ("Stalls,A,١,٢", "not a whole number"),
        ("Stalls,A,1", "3 cells under 4 columns"),
        ("Stalls,A,1,2,3", "5 cells under 4 columns"),
        (",A,1,2", "the zone is empty"),
        ("Stalls,,1,2", "the row is empty"),
        ("☆,A,1,2", "the zone '☆' has no letter or digit"),
        ("x" * 101 + ",A,1,2", "the zone has 101 characters"),
        ("Sta\x07lls,A,1,2", "characters that cannot be shown"),
        ("first,1,5,7", "seats 5 to 6 of zone 'first', row '1' are on line 2 too"),
        ("FIRST,1,1,6", "seats 1 to 6 of zone 'FIRST', row '1' are on line 2 too"),
        ('"Stalls,A,1,2', "this is not CSV"),
    ],
)
def test_a_fault_is_named_with_its_line(line: str, fault: str) -> None:
    faults = faults_of(HEADER + "first,1,1,6\n" + line + "\n")
    assert any(fault in found and found.startswith("line 3: ") for found in faults), faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the column zone is missing"),
        ("zone,row,first\nA,1,2\n", "line 1: the column last is missing"),
        ("zone,row,first,last,colour\n", "line 1: unknown column 'colour'"),
        ("zone,row,first,last,start\n", "line 1: the column first is there twice"),
        (HEADER, "there is no row below the header"),
        ("\0", "line 1"),
        (HEADER + "".join(f"Z,{n},1,2000\n" for n in range(51)), "102,000 seats; at most 100,000"),
        (" " * 20_000_001, "more than 20,000,000 characters"),
    ],
)
def test_a_file_that_cannot_be_a_plan_is_refused(text: str, fault: str) -> None:
    assert any(fault in found for found in faults_of(text))


def test_every_fault_is_named_at_once() -> None:
    faults = faults_of(HEADER + "A,1,-1,x\n,1,5,2\nB,1,1,3\nB,1,3,4\nB,1,2,2\n")
    assert [fault.partition(":")[0] for fault in faults] == [
        "line 2",
        "line 2",
        "line 3",
        "line 3",
        "line 6",
        "line 5",
    ]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("AB"), st.sampled_from("12"), st.integers(0, 9), st.integers(0, 9)
        )
    )
)
def test_a_plan_is_taken_exactly_when_no_seat_is_there_twice(
    rows: list[tuple[str, str, int, int]],
) -> None:
    text = HEADER + "".join(f"{z},{r},{first},{last}\n" for z, r, first, last in rows)
    seats = [(z, r, n) for z, r, first, last in rows for n in range(first, last + 1)]
    good = seats and all(a <= b for *_, a, b in rows) and len(set(seats)) == len(seats)
    try:
        plan = plans.from_csv(text)
    except Invalid:
        assert not good
    else:
        assert good
        assert {(s.zone, s.row, int(s.number)) for s in plan.seats} == set(seats)
        assert len({(s.x, s.y) for s in plan.seats}) == len(seats)


def test_a_plan_comes_back_from_its_text_with_the_same_id() -> None:
    plan = plans.from_csv(HEADER + "Stalls,A,1,2\n")
    assert SeatingPlan.from_json(plan.to_json()) == plan
    assert SeatingPlan.from_json(plan.to_json()).plan_id == plan.plan_id
    assert plans.from_csv(HEADER + "Stalls,A,1,3\n").plan_id != plan.plan_id


def test_a_plan_cannot_be_made_with_a_seat_twice() -> None:
    seat = plans.from_csv(HEADER + "Stalls,A,1,1\n").seats[0]
    with pytest.raises(Invalid):
        SeatingPlan("Twice", (seat, seat), (seat.category,))


MORE = "zone,row,first,last,capacity,accessible,companion,view,held,side\n"


def test_what_is_special_about_seats_is_in_columns() -> None:
    plan = plans.from_csv(MORE + "Stalls,A,1,6,,1 3,2,5-6: behind a pillar,all: press,\n")
    seats = [plan.by_id[f"stalls.a.{n}"] for n in range(1, 7)]
    assert [seat.need for seat in seats] == ["accessible", "companion", "accessible", "", "", ""]
    assert [seat.view for seat in seats] == [""] * 4 + ["behind a pillar"] * 2
    assert {seat.held for seat in seats} == {"press"}
    assert SeatingPlan.from_json(plan.to_json()) == plan


def test_an_area_has_an_item_for_each_person() -> None:
    plan = plans.from_csv(MORE + "Stalls,A,1,4,,,,,,\nFloor,,,,25,,,,,\n")
    places = [seat for seat in plan.seats if seat.general]
    assert [seat.seat_id for seat in places] == [f"floor.{n}" for n in range(1, 26)]
    assert len({(seat.x, seat.y) for seat in places}) == 25
    assert min(seat.y for seat in places) > plan.by_id["stalls.a.1"].y


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("Stalls,A,1,4,,9,,,,", "line 2: accessible: 9 is not within seats 1 to 4"),
        ("Stalls,A,1,4,,1-2,2,,,", "line 2: seat 2 is both accessible and a companion's"),
        ("Stalls,A,1,4,,x,,,,", "line 2: accessible: 'x' is no seat and no range like 3-5"),
        ("Stalls,A,1,4,,,,4-3: x,,", "line 2: view: '4-3' is no seat and no range like 3-5"),
        ("Stalls,A,1,4,,,,,,up", "line 2: side is 'up'; write left, right or middle"),
        ("Floor,A,,,25,,,,,", "line 2: an area with a capacity has no row; leave it empty"),
        ("Floor,,,,0,,,,,", "line 2: the capacity is 0; 1 to 100,000"),
        ("Floor,,,,9,,,,,\nfloor,,,,9,,,,,", "seats 1 to 9 of zone 'floor' are on line 2 too"),
        ("Floor,,1,2,,,,,,", "line 2: the row is empty"),
    ],
)
def test_what_is_wrong_with_these_columns_is_named(line: str, fault: str) -> None:
    faults = faults_of(MORE + line + "\n")
    assert any(fault in found for found in faults), faults


def test_boxes_at_the_sides_do_not_stand_before_the_stalls(shared: Path) -> None:
    text = (shared / "seating" / "sibeliustalo.csv").read_text("utf-8")
    plan = plans.from_csv(text, "Sibeliustalo")
    stalls = [seat for seat in plan.seats if seat.zone == "Permanto"]
    left, right = (
        [seat for seat in plan.seats if side in seat.zone] for side in ("vasen", "oikea")
    )
    assert max(seat.x for seat in left) < min(seat.x for seat in stalls)
    assert min(seat.x for seat in right) > max(seat.x for seat in stalls)
    found = find(plan, set(), Wish(2))
    assert found
    assert {(plan.by_id[s].zone, plan.by_id[s].row) for s in found.seat_ids} == {("Permanto", "1")}
