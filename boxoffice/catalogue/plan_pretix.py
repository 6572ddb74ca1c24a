"""A seating plan from pretix's JSON format: zones, rows, seats, categories, positions."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

from boxoffice.catalogue.faults import MAX_SEATS, Faults, name_fault, places
from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Seat, SeatingPlan

FAR = 1_000_000  # no position lies farther out
STAGE = 2 * ROW_PITCH


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


def from_pretix(text: str, name: str | None = None) -> SeatingPlan:
    """Return the plan of a pretix seating-plan JSON document, drawn to our scale.

    A seat's id is its `seat_guid`; categories without seats are left out. Invalid: field "plan",
    value the list of every fault with its path in the file.
    """
    faults = Faults()
    faults.check_size(text)
    document = _parsed(text, faults)
    categories = _categories(document, faults)
    found = list(_seats(document, categories, faults))
    if len(found) > MAX_SEATS:
        faults.add("", f"there are {len(found):,} seats; at most {MAX_SEATS:,}")
    elif not found and not faults.found:
        faults.add("", "there is no seat in this plan")
    _check_unique(found, faults)
    title = name or _name(document, "name", "", faults)
    faults.refuse()
    used = {seat.category for seat in found}
    return SeatingPlan(title, _drawn(found), tuple(c for c in categories if c in used))


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
    for place, category in _objects(document, "categories", "", faults):
        name = _name(category, "name", place, faults)
        if name and name in names:
            faults.add(place, f"the category {name!r} is there twice")
        elif name:
            names.append(name)
    return names


def _seats(document: dict[str, Any], categories: Sequence[str], faults: Faults) -> Iterator[Found]:
    for zone_in_file, zone in _objects(document, "zones", "", faults):
        zone_name = _name(zone, "name", zone_in_file, faults)
        zone_at = _position(zone, zone_in_file, faults)
        for row_in_file, row in _objects(zone, "rows", zone_in_file, faults):
            row_name = _name(row, "row_number", row_in_file, faults)
            offset = _sum(zone_at, _position(row, row_in_file, faults))
            for place, seat in _objects(row, "seats", row_in_file, faults):
                yield _seat(place, seat, (zone_name, row_name), offset, categories, faults)


def _seat(
    place: str,
    seat: dict[str, Any],
    row: tuple[str, str],
    offset: tuple[float, float],
    categories: Sequence[str],
    faults: Faults,
) -> Found:
    number = _name(seat, "seat_number", place, faults)
    guid = _name(seat, "seat_guid", place, faults)
    category = _name(seat, "category", place, faults)
    if category and category not in categories:
        faults.add(place, f"the category {category!r} is not among the categories of the plan")
    x, y = _sum(offset, _position(seat, place, faults))
    return Found(place, guid, *row, number, x, y, category)


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


def _objects(
    thing: dict[str, Any], key: str, inside: str, faults: Faults
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of a list with its path in the file; note what is not an object."""
    path = f"{inside}.{key}" if inside else key
    value = thing.get(key)
    if not isinstance(value, list):
        faults.add(path, f"a list is expected, not {_kind(value)}")
        return
    for number, item in enumerate(value):
        place = f"{path}[{number}]"
        if isinstance(item, dict):
            yield place, item
        else:
            faults.add(place, f"an object is expected, not {_kind(item)}")


def _name(thing: dict[str, Any], key: str, place: str, faults: Faults) -> str:
    """Return a name, or "" when it cannot be used."""
    value = thing.get(key)
    if not isinstance(value, str):
        faults.add(place, f"{key}: text is expected, not {_kind(value)}")
        return ""
    clean = value.strip()
    fault = name_fault(key, clean)
    if fault:
        faults.add(place, fault)
    return "" if fault else clean


def _position(thing: dict[str, Any], place: str, faults: Faults) -> tuple[float, float]:
    value = thing.get("position")
    if not isinstance(value, dict):
        faults.add(place, f"position: an object with x and y is expected, not {_kind(value)}")
        return 0.0, 0.0
    x, y = (_coordinate(value.get(axis), f"position {axis}", place, faults) for axis in "xy")
    return x, y


def _coordinate(value: Any, what: str, place: str, faults: Faults) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults.add(place, f"{what}: a number is expected, not {_kind(value)}")
    elif not -FAR <= value <= FAR:
        faults.add(place, f"{what}: farther out than {FAR:,}")
    else:
        return float(value)
    return 0.0


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "nothing" if value is None else kinds.get(type(value), "a number")


def _sum(a: tuple[float, float], b: tuple[float, float]) -> tuple[float, float]:
    return a[0] + b[0], a[1] + b[1]


def _drawn(found: Sequence[Found]) -> tuple[Seat, ...]:
    """Return the seats to our scale, row by row, from left to right."""
    rows = dict[tuple[str, str], list[Found]]()
    for seat in found:
        rows.setdefault((seat.zone, seat.row), []).append(seat)
    for row in rows.values():
        row.sort(key=lambda seat: seat.x)
    gaps = [
        gap
        for row in rows.values()
        for a, b in pairwise(row)
        if (gap := math.hypot(b.x - a.x, b.y - a.y)) > 0
    ]
    scale = PITCH / median(gaps) if gaps else 1.0
    left, front = min(seat.x for seat in found), min(seat.y for seat in found)
    return tuple(
        Seat(
            seat.guid,
            seat.zone,
            seat.row,
            seat.number,
            round((seat.x - left) * scale),
            round((seat.y - front) * scale) + STAGE,
            seat.category,
        )
        for row in rows.values()
        for seat in row
    )
