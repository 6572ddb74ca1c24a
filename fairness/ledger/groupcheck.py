"""Checks from a sale's entries what people decided about who shares whose place.

A person may merge fans after the draw, and part them again. Neither draws anything anew: a merged
fan has the lead's place, and who was parted has the place that was drawn for them or, without one,
comes right behind whom they shared a place with: not before, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from fairness.clock import SECOND
from fairness.ledger.entries import Entry

Report = Callable[[str, str, int | None], None]  # check, what is wrong, index of the entry

CHECK = "parted"
GRACE_US = 10 * SECOND  # a parted fan goes first from the line's next tick on


class GroupCheck:
    """Who shares whose place by a person's decision. `take` a sale's entries in order."""

    def __init__(self, report: Report, places: Mapping[str, int], leads: dict[str, str]) -> None:
        """`places` and `leads` are the line's own: who is merged is written into `leads`."""
        self.once: set[str] = set()  # merged at some time
        self._report = report
        self._places = places
        self._leads = leads
        self._ahead: dict[str, str] = {}  # parted fan -> right behind whom
        self._due: dict[
            str, int
        ] = {}  # parted and not dealt with since -> due since, µs; 0: not yet
        self._called: set[str] = set()
        self._reached = 0  # the last place that was called or passed over

    def take(self, index: int, entry: Entry) -> None:
        """Check one entry; those about other things change nothing."""
        match entry["type"]:
            case "united":
                for fan, lead in entry["fans"]:
                    self._unite(index, fan, lead)
            case "parted":
                for fan, ahead in entry["fans"]:
                    self._part(index, fan, ahead, entry["at_us"])
            case "admitted":
                self._take_admitted(index, entry)

    def is_united(self, fan: str) -> bool:
        """Return whether this fan has a place of their own, and shares another's by decision."""
        return fan in self._leads and fan in self._places

    def is_behind(self, fan: str) -> bool:
        """Return whether this fan's place is right behind another's."""
        return fan in self._ahead

    def place_of(self, fan: str) -> int | None:
        """Return the place under which this fan may be called."""
        return self._places.get(self._ahead.get(fan, fan))

    def _lead_of(self, fan: str) -> str:
        seen = {fan}
        while (lead := self._leads.get(fan)) is not None and lead not in seen:
            fan = lead
            seen.add(fan)
        return fan

    def _unite(self, index: int, fan: str, lead: str) -> None:
        for one in (fan, lead):
            if self.place_of(one) is None:
                self._report("united", f"{one} is merged and has no place", index)
        if fan in self._leads or self._lead_of(lead) == fan:
            self._report("united", f"{fan} shares a place already, or is the lead", index)
            return
        if fan in self._called:
            self._report("united", f"{fan} was called, and is merged after it", index)
        self._leads[fan] = lead
        self._ahead.pop(fan, None)
        self._due.pop(fan, None)

    def _part(self, index: int, fan: str, ahead: str, at_us: int) -> None:
        if fan not in self._leads:
            self._report(CHECK, f"{fan} is parted and shared no place", index)
            return
        lead = self._lead_of(fan)
        rightly = fan if fan in self._places else self._ahead.get(lead, lead)
        if ahead != rightly:
            self._report(CHECK, f"{fan} is put behind {ahead} instead of {rightly}", index)
        self.once.add(fan)
        del self._leads[fan]
        if rightly != fan:
            self._ahead[fan] = rightly
        self._due[fan] = 0
        self._reach(0, at_us)

    def _take_admitted(self, index: int, entry: Entry) -> None:
        if not self._due and not self._ahead:  # nobody was parted: there is nothing to compare
            self._called.update([fan for fan, _ in entry["fans"]])
            called = [place for _, place in entry["fans"]]
            passed = [self._places.get(fan, 0) for fan, _ in entry["passed"]]
            self._reached = max([self._reached, *called, *passed])
            return
        ahead = [place for _, place in entry["fans"] if place > self._reached]
        if ahead and (late := next(self._late(entry["at_us"]), None)):
            self._report(CHECK, f"{late} was due, and others were called before", index)
        for fan, _ in entry["passed"]:
            self._due.pop(fan, None)
            self._reach(self._places.get(fan, 0), entry["at_us"])
        for fan, place in entry["fans"]:
            if fan in self._ahead and place > self._reached:
                what = f"{fan} was called before {self._ahead[fan]}, behind whom they are"
                self._report(CHECK, what, index)
            self._called.add(fan)
            self._due.pop(fan, None)
            if fan not in self._ahead:
                self._reach(place, entry["at_us"])

    def _reach(self, place: int, at_us: int) -> None:
        self._reached = max(self._reached, place)
        for fan, since_us in self._due.items():
            if not since_us and (self.place_of(fan) or self._reached + 1) <= self._reached:
                self._due[fan] = at_us

    def _late(self, at_us: int) -> Iterator[str]:
        """Yield who should have been called by now: their place was reached some time before."""
        for fan, since_us in self._due.items():
            if since_us and since_us + GRACE_US < at_us:
                yield fan
