"""Reading a table of actors, as others export it: any column may be missing, any value wrong."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from fairness.errors import Invalid
from fairness.screening.offline.behaviour import COARSE, COLUMNS, derive
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.judging import Actor

LONGEST_NAME = 512
_LARGEST = 1e18  # beyond it no count and no time is real, and sums would overflow


def read(path: Path, faults: Faults) -> list[Actor]:
    """Return the actors of the table at `path`, in its order; what is odd is in `faults`.

    A value that is no number ≥ 0 counts as not known. Invalid when there is no `actor` column, no
    column to judge by, or no row.
    """
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        found = _rows(file, faults)
        columns = _columns(next(found, (1, []))[1], f"--actors {path}")
        named: dict[str, dict[str, float | None]] = {}
        for line, cells in found:
            name = _name(cells, columns["actor"], line, named, faults)
            if name:
                named[name] = _numbers(cells, columns, line, faults)
    if not named:
        raise Invalid(
            "the table has no actors",
            field=f"--actors {path}",
            rule="one row for each actor below the header",
            remedy="check that the file is whole",
        )
    coarse = 1.0 if _in_seconds(list(named.values())) else None
    return [Actor(name, derive({**row, COARSE: coarse})) for name, row in named.items()]


def rows(path: Path, option: str, wanted: Sequence[str], faults: Faults) -> Iterator[list[str]]:
    """Yield line number and the `wanted` columns of every row. Invalid when one is missing."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        found = _rows(file, faults)
        header = _tidy(next(found, (1, []))[1])
        for name in wanted:
            if name not in header:
                raise _no_column(name, header, f"{option} {path}", wanted)
        places = [header.index(name) for name in wanted]
        for line, cells in found:
            yield [str(line), *(cells[at].strip() if at < len(cells) else "" for at in places)]


def _rows(file: IO[str], faults: Faults) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(1 << 20)
    start = file.read(4096)
    file.seek(0)
    header = start.split("\n", 1)[0]
    reader = csv.reader(file, delimiter=max(",;\t", key=header.count))
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            faults.note("row that is no CSV", f"line {reader.line_num}")
            continue
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _tidy(header: Sequence[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _columns(header: Sequence[str], field: str) -> dict[str, int]:
    names = _tidy(header)
    found = {name: names.index(name) for name in ("actor", *COLUMNS) if name in names}
    if "actor" not in found:
        raise _no_column("actor", names, field, ("actor", *COLUMNS))
    if len(found) == 1:
        raise _no_column("to judge by", names, field, COLUMNS)
    return found


def _no_column(what: str, header: Sequence[str], field: str, wanted: Sequence[str]) -> Invalid:
    seen = ", ".join(name[:40] for name in header[:20]) or "nothing"
    return Invalid(
        f"the table has no column {what}; its first line names: {seen}",
        field=field,
        value=list(header[:20]),
        rule=f"a header with {', '.join(wanted)}; case does not matter",
        remedy="name the columns in the first line",
    )


def _name(
    cells: Sequence[str], at: int, line: int, named: dict[str, dict[str, float | None]], f: Faults
) -> str:
    name = cells[at].strip() if at < len(cells) else ""
    if not name:
        f.note("row without an actor", f"line {line}")
    elif len(name) > LONGEST_NAME:
        f.note(f"actor's name longer than {LONGEST_NAME} characters", f"line {line}")
    elif name in named:
        f.note("row of an actor who had one already; the first one counts", f"line {line}")
    else:
        return name
    return ""


def _numbers(
    cells: Sequence[str], columns: dict[str, int], line: int, faults: Faults
) -> dict[str, float | None]:
    row: dict[str, float | None] = {}
    for name, at in columns.items():
        text = cells[at].strip() if at < len(cells) else ""
        if name == "actor":
            continue
        row[name] = value = _number(text)
        if value is None and text.lower() not in ("", "nan", "na", "null", "none"):
            faults.note(
                f"value in {name} that is no number from 0 on, taken as not known",
                f"line {line}: {text[:40]!r}",
            )
    return row


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return min(value, _LARGEST) if math.isfinite(value) and value >= 0 else None


def _in_seconds(rows: Sequence[dict[str, float | None]]) -> bool:
    """Return whether times seem kept in whole seconds: every median is, or lies between two."""
    column = "gap_median_s" if any(row.get("gap_median_s") for row in rows) else "first_gap_s"
    known = [value for row in rows if (value := row.get(column)) is not None]
    return len(known) > 1 and max(known) > 0 and all((2 * v).is_integer() for v in known)
