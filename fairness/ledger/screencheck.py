"""Checks that each window names the screening that judged it, as the sale's rules declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from fairness.manifest import Manifest
from fairness.screening import calibration

Report = Callable[[str, str, int | None], None]  # check, what is wrong, index of the entry
CHANGED = "screened by another version than declared"


class ScreenCheck:
    """What one sale's entries have said so far about who screened it."""

    def __init__(self, report: Report) -> None:
        self.at: int | None = None
        self.counts: Counter[str] = Counter()
        self._report = report
        self._named: set[int] = set()

    def take(self, detail: Mapping[str, Any], rules: Manifest | None) -> None:
        """Check the naming of one window's screening against the rules, as far as they go."""
        version = str(detail.get("version"))
        release, _, weights = version.partition("+")
        self.counts[f"screened by {version}"] += 1
        promised = calibration.name(rules.rule_weights_milli) if rules else ""
        if weights != promised:
            self._fail(f"{version} does not name the weights of the sale's rules")
        if rules and rules.screening:
            if isinstance(number := detail.get("window"), int):
                self._named.add(number)
            self._compare(release, rules.screening, str(detail.get("instead_of", "")))

    def window(self, number: int, rules: Manifest | None) -> None:
        """Check that a window which is committed has named its screening, where that is due."""
        if rules and rules.screening and number not in self._named:
            self._fail(f"window {number} does not say which screening judged it")

    def _compare(self, release: str, declared: str, instead_of: str) -> None:
        if release == declared and instead_of:
            self._fail(f"{release} says that it came instead of {instead_of}, and is that itself")
        elif release != declared and instead_of != declared:
            self._fail(f"{release} judged instead of {declared}, and the log does not say so")
        elif release != declared:
            self.counts[CHANGED] += 1

    def _fail(self, what: str) -> None:
        self._report("screening", what, self.at)
