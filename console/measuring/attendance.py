"""Who was who in a rehearsal: what a public log must not say, kept privately beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairness.errors import NotFound

FILE = "attendance.json"


@dataclass(frozen=True, slots=True)
class Attendance:
    """One sale: its bots, and how long each fan's join took, ms; fans as the log names them."""

    sale_id: str
    bots: frozenset[str]
    join_ms: Mapping[str, float]


def keep(folder: Path, found: Attendance) -> Path:
    """Write it into the home `folder`, readable by its owner alone; return the file.

    The one of an earlier rehearsal is replaced.
    """
    told = {"sale": found.sale_id, "bots": sorted(found.bots), "join_ms": dict(found.join_ms)}
    file, fresh = folder / FILE, folder / f".{FILE}"
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(told))
    os.replace(fresh, file)
    return file


def read(folder: Path) -> Attendance:
    """Return that of the newest rehearsal in this home; NotFound when there was none."""
    try:
        told = json.loads((folder / FILE).read_text())
        return Attendance(told["sale"], frozenset(told["bots"]), told["join_ms"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NotFound(
            f"no rehearsal was finished in {folder}",
            field="--rehearsal",
            value=str(folder),
            rule="a home in which `fairticket rehearse` has run",
            remedy="name it: fairticket --home FOLDER measure fairness --rehearsal",
        ) from error
