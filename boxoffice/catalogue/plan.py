"""A seating plan: immutable, and named by what is in it.

Coordinates are whole numbers, about a centimetre: neighbours are `PITCH` apart, x runs from 0 at
the left to `width`, y from the stage at 0 backwards to `height`.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from typing import Any

from fairness.errors import Invalid

PITCH = 50  # between neighbouring seats
ROW_PITCH = 90  # between rows


@dataclass(frozen=True, slots=True)
class Seat:
    """One place to sit. Seats of one zone and row stand in the plan from left to right."""

    seat_id: str
    zone: str
    row: str
    number: str
    x: int
    y: int
    category: str


@dataclass(frozen=True)
class SeatingPlan:
    """Where one can sit. `categories` in the order of the plan, the front one first."""

    name: str
    seats: tuple[Seat, ...]
    categories: tuple[str, ...]
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

    def to_json(self) -> str:
        """Return the plan as compact JSON text; equal plans give equal text."""
        entry: dict[str, Any] = {
            "name": self.name,
            "categories": self.categories,
            "seats": [astuple(seat) for seat in self.seats],
        }
        return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> SeatingPlan:
        """Return the plan that `to_json` gave."""
        entry = json.loads(text)
        seats = tuple(Seat(*values) for values in entry["seats"])
        return cls(entry["name"], seats, tuple(entry["categories"]))
