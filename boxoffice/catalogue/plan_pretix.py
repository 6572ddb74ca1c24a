"""A seating plan from pretix's JSON format: zones, rows, seats, categories, positions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import floor
from statistics import median
from typing import Any

from boxoffice.catalogue import plan_areas, reading_json
from boxoffice.catalogue.faults import MAX_SEATS, Faults, places
from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Need, Seat, SeatingPlan
from boxoffice.catalogue.plan_areas import Area, Point, Scale

STAGE = 2 * ROW_PITCH
TOO_NEAR = PITCH // 4  # seats of one square of this size cannot be told apart


@dataclass(frozen=True, slots=True)
class Found:
    """A seat as it stands in the file, and where."""

    place: str
    guid: str
    zone: str
    row: str
    number: str
    x: float
    y: float
    category: str
    need: Need = ""
    view: str = ""
    placed: bool = True  # its position, and those of its row and zone, could be read


def from_pretix(text: str, name: str | None = None) -> SeatingPlan:
    """Return the plan of a pretix seating-plan JSON document, drawn to our scale.

    A seat's id is its `seat_guid`; categories without seats are left out. Beyond pretix a seat may
    be "accessible" or a "companion" and may have a "view", an area a capacity.

    Invalid: field "plan", value the list of every fault with its path in the file.
    """
    faults = Faults()
    faults.check_size(text)
    document = _parsed(text, faults)
    categories = _categories(document, faults)
    found, areas = list[Found](), list[Area]()
    for place, zone in reading_json.objects(document, "zones", "", faults):
        at, placed = _position(zone, place, faults)
        found += _seats(zone, place, (at, placed), categories, faults)
        areas += plan_areas.of_zone(zone, place, at, categories, faults)
    _check(found, areas, faults)
    title = name or reading_json.name(document, "name", "", faults)
    _check_apart([seat for seat in found if seat.placed], faults)
    faults.refuse()
    scale = _scale(found, areas)
    seats = _drawn(found, scale)
    general = [seat for area in areas if area.capacity for seat in area.seats(scale)]
    used = {seat.category for seat in (*seats, *general)}
    return SeatingPlan(
        title,
        (*seats, *general),
        tuple(c for c in categories if c in used),
        shapes=tuple(area.shape(scale) for area in areas),
    )


def _check(found: Sequence[Found], areas: Sequence[Area], faults: Faults) -> None:
    seats = len(found) + sum(area.capacity for area in areas)
    if seats > MAX_SEATS:
        faults.add("", f"there are {seats:,} seats; at most {MAX_SEATS:,}")
    elif not seats and not faults.found:
        faults.add("", "there is no seat in this plan")
    _check_unique(found, faults)
    plan_areas.check_unique(areas, [seat.zone for seat in found], faults)


def _parsed(text: str, faults: Faults) -> dict[str, Any]:
    try:
        document = json.loads(text.lstrip("\ufeff"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        faults.add("", f"this is not JSON: {error}")
    else:
        if isinstance(document, dict):
            return document
        faults.add("", "the document is not an object")
    faults.refuse()
    raise AssertionError("unreachable")


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not a JSON number")


def _categories(document: dict[str, Any], faults: Faults) -> list[str]:
    names = list[str]()
    for place, category in reading_json.objects(document, "categories", "", faults):
        name = reading_json.name(category, "name", place, faults)
        if name and name in names:
            faults.add(place, f"the category {name!r} is there twice")
        elif name:
            names.append(name)
    return names


def _seats(
    zone: dict[str, Any],
    inside: str,
    at: tuple[Point, bool],
    categories: Sequence[str],
    faults: Faults,
) -> Iterator[Found]:
    zone_name = reading_json.name(zone, "name", inside, faults)
    for row_in_file, row in reading_json.objects(zone, "rows", inside, faults):
        row_name = reading_json.name(row, "row_number", row_in_file, faults)
        moved, placed = _position(row, row_in_file, faults)
        offset = _sum(at[0], moved), at[1] and placed
        for place, seat in reading_json.objects(row, "seats", row_in_file, faults):
            yield _seat(place, seat, (zone_name, row_name), offset, categories, faults)


def _seat(
    place: str,
    seat: dict[str, Any],
    row: tuple[str, str],
    offset: tuple[Point, bool],
    categories: Sequence[str],
    faults: Faults,
) -> Found:
    number = reading_json.name(seat, "seat_number", place, faults)
    guid = reading_json.name(seat, "seat_guid", place, faults)
    category = reading_json.name(seat, "category", place, faults)
    if category and category not in categories:
        faults.add(place, f"the category {category!r} is not among the categories of the plan")
    at, placed = _position(seat, place, faults)
    x, y = _sum(offset[0], at)
    view = reading_json.words(seat, "view", place, faults)
    need, placed = _need(seat, place, faults), placed and offset[1]
    return Found(place, guid, *row, number, x, y, category, need, view, placed)


def _position(thing: dict[str, Any], place: str, faults: Faults) -> tuple[Point, bool]:
    """Return a position, and whether it could be read."""
    before = len(faults.found)
    at = reading_json.position(thing, place, faults)
    return at, len(faults.found) == before


def _need(seat: dict[str, Any], place: str, faults: Faults) -> Need:
    accessible = reading_json.flag(seat, "accessible", place, faults)
    companion = reading_json.flag(seat, "companion", place, faults)
    if accessible and companion:
        faults.add(place, "a seat is either accessible or a companion's")
    return "accessible" if accessible else "companion" if companion else ""


def _check_unique(found: Sequence[Found], faults: Faults) -> None:
    """Note each id, and each zone, row and number, that more than one seat has."""
    by_guid = dict[str, list[Found]]()
    by_name = dict[tuple[str, str, str], list[Found]]()
    for seat in found:
        by_guid.setdefault(seat.guid, []).append(seat)
        by_name.setdefault((seat.zone, seat.row, seat.number), []).append(seat)
    for guid, seats in by_guid.items():
        if guid and len(seats) > 1:
            where = places(seat.place for seat in seats)
            faults.add(f"seat_guid {guid!r}", f"shared by {len(seats)} seats: {where}")
    for (zone, row, number), seats in by_name.items():
        if number and len({seat.guid for seat in seats}) > 1:
            where = places(seat.place for seat in seats)
            name = f"zone {zone!r}, row {row!r}, seat {number!r}"
            faults.add(name, f"{len(seats)} seats have this name: {where}")


def _sum(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] + b[0], a[1] + b[1]


def _scale(found: Sequence[Found], areas: Sequence[Area]) -> Scale:
    """Return what turns a point of the file into ours: neighbours PITCH apart, the stage at 0."""
    gaps = [
        gap
        for row in _rows(found).values()
        for a, b in pairwise(row)
        if (gap := math.hypot(b.x - a.x, b.y - a.y)) > 0
    ]
    factor = PITCH / median(gaps) if gaps else 1.0
    points = [(seat.x, seat.y) for seat in found]
    points += [corner for area in areas if area.capacity for corner in area.corners]
    left, front = min(x for x, _ in points), min(y for _, y in points)

    def scaled(point: Point) -> tuple[int, int]:
        return round((point[0] - left) * factor), round((point[1] - front) * factor) + STAGE

    return scaled


def _drawn(found: Sequence[Found], scale: Scale) -> tuple[Seat, ...]:
    """Return the seats to our scale, row by row, from left to right."""
    return tuple(
        Seat(
            seat.guid,
            seat.zone,
            seat.row,
            seat.number,
            *scale((seat.x, seat.y)),
            seat.category,
            seat.need,
            seat.view,
        )
        for row in _rows(found).values()
        for seat in row
    )


def _rows(found: Sequence[Found]) -> dict[tuple[str, str], list[Found]]:
    rows = dict[tuple[str, str], list[Found]]()
    for seat in found:
        rows.setdefault((seat.zone, seat.row), []).append(seat)
    for row in rows.values():
        row.sort(key=lambda seat: seat.x)
    return rows


def _check_apart(found: Sequence[Found], faults: Faults) -> None:
    """Note each seat that is drawn upon another: nobody could tell or choose them on the map."""
    if not found:
        return
    scale = _scale(found, ())
    drawn = [scale((seat.x, seat.y)) for seat in found]
    upon = dict[int, int]()
    for right, back in product((0.0, 0.5), repeat=2):  # squares that overlap: no edge hides two
        near = dict[tuple[int, int], int]()
        for number, (x, y) in enumerate(drawn):
            square = floor(x / TOO_NEAR + right), floor(y / TOO_NEAR + back)
            other = near.setdefault(square, number)
            if other != number:
                upon.setdefault(number, other)
    for number, other in upon.items():
        spot = f"position: stands on the same spot as {found[other].place}"
        faults.add(found[number].place, spot)
