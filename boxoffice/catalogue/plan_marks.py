"""What a list of rows says of some of its seats: accessible, companions', restricted view, held.

A cell names seats by their numbers and says why: `3-5 9: behind a pillar`, or `all`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from boxoffice.catalogue.faults import Faults, name_fault
from boxoffice.catalogue.plan import Need

COLUMNS = ("accessible", "companion", "view", "held")
USUAL = {"view": "restricted view", "held": "held back"}  # when no reason is written
_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")


@dataclass(frozen=True)
class Marks:
    """Seat number -> what is said of it."""

    need: Mapping[int, Need] = field(default_factory=dict)
    view: Mapping[int, str] = field(default_factory=dict)
    held: Mapping[int, str] = field(default_factory=dict)


def read(place: str, cell: Mapping[str, str], seats: range, faults: Faults) -> Marks:
    """Return what the cells of one line say of `seats`; note every fault."""
    found = {name: _cell(place, name, cell.get(name, ""), seats, faults) for name in COLUMNS}
    for number in sorted(found["accessible"].keys() & found["companion"].keys()):
        faults.add(place, f"seat {number} is both accessible and a companion's")
    need: dict[int, Need] = dict.fromkeys(found["accessible"], "accessible")
    need.update(dict.fromkeys(found["companion"], "companion"))
    return Marks(need, found["view"], found["held"])


def _cell(place: str, name: str, cell: str, seats: range, faults: Faults) -> dict[int, str]:
    if not cell:
        return {}
    which, _, why = cell.partition(":")
    why = why.strip() or USUAL.get(name, name)
    if fault := name_fault(f"reason of {name}", why):
        faults.add(place, fault)
    if which.strip().casefold() == "all":
        return dict.fromkeys(seats, why)
    numbers = dict[int, str]()
    for word in which.split():
        match = _RANGE.fullmatch(word)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
        if last < first:
            faults.add(place, f"{name}: {word[:40]!r} is no seat and no range like 3-5")
        elif first not in seats or last not in seats:
            what = f"{name}: {word} is not within seats {seats.start} to {seats.stop - 1}"
            faults.add(place, what)
        else:
            numbers.update(dict.fromkeys(range(first, last + 1), why))
    return numbers
