"""Where the seats of a list of rows are drawn: it has no coordinates of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import sqrt

from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Seat
from boxoffice.catalogue.plan_marks import Marks

AISLE = 2  # seats wide, between two parts of one row
STAGE = 2 * ROW_PITCH  # from the stage to the first row
FEWEST = 10  # columns of an area
# A box at one side is listed before the stalls or behind them, and stands in neither place.
SIDES = {
    "left": ("left", "vasen", "links", "vänster", "gauche", "izquierda", "sinistra"),
    "right": ("right", "oikea", "rechts", "höger", "droite", "derecha", "destra"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the file: neighbouring seats of one row, or an area (row "")."""

    line: int
    floor: str
    zone: str
    row: str
    row_id: str  # what the ids of these seats begin with
    first: int
    last: int
    category: str
    side: str = ""  # left, right, or before the stage
    marks: Marks = field(default_factory=Marks)

    def __len__(self) -> int:
        return self.last - self.first + 1

    @property
    def numbers(self) -> range:
        """Return the numbers of its seats."""
        return range(self.first, self.last + 1)


def side_in(name: str) -> str:
    """Return the side that the name of a zone tells in one of seven languages, or ""."""
    words = "".join(c if c.isalpha() else " " for c in name.casefold()).split()
    found = [side for side, spellings in SIDES.items() if set(words) & set(spellings)]
    return found[0] if len(found) == 1 else ""


def laid_out(parts: Sequence[Part]) -> list[Seat]:
    """Return the seats row by row, each row centred before the stage, boxes at their sides.

    What stands at a side stands beside the rest of its floor, so that it is not its front.
    """
    rows = dict[str, list[Part]]()
    for part in parts:
        rows.setdefault(part.row_id, []).append(part)
    for row in rows.values():
        row.sort(key=lambda part: part.first)
    floors = [list(found) for _, found in groupby(rows.values(), key=lambda row: row[0].floor)]
    widest = max(_width(row) for floor in floors for row in _middle(floor))
    seats, y = list[Seat](), STAGE
    for floor in floors:
        found = list(_floor(floor, y, widest))
        seats += found
        y = max(seat.y for seat in found) + 2 * ROW_PITCH  # a passage between two floors
    left = min(seat.x for seat in seats)
    return [replace(seat, x=seat.x - left) for seat in seats] if left < 0 else seats


def _floor(floor: Sequence[list[Part]], y: int, widest: int) -> Iterator[Seat]:
    inside = _middle(floor)
    ends, zone = {"left": y, "right": y}, inside[0][0].zone
    for row in floor:
        side = "" if row in inside else row[0].side
        if side:
            x = (widest + AISLE) * PITCH if side == "right" else -(_width(row) + AISLE) * PITCH
            yield from _row(row, x, ends[side], widest)
            ends[side] += ROW_PITCH
            continue
        if row[0].zone != zone:  # a passage between two zones
            y, zone = y + ROW_PITCH, row[0].zone
        seats = list(_row(row, (widest - _width(row)) * PITCH // 2, y, widest))
        yield from seats
        y = seats[-1].y + ROW_PITCH


def _middle(floor: Sequence[list[Part]]) -> list[list[Part]]:
    """Return the rows of a floor that stand before the stage: all, when all are at a side."""
    inside = [row for row in floor if not row[0].side]
    return inside or list(floor)


def _row(row: Sequence[Part], x: int, y: int, widest: int) -> Iterator[Seat]:
    if not row[0].row:
        yield from _area(row[0], y, widest)
        return
    for part in row:
        for number in part.numbers:
            yield Seat(
                f"{part.row_id}.{number}",
                part.zone,
                part.row,
                str(number),
                x,
                y,
                part.category,
                part.marks.need.get(number, ""),
                part.marks.view.get(number, ""),
                part.marks.held.get(number, ""),
            )
            x += PITCH
        x += AISLE * PITCH


def _area(part: Part, y: int, widest: int) -> Iterator[Seat]:
    """Yield the places of an area, line by line."""
    columns = _width([part]) if widest >= FEWEST else FEWEST
    left = max(0, widest - columns) * PITCH // 2
    for number in part.numbers:
        down, across = divmod(number - 1, columns)
        yield Seat(
            f"{part.row_id}.{number}",
            part.zone,
            "",
            str(number),
            left + across * PITCH,
            y + down * PITCH,
            part.category,
            held=part.marks.held.get(number, ""),
            need=part.marks.need.get(number, ""),
            view=part.marks.view.get(number, ""),
            general=True,
        )


def _width(row: Sequence[Part]) -> int:
    """Return how many seats wide a row is, aisles included; an area is twice as wide as deep."""
    if not row[0].row:
        return max(FEWEST, min(len(row[0]), round(sqrt(2 * len(row[0])))))
    return sum(map(len, row)) + AISLE * (len(row) - 1)
