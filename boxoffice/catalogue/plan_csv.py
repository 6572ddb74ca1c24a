"""A seating plan from a list of rows: floor,zone,row,first,last[,category]."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from boxoffice.catalogue.faults import MAX_SEATS, Faults, name_fault
from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Seat, SeatingPlan

SPELLINGS = {"start": "first", "end": "last"}
REQUIRED = ("zone", "row", "first", "last")
OPTIONAL = ("floor", "category")
MAX_NUMBER = 999_999
MAX_ROW = 2_000  # seats in one line of the file
AISLE = 2  # seats wide, between two parts of one row
STAGE = 2 * ROW_PITCH  # from the stage to the first row


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the file: neighbouring seats of one row."""

    line: int
    zone: str
    row: str
    first: int
    last: int
    category: str

    @property
    def row_id(self) -> str:
        """Return what the ids of these seats begin with."""
        return f"{slug(self.zone)}.{slug(self.row)}"

    def __len__(self) -> int:
        return self.last - self.first + 1


def slug(name: str) -> str:
    """Return a name as it stands in an id: lower case, without accents or signs."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", kept).strip("-")


def from_csv(text: str, name: str = "Plan") -> SeatingPlan:
    """Return the plan of a list of rows: floor,zone,row,first,last[,category].

    `start` and `end` may be written for first and last; floor and category may be left out, a
    category is then the floor, or the zone. Rows stand as in the file, the first nearest to the
    stage. Invalid: field "plan", value the list of every fault with its line.
    """
    faults = Faults()
    faults.check_size(text)
    parts = list(_parts(text, faults))
    if not parts and not faults.found:
        faults.add("line 1", "there is no row below the header")
    _check_overlaps(parts, faults)
    if sum(map(len, parts)) > MAX_SEATS:
        faults.add("", f"there are {sum(map(len, parts)):,} seats; at most {MAX_SEATS:,}")
    faults.refuse()
    categories = tuple(dict.fromkeys(part.category for part in parts))
    return SeatingPlan(name, tuple(_laid_out(parts)), categories)


def _parts(text: str, faults: Faults) -> Iterator[Part]:
    lines = text.lstrip("\ufeff").splitlines(keepends=True)
    header = lines[0] if lines else ""
    delimiter = max(",;\t", key=header.count)
    rows = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(rows, []), faults)
        for cells in rows:
            if columns and any(cell.strip() for cell in cells):
                part = _part(rows.line_num, columns, cells, faults)
                if part:
                    yield part
    except csv.Error as error:
        faults.add(f"line {rows.line_num}", f"this is not CSV: {error}")


def _columns(header: Sequence[str], faults: Faults) -> list[str]:
    """Return the names of the columns, or nothing when the header cannot be used."""
    plain = [cell.strip().casefold() for cell in header]
    columns = [SPELLINGS.get(column, column) for column in plain]
    allowed = (*REQUIRED, *OPTIONAL)
    before = len(faults.found)
    for column in dict.fromkeys(columns):
        if column not in allowed:
            faults.add("line 1", f"unknown column {column!r:.60}; use {', '.join(allowed)}")
        elif columns.count(column) > 1:
            faults.add("line 1", f"the column {column} is there twice")
    for column in REQUIRED:
        if column not in columns:
            faults.add("line 1", f"the column {column} is missing")
    return columns if len(faults.found) == before else []


def _part(line: int, columns: Sequence[str], cells: Sequence[str], faults: Faults) -> Part | None:
    place, before = f"line {line}", len(faults.found)
    if len(cells) != len(columns):
        faults.add(place, f"{len(cells)} cells under {len(columns)} columns")
        return None
    cell = dict(zip(columns, (c.strip() for c in cells), strict=True))
    floor, zone, row = cell.get("floor", ""), cell["zone"], cell["row"]
    names = {"zone": zone, "row": row, **({"floor": floor} if floor else {})}
    for what, value in names.items():
        fault = name_fault(what, value)
        if fault is None and not slug(value):
            fault = f"the {what} {value!r} has no letter or digit"
        if fault:
            faults.add(place, fault)
    category = cell.get("category", floor or zone)
    if "category" in cell and (fault := name_fault("category", category)):
        faults.add(place, fault)
    numbers = [_number(place, what, cell[what], faults) for what in ("first", "last")]
    first, last = numbers
    if first is not None and last is not None:
        _check_range(place, first, last, faults)
    if first is None or last is None or len(faults.found) > before:
        return None
    where = zone if floor in ("", zone) else f"{floor}, {zone}"
    return Part(line, where, row, first, last, category)


def _number(place: str, what: str, cell: str, faults: Faults) -> int | None:
    if cell.isascii() and cell.isdigit() and len(cell) <= len(str(MAX_NUMBER)):
        return int(cell)
    faults.add(place, f"{what} is {cell[:40]!r}, not a whole number from 0 to {MAX_NUMBER}")
    return None


def _check_range(place: str, first: int, last: int, faults: Faults) -> None:
    if last < first:
        faults.add(place, f"last is {last}, before first, which is {first}")
    elif last - first >= MAX_ROW:
        faults.add(place, f"{last - first + 1:,} seats in one row; at most {MAX_ROW:,}")


def _check_overlaps(parts: Sequence[Part], faults: Faults) -> None:
    """Note each line that repeats seats of another; ids are compared, so spellings are too."""
    ordered = sorted(parts, key=lambda part: (part.row_id, part.first, part.line))
    reach: Part | None = None
    for before, part in pairwise(ordered):
        if reach is None or reach.row_id != before.row_id or before.last > reach.last:
            reach = before
        if part.row_id == reach.row_id and part.first <= reach.last:
            seats = f"seats {part.first} to {min(part.last, reach.last)}"
            where = f"zone {part.zone!r}, row {part.row!r}"
            faults.add(f"line {part.line}", f"{seats} of {where} are on line {reach.line} too")


def _laid_out(parts: Sequence[Part]) -> Iterator[Seat]:
    """Yield the seats row by row, each row centred before the stage."""
    rows = dict[str, list[Part]]()
    for part in parts:
        rows.setdefault(part.row_id, []).append(part)
    for row in rows.values():
        row.sort(key=lambda part: part.first)
    widest = max(map(_width, rows.values()))
    y, zone = STAGE, parts[0].zone
    for row in rows.values():
        if row[0].zone != zone:  # a passage between two zones
            y, zone = y + ROW_PITCH, row[0].zone
        x = (widest - _width(row)) * PITCH // 2
        for part in row:
            for number in range(part.first, part.last + 1):
                seat_id = f"{part.row_id}.{number}"
                yield Seat(seat_id, part.zone, part.row, str(number), x, y, part.category)
                x += PITCH
            x += AISLE * PITCH
        y += ROW_PITCH


def _width(row: Sequence[Part]) -> int:
    """Return how many seats wide a row is, aisles included."""
    return sum(map(len, row)) + AISLE * (len(row) - 1)
