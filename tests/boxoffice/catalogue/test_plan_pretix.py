from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boxoffice.catalogue import plans
from boxoffice.catalogue.plan import PITCH, ROW_PITCH
from fairness.errors import Invalid


def seat(number: int, x: float, category: str = "Gold") -> dict[str, Any]:
    return {
        "seat_number": str(number),
        "seat_guid": f"g{number}",
        "category": category,
        "position": {"x": x, "y": 0},
        "radius": 10,
    }


GOOD: dict[str, Any] = {
    "name": "Club",
    "categories": [{"name": "Gold", "color": "#fff"}, {"name": "Unused", "color": "#000"}],
    "zones": [
        {
            "name": "Floor",
            "position": {"x": 100, "y": 50},
            "rows": [
                {
                    "row_number": "A",
                    "position": {"x": 10, "y": 0},
                    "seats": [seat(2, 25), seat(1, 0), seat(3, 50)],
                }
            ],
        }
    ],
}


AREA = {
    "shape": "rectangle",
    "position": {"x": 0, "y": 100},
    "rotation": 0,
    "rectangle": {"width": 200, "height": 50},
    "name": "Standing",
    "capacity": 40,
    "category": "Gold",
}


def areas(plan: dict[str, Any], **changes: Any) -> None:
    plan["zones"][0]["areas"] = [{**AREA, **changes}]


def faults_of(text: str) -> list[str]:
    with pytest.raises(Invalid) as caught:
        plans.from_pretix(text)
    assert caught.value.field == "plan"
    assert isinstance(caught.value.value, list)
    return caught.value.value


def test_a_plan_is_drawn_to_our_scale_from_left_to_right() -> None:
    plan = plans.from_pretix(json.dumps(GOOD))
    assert (plan.name, plan.categories) == ("Club", ("Gold",))
    assert [(s.seat_id, s.x, s.y) for s in plan.seats] == [
        ("g1", 0, 2 * ROW_PITCH),
        ("g2", PITCH, 2 * ROW_PITCH),
        ("g3", 2 * PITCH, 2 * ROW_PITCH),
    ]
    assert plans.from_pretix("\ufeff" + json.dumps(GOOD), "Mine").name == "Mine"


def test_a_stadium_with_seats_of_one_guid_is_refused_by_their_names(shared: Path) -> None:
    text = (shared / "seating" / "stadium-pretix-format.json").read_text("utf-8")
    faults = faults_of(text)
    guids = [s["seat_guid"] for z in json.loads(text)["zones"] for s in _seats(z)]
    twice = {guid for guid in guids if guids.count(guid) > 1}
    assert len(guids) == 738
    assert len(set(guids)) == 318
    assert len(faults) == len(twice) + 162  # and those that stand on the same spot
    assert all(any(f"seat_guid {guid!r}: shared" in fault for fault in faults) for guid in twice)
    assert "zones[0].rows[0].seats[0], zones[0].rows[6].seats[0]" in faults[0]


BROKEN = json.dumps(
    GOOD
    | {
        "zones": [
            {
                "name": "Floor",
                "position": {"x": 0, "y": 0},
                "rows": [
                    {
                        "row_number": "A",
                        "position": {"x": 0, "y": 0},
                        "seats": [seat(1, 0), seat(2, 25), {**seat(3, 50), "seat_guid": "g1"}],
                    },
                    {
                        "position": {"x": 0, "y": 40},
                        "seats": [seat(5, 0, "Silver"), {**seat(6, 25), "seat_number": ""}],
                    },
                    {
                        "row_number": "C",
                        "position": {"x": 0, "y": 0},
                        "seats": [seat(7, 25), {**seat(8, 90), "position": None}],
                    },
                ],
            }
        ]
    }
)


def test_every_kind_of_fault_of_one_file_is_named_at_once_and_with_its_place() -> None:
    rows = "zones[0].rows"
    assert sorted(faults_of(BROKEN)) == sorted(
        [
            f"{rows}[1]: row_number: text is expected, not nothing",
            f"{rows}[1].seats[0]: the category 'Silver' is not among the categories of the plan",
            f"{rows}[1].seats[1]: the seat_number is empty",
            f"{rows}[2].seats[1]: position: an object with x and y is expected, not nothing",
            f"seat_guid 'g1': shared by 2 seats: {rows}[0].seats[0], {rows}[0].seats[2]",
            f"{rows}[2].seats[0]: position: stands on the same spot as {rows}[0].seats[1]",
        ]
    )


def _seats(zone: dict[str, Any]) -> list[dict[str, Any]]:
    return [seat for row in zone["rows"] for seat in row["seats"]]


def test_the_same_stadium_with_guids_and_rows_of_its_own_is_imported(shared: Path) -> None:
    plan = json.loads((shared / "seating" / "stadium-pretix-format.json").read_text("utf-8"))
    for number, row in enumerate(row for zone in plan["zones"] for row in zone["rows"]):
        row["row_number"] = str(number)
        for place in row["seats"]:
            place["seat_guid"] = place["uuid"]
    on_one_spot = faults_of(json.dumps(plan))
    assert len(on_one_spot) == 162
    assert on_one_spot[0] == (
        "zones[1].rows[0].seats[0]: position: stands on the same spot as zones[0].rows[0].seats[0]"
    )
    for number, zone in enumerate(plan["zones"]):
        zone["position"]["y"] += 5_000 * number
    imported = plans.from_pretix(json.dumps(plan))
    assert len(imported.seats) == 738
    assert len(imported.categories) == 4
    assert min(s.x for s in imported.seats) == 0


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda p: p.pop("zones"), "zones: a list is expected, not nothing"),
        (lambda p: p.pop("categories"), "categories: a list is expected, not nothing"),
        (lambda p: p.update(zones=[7]), "zones[0]: an object is expected, not a number"),
        (lambda p: p.update(zones=[]), "there is no seat in this plan"),
        (lambda p: p.update(name=None), "name: text is expected, not nothing"),
        (
            lambda p: p["categories"].append(p["categories"][0]),
            "categories[2]: the category 'Gold'",
        ),
        (lambda p: p["zones"][0].update(name=True), "zones[0]: name: text is expected, not true"),
        (lambda p: p["zones"][0].update(rows={}), "zones[0].rows: a list is expected, not an obj"),
        (lambda p: p["zones"][0].pop("position"), "zones[0]: position: an object with x and y"),
        (lambda p: row(p).update(row_number=1), "zones[0].rows[0]: row_number: text is expected"),
        (lambda p: first(p).update(category="Lead"), "the category 'Lead' is not among"),
        (lambda p: first(p).update(seat_guid=""), "seats[0]: the seat_guid is empty"),
        (lambda p: first(p).update(seat_guid="x" * 101), "the seat_guid has 101 characters"),
        (lambda p: first(p).update(seat_guid="a\nb"), "characters that cannot be shown"),
        (lambda p: first(p).update(seat_guid="g3"), "seat_guid 'g3': shared by 2 seats"),
        (lambda p: first(p).update(seat_number="3"), "seat '3': 2 seats have this name"),
        (lambda p: first(p)["position"].update(x="1"), "position x: a number is expected, not te"),
        (lambda p: first(p)["position"].update(x=True), "position x: a number is expected, not tr"),
        (lambda p: first(p)["position"].update(y=-1e300), "position y: farther out than"),
        (lambda p: first(p)["position"].update(y=10**400), "position y: farther out than"),
        (lambda p: first(p)["position"].update(y=float("nan")), "NaN is not a JSON number"),
        (
            lambda p: first(p)["position"].update(x=48),
            "seats[2]: position: stands on the same spot as",
        ),
        (lambda p: first(p).update(accessible=1), "accessible: true or false is expected"),
        (lambda p: first(p).update(accessible=True, companion=True), "either accessible or a comp"),
        (lambda p: areas(p, shape="star"), "zones[0].areas[0]: shape is 'star'"),
        (lambda p: areas(p, capacity=0), "areas[0]: capacity: a whole number from 1 to"),
        (lambda p: areas(p, category="Lead"), "areas[0]: the category 'Lead' is not among"),
        (lambda p: areas(p, name="FLOOR"), "areas[0]: the name 'FLOOR' is that of a zone with"),
        (lambda p: areas(p, rectangle={"width": 9}), "areas[0].rectangle: height: a number is"),
    ],
)
def test_a_fault_is_named_with_its_place(change: Change, fault: str) -> None:
    plan = copy.deepcopy(GOOD)
    change(plan)
    faults = faults_of(json.dumps(plan))
    assert any(fault in found for found in faults), faults


def row(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = plan["zones"][0]["rows"][0]
    return found


def first(plan: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = row(plan)["seats"][0]
    return found


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, '{"name": Infinity}'])
def test_what_is_no_plan_at_all_is_refused(text: str) -> None:
    assert faults_of(text)


def test_too_many_seats_are_refused() -> None:
    plan = copy.deepcopy(GOOD)
    row(plan)["seats"] = [seat(n, n) for n in range(100_001)]
    assert any("100,001 seats; at most 100,000" in fault for fault in faults_of(json.dumps(plan)))


def test_a_single_seat_is_a_plan() -> None:
    plan = copy.deepcopy(GOOD)
    row(plan)["seats"] = [seat(1, 7)]
    assert [s.x for s in plans.from_pretix(json.dumps(plan)).seats] == [0]


def test_an_area_with_a_capacity_has_a_place_for_each_person() -> None:
    plan = copy.deepcopy(GOOD)
    areas(plan)
    places = [seat for seat in plans.from_pretix(json.dumps(plan)).seats if seat.general]
    assert [places[0].seat_id, places[-1].seat_id] == ["area.standing.1", "area.standing.40"]
    assert {(seat.zone, seat.row, seat.category) for seat in places} == {("Standing", "", "Gold")}
    assert len({(seat.x, seat.y) for seat in places}) == 40


@pytest.mark.parametrize(
    ("area", "corners"),
    [
        ({"shape": "circle", "circle": {"radius": 25}}, 24),
        ({"shape": "ellipse", "ellipse": {"radius": {"x": 50, "y": 25}}}, 24),
        ({"shape": "polygon", "polygon": {"points": [{"x": n, "y": n * n} for n in range(5)]}}, 5),
        ({"shape": "rectangle", "rectangle": {"width": 9, "height": 9}, "rotation": 45}, 4),
        ({"shape": "text", "text": {"text": "Bar", "position": {"x": 0, "y": 0}}}, 1),
        ({"width": 30, "height": 20, "text": "Bar"}, 4),  # the first published schema
    ],
)
def test_other_areas_are_drawn(area: dict[str, Any], corners: int) -> None:
    plan = copy.deepcopy(GOOD)
    plan["zones"][0]["areas"] = [{"position": {"x": 5, "y": 5}, **area}]
    imported = plans.from_pretix(json.dumps(plan))
    assert [len(shape.corners) for shape in imported.shapes] == [corners]
    assert imported.shapes[0].name == ("Bar" if "text" in area else "")
    assert type(imported).from_json(imported.to_json()) == imported


def test_what_pretix_does_not_know_can_be_said_of_a_seat() -> None:
    plan = copy.deepcopy(GOOD)
    one, two, three = plan["zones"][0]["rows"][0]["seats"]
    one["companion"] = two["accessible"] = True
    three["view"] = "behind a pillar"
    imported = plans.from_pretix(json.dumps(plan))
    assert [(seat.need, seat.view) for seat in imported.seats] == [
        ("accessible", ""),
        ("companion", ""),
        ("", "behind a pillar"),
    ]
