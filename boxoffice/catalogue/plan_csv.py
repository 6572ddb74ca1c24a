"""A seating plan from a list of rows: floor,zone,row,first,last and more columns.

A line with a `capacity` and without a row is an area for so many people without numbered seats.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from boxoffice.catalogue import plan_marks
from boxoffice.catalogue.faults import MAX_SEATS, Faults, name_fault
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.catalogue.plan_layout import Part, laid_out, side_in

SPELLINGS = {"start": "first", "end": "last"}
REQUIRED = ("zone", "row", "first", "last")
OPTIONAL = ("floor", "category", "capacity", "side", *plan_marks.COLUMNS)
SIDES = ("", "left", "right", "middle")
MAX_NUMBER = 999_999
MAX_ROW = 2_000  # seats in one line of the file


def slug(name: str) -> str:
    """Return a name as it stands in an id: lower case, without accents or signs."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "-", kept).strip("-")


def from_csv(text: str, name: str = "Plan") -> SeatingPlan:
    """Return the plan of a list of rows: floor,zone,row,first,last, and any of OPTIONAL.

    `start` and `end` may be written for first and last; floor and category may be left out, a
    category is then the floor, or the zone. Rows stand as in the file, the first nearest to the
    stage; a zone at a `side`, or whose name tells one, stands there.

    Invalid: field "plan", value the list of every fault with its line.
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
    return SeatingPlan(name, tuple(laid_out(parts)), categories)


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
    category, side = cell.get("category", floor or zone), cell.get("side", "").casefold()
    _check_names(place, cell, faults)
    if side not in SIDES:
        faults.add(place, f"side is {side[:40]!r}; write left, right or middle")
    seats = _area(place, cell, faults) if cell.get("capacity") else _seats(place, cell, faults)
    if seats is None:
        return None
    marks = plan_marks.read(place, cell, seats, faults)
    if len(faults.found) > before:
        return None
    where = zone if floor in ("", zone) else f"{floor}, {zone}"
    row_id = f"{slug(where)}.{slug(row)}" if row else slug(where)
    side = (side or side_in(zone)).removeprefix("middle")
    ends = seats.start, seats.stop - 1
    return Part(line, floor, where, row, row_id, *ends, category, side, marks)


def _check_names(place: str, cell: Mapping[str, str], faults: Faults) -> None:
    needed = [name for name in ("zone", "row") if name != "row" or not cell.get("capacity")]
    for what in (*needed, *(["floor"] if cell.get("floor") else [])):
        fault = name_fault(what, cell[what])
        if fault is None and not slug(cell[what]):
            fault = f"the {what} {cell[what]!r} has no letter or digit"
        if fault:
            faults.add(place, fault)
    if "category" in cell and (fault := name_fault("category", cell["category"])):
        faults.add(place, fault)


def _seats(place: str, cell: Mapping[str, str], faults: Faults) -> range | None:
    before = len(faults.found)
    first, last = (_number(place, what, cell[what], faults) for what in ("first", "last"))
    if first is None or last is None:
        return None
    _check_range(place, first, last, faults)
    return range(first, last + 1) if len(faults.found) == before else None


def _area(place: str, cell: Mapping[str, str], faults: Faults) -> range | None:
    """Return the places of an area."""
    for what in ("row", "first", "last"):
        if cell[what]:
            faults.add(place, f"an area with a capacity has no {what}; leave it empty")
    capacity = _number(place, "capacity", cell["capacity"], faults)
    if capacity is None:
        return None
    if not 1 <= capacity <= MAX_SEATS:
        faults.add(place, f"the capacity is {capacity}; 1 to {MAX_SEATS:,}")
        return None
    return range(1, capacity + 1)


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
            row = f", row {part.row!r}" if part.row else ""
            where = f"zone {part.zone!r}{row}"
            faults.add(f"line {part.line}", f"{seats} of {where} are on line {reach.line} too")
