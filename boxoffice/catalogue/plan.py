"""A seating plan: immutable, and named by what is in it.

Coordinates are whole numbers, about a centimetre: neighbours are `PITCH` apart, x runs from 0 at
the left to `width`, y from the stage at 0 backwards to `height`. A plan is written without what
is at its default, so a plan that has nothing special keeps the id that it always had.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, replace
from statistics import median
from typing import Any, Literal

from fairness.errors import Invalid

PITCH = 50  # between neighbouring seats
ROW_PITCH = 90  # between rows

Need = Literal["", "accessible", "companion"]
NEEDS: tuple[Need, ...] = ("", "accessible", "companion")


@dataclass(frozen=True, slots=True)
class Seat:
    """One place to sit, or to stand. Seats of one zone and row stand from left to right.

    An accessible seat is for a wheelchair or another need, a companion's is beside one. A place in
    a general-admission area (`general`) is an item like any seat, so the same promises hold for it.
    """

    seat_id: str
    zone: str
    row: str
    number: str
    x: int
    y: int
    category: str
    need: Need = ""
    view: str = ""  # what is in the way of a restricted view
    held: str = ""  # why it is held back unless a sale says otherwise
    general: bool = False


_PLAIN = ("", "", "", False)  # what the last fields of a seat are, mostly


@dataclass(frozen=True, slots=True)
class Shape:
    """Something drawn that is no seat, as a stage or a bar: its corners, and a name if it has."""

    corners: tuple[tuple[int, int], ...]
    name: str = ""


@dataclass(frozen=True)
class SeatingPlan:
    """Where one can sit. `categories` in the order of the plan, the front one first.

    `focus` is the point that the best seats are nearest to, when the organiser has set one.
    """

    name: str
    seats: tuple[Seat, ...]
    categories: tuple[str, ...]
    focus: tuple[int, int] | None = None
    shapes: tuple[Shape, ...] = ()
    plan_id: str = field(init=False)
    by_id: Mapping[str, Seat] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        digest = hashlib.sha256(self.to_json().encode()).digest()[:12]
        object.__setattr__(self, "plan_id", "plan_" + urlsafe_b64encode(digest).decode())
        object.__setattr__(self, "by_id", {seat.seat_id: seat for seat in self.seats})
        if len(self.by_id) != len(self.seats):
            raise Invalid("two seats of the plan have one id", field="plan", rule="ids are unique")

    @property
    def width(self) -> int:
        """Return the largest x of a seat."""
        return max((seat.x for seat in self.seats), default=0)

    @property
    def height(self) -> int:
        """Return the largest y of a seat."""
        return max((seat.y for seat in self.seats), default=0)

    @property
    def focal_point(self) -> tuple[float, float]:
        """Return the point the best seats are nearest to: set, or before the middle of the house.

        The middle is the median of all seats, so boxes at one side hardly move it.
        """
        if self.focus is not None:
            return self.focus
        return float(median([seat.x for seat in self.seats] or [0])), 0.0

    def focused_on(self, seat_id: str) -> SeatingPlan:
        """Return the plan whose best seats are nearest to this one; Invalid for no seat of it."""
        seat = self.by_id.get(seat_id)
        if seat is None:
            raise Invalid(
                f"the plan has no seat {seat_id}",
                field="focus",
                value=seat_id,
                rule="the id of a seat of the plan",
                remedy="choose one of its seats, or leave it out",
            )
        return replace(self, focus=(seat.x, seat.y))

    @property
    def zones(self) -> tuple[str, ...]:
        """Return the names of the zones, in the order of the plan."""
        return tuple(dict.fromkeys(seat.zone for seat in self.seats))

    def to_json(self) -> str:
        """Return the plan as compact JSON text; equal plans give equal text."""
        entry: dict[str, Any] = {
            "name": self.name,
            "categories": self.categories,
            "seats": [_values(seat) for seat in self.seats],
        }
        if self.focus is not None:
            entry["focus"] = self.focus
        if self.shapes:
            entry["shapes"] = [astuple(shape) for shape in self.shapes]
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> SeatingPlan:
        """Return the plan that `to_json` gave."""
        entry = json.loads(text)
        seats = tuple(Seat(*values) for values in entry["seats"])
        focus = tuple(entry["focus"]) if "focus" in entry else None
        shapes = tuple(
            Shape(tuple((x, y) for x, y in corners), name)
            for corners, name in entry.get("shapes", ())
        )
        return cls(entry["name"], seats, tuple(entry["categories"]), focus, shapes)


def _values(seat: Seat) -> tuple[Any, ...]:
    values = astuple(seat)
    return values[:-4] if values[-4:] == _PLAIN else values
