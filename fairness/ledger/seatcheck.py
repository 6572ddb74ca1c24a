"""Checks one sale's seats from its entries: sold once, to called fans, within the limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from fairness.ledger.entries import Entry
from fairness.ledger.linecheck import LineCheck, Report
from fairness.ledger.waitcheck import WaitCheck


class SeatCheck:
    """Which order has which seat, as far as the entries have said. `take`, then `finish`."""

    def __init__(self, report: Report, line: LineCheck) -> None:
        self._report = report
        self._line = line
        self._waiting = WaitCheck(report, line)
        self._sold: dict[str, tuple[str, str]] = {}  # seat -> (order, fan)
        self._tickets: Counter[str] = Counter()  # by fan
        self._freed: Counter[str] = Counter()  # reason -> seats that were held back for it
        self._blocked: Counter[str] = Counter()  # reason -> seats held back since the manifest
        self._people: dict[str, set[str]] = {}  # lead -> fans who share their place and bought
        self._buyers: dict[str, int] = {}  # fan -> index of their first purchase
        self._totals: list[tuple[int, dict[str, int]]] = []

    def take(self, index: int, entry: Entry) -> None:
        """Check one entry; those that are not about seats change nothing."""
        match entry["type"]:
            case "seats_sold":
                self._take_sold(index, entry)
            case "seats_released":
                self._take_released(entry)
            case "passed_on":
                self._take_passed_on(index, entry)
            case "organiser" if entry["act"] in ("release", "block"):
                self._take_blocked(entry["detail"])
                self._take_freed(index, entry["detail"])
            case "wish":
                self._waiting.take_wish(index, entry)
            case "offered":
                self._waiting.take_offered(index, entry)
            case "closed":
                self._totals.append((index, entry["totals"]))

    def finish(self) -> None:
        """Check what can only be known at the end.

        A sale and the call that it needs may be logged in either order within a second.
        """
        self._waiting.finish()
        for fan, index in self._buyers.items():
            if self._line.person(fan) not in self._line.called and fan not in self._line.called:
                self._report("sold uncalled", f"{fan} bought but was never called", index)
        counts = self._line.counts
        found = {name: counts[name] for name in ("arrived", "merged", "called", "sold")}
        found["placed"] = len(self._line.places)
        for index, totals in self._totals:
            for name, stated in totals.items():
                if found.get(name, stated) < stated:
                    what = f"{stated} {name}, but the log has only {found[name]}"
                    self._report("totals", what, index)

    def _take_sold(self, index: int, entry: Entry) -> None:
        order, fan = entry["order"], entry["fan"]
        mine, new, more = (order, fan), 0, 0
        for seat in entry["seats"]:
            owner = self._sold.get(seat)
            if owner is None:
                new += 1
            elif owner[0] != order:
                self._report("sold twice", f"seat {seat} is sold to {owner[1]} already", index)
                more += 1
            self._sold[seat] = mine
        self._line.counts["sold"] += new
        self._tickets[fan] += new + more
        if not self._waiting.take_sold(order):  # an offer needs no call
            self._buyers.setdefault(fan, index)
        self._check_limit(index, fan)
        self._check_held_back(index)

    def _take_released(self, entry: Entry) -> None:
        # A hold that lapsed is noted later than the seat was sold on: only the owner's counts.
        for seat in entry["seats"]:
            order, fan = self._sold.get(seat, ("", ""))
            if order and order == entry["order"]:
                del self._sold[seat]
                self._tickets[fan] -= 1

    def _take_passed_on(self, index: int, entry: Entry) -> None:
        """Note that seats are a friend's now, who needs no call, but has a limit."""
        before, after = (entry["order"], entry["fan"]), (entry["to_order"], entry["to_fan"])
        for seat in entry["seats"]:
            if self._sold.get(seat) != before:
                self._report("passed on", f"seat {seat} is passed on by who has it not", index)
                continue
            self._sold[seat] = after
            self._tickets[before[1]] -= 1
            self._tickets[after[1]] += 1
        self._check_limit(index, after[1])

    def _check_limit(self, index: int, fan: str) -> None:
        manifest, person = self._line.manifest, self._line.person(fan)
        if person != fan:
            self._people.setdefault(person, set()).add(fan)
        has = self._tickets[person]
        if person in self._people:
            has += sum(self._tickets[one] for one in self._people[person] if one != person)
        if manifest and has > manifest.limit_per_person:
            what = f"{has} tickets for {person}, the limit is {manifest.limit_per_person}"
            self._report("limit", what, index)

    def _take_blocked(self, detail: Mapping[str, Any]) -> None:
        """Take note of seats that are held back from now on; they had not been sold."""
        blocked = detail.get("blocked")
        if isinstance(blocked, dict):
            for why, count in blocked.items():
                self._blocked[why] += count if type(count) is int and count > 0 else 0

    def _take_freed(self, index: int, detail: Mapping[str, Any]) -> None:
        """Take note of seats that go on sale later; they were held back before."""
        freed, rules = detail.get("released"), self._line.manifest
        if not isinstance(freed, dict):
            return
        for why, count in freed.items():
            self._freed[why] += count if type(count) is int and count > 0 else 0
            held = (rules.held_back.get(why, 0) if rules else 0) + self._blocked[why]
            if rules and self._freed[why] > held:
                what = f"{self._freed[why]} seats are released of {held} held back for {why}"
                self._report("held back", what, index)

    def _check_held_back(self, index: int) -> None:
        """Check that the seats declared as held back are not among those sold, by their number."""
        rules = self._line.manifest
        if rules is None or not rules.seats:
            return
        held = Counter(rules.held_back) + self._blocked
        on_sale = rules.seats - sum(max(0, n - self._freed[why]) for why, n in held.items())
        if len(self._sold) > on_sale:
            what = f"{len(self._sold)} seats are sold, {on_sale} were not held back"
            self._report("held back", what, index)
