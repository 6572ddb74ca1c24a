"""Checks from a sale's entries that everyone arrived once, in order, and inside their window."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence

from fairness.manifest import Manifest

Report = Callable[[str, str, int | None], None]  # check, what is wrong, index of the entry


class ArrivalCheck:
    """Who arrived. `take` a sale's committed windows in order."""

    def __init__(self, report: Report) -> None:
        self.arrived: set[str] = set()
        self._report = report
        self._window, self._last_us = -1, -1  # of the newest arrival

    def take(
        self,
        number: int,
        arrivals: Sequence[tuple[str, int]],
        rules: Manifest | None,
        at: int | None,
    ) -> None:
        """Check one window's arrivals; `at` is the index of its entry, `rules` are the sale's."""
        if rules is None:
            self._report("manifest", f"window {number} came before the sale's rules", at)
        if number <= self._window:
            self._report("window", f"window {number} came after window {self._window}", at)
        if rules and arrivals and self._are_in_order(number, arrivals, rules):
            self.arrived.update(fan for fan, _ in arrivals)
            self._last_us = arrivals[-1][1]
        else:
            self._check_each(number, arrivals, rules, at)
        self._window = max(number, self._window)

    def _are_in_order(
        self, number: int, arrivals: Sequence[tuple[str, int]], rules: Manifest
    ) -> bool:
        """Whether nobody arrived twice, and all one after the other, inside their window."""
        fans = {fan for fan, _ in arrivals}
        times = [at_us for _, at_us in arrivals]
        return (
            len(fans) == len(times)
            and self.arrived.isdisjoint(fans)
            and self._last_us < times[0]
            and all(map(operator.lt, times, times[1:]))
            and rules.window_of(times[0]) == number == rules.window_of(times[-1])
        )

    def _check_each(
        self,
        number: int,
        arrivals: Sequence[tuple[str, int]],
        rules: Manifest | None,
        at: int | None,
    ) -> None:
        for fan, at_us in arrivals:
            if fan in self.arrived:
                self._report("arrivals", f"{fan} arrived twice", at)
            if at_us <= self._last_us:
                self._report("arrivals", f"{fan} at {at_us} is not after the one before", at)
            if rules and rules.window_of(at_us) != number:
                self._report("arrivals", f"{fan} at {at_us} is not of window {number}", at)
            self.arrived.add(fan)
            self._last_us = at_us
