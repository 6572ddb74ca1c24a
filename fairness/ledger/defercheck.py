"""Checks from a sale's entries that fans were called later only where they had asked for it."""

from __future__ import annotations

from collections.abc import Callable

from fairness.clock import SECOND
from fairness.ledger.entries import Entry

Report = Callable[[str, str, int | None], None]  # check, what is wrong, index of the entry

CHECK = "not before"
# Who is due goes first from the store's next step on; two steps of it see two times.
GRACE_US = SECOND


class DeferCheck:
    """Who asked not to be called before which time. `take` a sale's entries in order."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._asked: dict[str, int] = {}  # fan -> not before, µs; 0: no longer
        self._since: dict[str, int] = {}  # fan -> when they asked last, µs
        self._put_off: set[str] = set()  # passed over for it and not dealt with since
        self._rebuilt_us = -1

    def take(self, index: int, entry: Entry, served: int) -> None:
        """Check one entry; `served` is the last place that was called before it."""
        if entry["type"] == "deferral":
            self._asked[entry["fan"]] = entry["until_us"]
            self._since[entry["fan"]] = entry["at_us"]
        elif entry["type"] == "rebuilt":
            self._rebuilt_us = entry["at_us"]
        elif entry["type"] == "admitted":
            self._take_admitted(index, entry, served)

    def has_asked(self, fan: str) -> bool:
        """Return whether the fan ever asked to be called later."""
        return fan in self._asked

    def _take_admitted(self, index: int, entry: Entry, served: int) -> None:
        at_us: int = entry["at_us"]
        for fan, why in entry["passed"]:
            self._put_off.discard(fan)
            if why == "deferred":
                self._put_off.add(fan)
                # A rebuilt line tells late whom it had passed over.
                if self._asked.get(fan, 0) <= at_us and at_us != self._rebuilt_us:
                    self._report(CHECK, f"{fan} was passed over and had not asked for it", index)
        called = [fan for fan, _ in entry["fans"]] if self._asked or self._put_off else []
        for fan in called:
            if self._asked.get(fan, 0) > at_us:
                self._report(CHECK, f"{fan} was called before the time they asked for", index)
        self._put_off.difference_update(called)
        self._check_first(index, entry, at_us, served)

    def _check_first(self, index: int, entry: Entry, at_us: int, served: int) -> None:
        """Check that nobody further on in the line was called while somebody was due."""
        if not self._put_off or not any(place > served for _, place in entry["fans"]):
            return
        for fan in self._put_off:
            due_us = max(self._asked.get(fan, 0), self._since.get(fan, 0))
            if due_us + GRACE_US <= at_us:
                self._report(CHECK, f"{fan} was due, and others were called before", index)
                return
