"""Areas of a pretix plan: what is only drawn, and what people stand in.

pretix draws areas and sells nothing in them. One that has a `capacity` and a `category` (ours, no
field of pretix) is an area for so many people without numbered seats.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from boxoffice.catalogue import reading_json
from boxoffice.catalogue.faults import MAX_SEATS, Faults
from boxoffice.catalogue.plan import Seat, Shape
from boxoffice.catalogue.plan_csv import slug

ROUND = 24  # corners of a circle
SHAPES = ("rectangle", "circle", "ellipse", "polygon", "text")

Point = tuple[float, float]
Scale = Callable[[Point], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Area:
    """An area as it stands in the file, and where. Capacity 0: it is only drawn."""

    place: str
    name: str
    corners: tuple[Point, ...]
    capacity: int = 0
    category: str = ""

    @property
    def area_id(self) -> str:
        """Return what the ids of its places begin with."""
        return f"area.{slug(self.name)}"

    def shape(self, scale: Scale) -> Shape:
        """Return what is drawn of it."""
        return Shape(tuple(scale(corner) for corner in self.corners), self.name)

    def seats(self, scale: Scale) -> list[Seat]:
        """Return one item for each person, spread over the area."""
        xs, ys = zip(*(scale(corner) for corner in self.corners), strict=True)
        wide, deep = max(1, max(xs) - min(xs)), max(1, max(ys) - min(ys))
        columns = max(1, min(self.capacity, round(math.sqrt(self.capacity * wide / deep))))
        lines = -(-self.capacity // columns)
        found = list[Seat]()
        for n in range(self.capacity):
            down, across = divmod(n, columns)
            x = min(xs) + round((across + 0.5) * wide / columns)
            y = min(ys) + round((down + 0.5) * deep / lines)
            found.append(
                Seat(
                    f"{self.area_id}.{n + 1}", self.name, "", str(n + 1), x, y, self.category,
                    general=True,
                )
            )  # fmt: skip
        return found


def of_zone(
    zone: dict[str, Any], inside: str, at: Point, categories: Sequence[str], faults: Faults
) -> list[Area]:
    """Return the areas of a zone of the file; one that has none is as good."""
    if "areas" not in zone:
        return []
    return [
        _area(area, place, at, categories, faults)
        for place, area in reading_json.objects(zone, "areas", inside, faults)
    ]


def check_unique(areas: Sequence[Area], zones: Sequence[str], faults: Faults) -> None:
    """Note areas with capacity that have the name of another, or of a zone with seats."""
    seen = {slug(zone): "a zone with seats" for zone in zones}
    for area in areas:
        if area.capacity and area.name:
            if other := seen.get(slug(area.name)):
                faults.add(area.place, f"the name {area.name!r} is that of {other} already")
            seen[slug(area.name)] = area.place


def _area(
    area: dict[str, Any], place: str, at: Point, categories: Sequence[str], faults: Faults
) -> Area:
    x, y = reading_json.position(area, place, faults)
    corners = _turned(_corners(area, place, faults), area, place, faults)
    moved = tuple((x + at[0] + cx, y + at[1] + cy) for cx, cy in corners)
    if "capacity" not in area:
        return Area(place, _label(area, place, faults), moved)
    name, capacity = reading_json.name(area, "name", place, faults), area["capacity"]
    category = reading_json.name(area, "category", place, faults)
    if name and not slug(name):
        faults.add(place, f"the name {name!r} has no letter or digit")
    if category and category not in categories:
        faults.add(place, f"the category {category!r} is not among the categories of the plan")
    if type(capacity) is not int or not 1 <= capacity <= MAX_SEATS:
        faults.add(place, f"capacity: a whole number from 1 to {MAX_SEATS:,} is expected")
        capacity = 0
    return Area(place, name, moved, capacity, category)


def _label(area: dict[str, Any], place: str, faults: Faults) -> str:
    text = area.get("text")
    if isinstance(text, dict):
        return reading_json.words(text, "text", f"{place}.text", faults)
    return reading_json.words(area, "text", place, faults)


def _corners(area: dict[str, Any], place: str, faults: Faults) -> list[Point]:
    """Return the corners from the area's position; the first schema knew rectangles only."""
    kind = area.get("shape", "rectangle")
    if kind not in SHAPES:
        faults.add(place, f"shape is {kind!r:.40}; one of {', '.join(SHAPES)}")
        return [(0, 0)]
    if kind == "text":
        return [(0, 0)]
    of = area if "shape" not in area else area.get(kind)
    if not isinstance(of, dict):
        what = f"{kind}: an object is expected, not {reading_json.kind(of)}"
        faults.add(place, what)
        return [(0, 0)]
    where = f"{place}.{kind}" if of is not area else place
    if kind == "polygon":
        points = [
            tuple(reading_json.coordinate(point.get(axis), axis, at, faults) for axis in "xy")
            for at, point in reading_json.objects(of, "points", where, faults)
        ]
        return [(x, y) for x, y in points] or [(0, 0)]
    if kind == "rectangle":
        wide, high = (_length(of, side, where, faults) for side in ("width", "height"))
        return [(0, 0), (wide, 0), (wide, high), (0, high)]
    if kind == "circle":
        return _round(*[_length(of, "radius", where, faults)] * 2)
    radius = of.get("radius")
    radii = radius if isinstance(radius, dict) else {}
    return _round(*(_length(radii, axis, f"{where}.radius", faults) for axis in "xy"))


def _length(of: dict[str, Any], key: str, place: str, faults: Faults) -> float:
    length = reading_json.coordinate(of.get(key), key, place, faults)
    if length < 0:
        faults.add(place, f"{key} is below 0")
    return length


def _round(across: float, down: float) -> list[Point]:
    turns = [2 * math.pi * n / ROUND for n in range(ROUND)]
    return [(across * math.cos(turn), down * math.sin(turn)) for turn in turns]


def _turned(corners: list[Point], area: dict[str, Any], place: str, faults: Faults) -> list[Point]:
    """Return the corners turned about the first of them by `rotation` degrees."""
    degrees = reading_json.coordinate(area.get("rotation", 0), "rotation", place, faults)
    if not degrees:
        return corners
    sin, cos = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return [(x * cos - y * sin, x * sin + y * cos) for x, y in corners]
