"""Checks that the last report of a sale is the one whose hash was logged with its books."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from hashlib import sha256

from fairness.ledger.entries import Entry
from fairness.ledger.tiles import Files
from fairness.report import name

CHECK = "report"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}").fullmatch  # a log is not to choose which file is read


class ReportCheck:
    """Which report each sale ended with. `take` what fixes them in order, then `finish`."""

    def __init__(self, fail: Callable[[str, str, int | None], None]) -> None:
        self._fail = fail
        self._logged: dict[str, tuple[int, Entry]] = {}  # sale -> index, and what stands there

    def take(self, index: int, entry: Entry) -> None:
        """Check one act that fixes a report."""
        sale_id, until = entry["sale"], entry["detail"].get("until_entry")
        if sale_id in self._logged:
            self._fail(CHECK, f"{sale_id} has another report already", index)
        elif type(until) is not int or until >= index:
            self._fail(CHECK, "a report cannot count what is logged after it", index)
        self._logged.setdefault(sale_id, (index, entry["detail"]))

    def finish(self, files: Files) -> int:
        """Compare the reports that are there with what was logged; return how many there were."""
        found = 0
        for sale_id, (index, detail) in self._logged.items():
            data = files.read(name(sale_id)) if _NAME(sale_id) else None
            if data is None:
                continue  # a log may be given without its reports
            found += 1
            if sha256(data).hexdigest() != detail.get("sha256"):
                self._fail(CHECK, f"{name(sale_id)} is not the report that was logged", index)
            elif _until(data) != detail.get("until_entry"):
                self._fail(CHECK, f"{name(sale_id)} ends with another entry than it says", index)
        return found


def _until(report: bytes) -> object:
    try:
        found = json.loads(report)
    except ValueError:
        return None
    return found.get("until_entry") if isinstance(found, dict) else None
