"""Checks one sale's line from its entries: who arrived, how it was drawn, who was called."""

from __future__ import annotations

import itertools
import operator
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from fairness.errors import Invalid
from fairness.ledger import merkle, recompute
from fairness.ledger.arrivalcheck import ArrivalCheck
from fairness.ledger.beaconcheck import BeaconCheck
from fairness.ledger.defercheck import DeferCheck
from fairness.ledger.entries import PASSED_OVER, Entry
from fairness.ledger.groupcheck import GroupCheck
from fairness.ledger.screencheck import ScreenCheck
from fairness.manifest import Manifest

Report = Callable[[str, str, int | None], None]  # check, what is wrong, index of the entry


@dataclass(slots=True)
class _Batch(recompute.Window):
    """A window until it is drawn: what its entries said, and what its draw must be proved over."""

    judged: list[bytes] = field(default_factory=list)  # leaf hashes of verdicts and merges
    verdicts: Counter[str] = field(default_factory=Counter)
    parts: Counter[str] = field(default_factory=Counter)
    committed: bytes = b""  # the window entry
    leaves: list[bytes] = field(default_factory=list)  # of its arrivals


class LineCheck:
    """What one sale's entries have said so far. `take` them in order, then `finish`."""

    def __init__(self, report: Report) -> None:
        self.places: dict[str, int] = {}
        self.called: dict[str, int] = {}  # fan -> index of the entry
        self.leads: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.manifest: Manifest | None = None
        self._report = report
        self._beacon = BeaconCheck(report)
        self._key: bytes | None = None
        self._arrivals = ArrivalCheck(report)
        self._open: dict[int, _Batch] = {}
        self._verdicts: dict[str, set[str]] = {}
        self._passed: dict[str, tuple[str, int]] = {}  # fan -> why, index of the entry
        self._called_again: list[tuple[str, int]] = []
        self._served = 0
        self._deferrals = DeferCheck(report)
        self._groups = GroupCheck(report, self.places, self.leads)
        self._screenings = ScreenCheck(report)
        self._at: int | None = None

    def take(self, index: int, entry: Entry, data: bytes, key: bytes | None) -> None:
        """Check one entry; `key` is the beacon's public key as the log names it at this point."""
        self._at = self._beacon.at = self._screenings.at = index
        self._deferrals.take(index, entry, self._served)
        self._groups.take(index, entry)
        match entry["type"]:
            case "manifest":
                self._take_manifest(entry, key)
            case "arrivals" | "merges" | "verdict":
                self._take_part(entry, data)
            case "organiser" if entry["act"] == "screening":
                self._screenings.take(entry["detail"], self.manifest)
            case "window":
                self._take_window(entry, data)
            case "round" | "fallback":
                self._beacon.take(entry, index, self.manifest)
            case "draw":
                self._take_draw(entry)
            case "admitted":
                self._take_admitted(entry)
            case "rebuilt":
                self._take_rebuilt(entry)

    def finish(self) -> None:
        """Check what can only be known at the end: that everyone passed over has a reason."""
        self._at = None
        for number, batch in self._open.items():
            if not batch.committed:
                self._fail("window", f"window {number} has arrivals but no window entry")
        for fan in self.leads:
            if self.person(fan) in self.leads:
                self._fail("merges", f"{fan} and those merged with them have no place at all")
        self.counts.update(self._beacon.counts + self._screenings.counts)
        self._finish_calls()

    def _finish_calls(self) -> None:
        for fan, place in self.places.items():
            if place <= self._served and fan not in self.called and fan not in self._passed:
                self._fail("passed over", f"place {place} was never called, and no reason given")
        for fan, (why, index) in self._passed.items():
            if not self._is_reason(fan, why):
                self._report("passed over", f"{fan}: {why}, but the log has no such thing", index)
        for fan, index in self._called_again:
            if not self._was_held(fan):
                self._report("called twice", f"{fan} was called twice", index)

    def person(self, fan: str) -> str:
        """Return the fan whose place this fan shares; mostly their own."""
        if fan not in self.leads:
            return fan
        seen = {fan}
        while (lead := self.leads.get(fan)) is not None and lead not in seen:
            fan = lead
            seen.add(fan)
        return fan

    def _fail(self, check: str, what: str) -> None:
        self._report(check, what, self._at)

    def _take_manifest(self, entry: Entry, key: bytes | None) -> None:
        if self.manifest:
            self._fail("manifest", "the sale has a second manifest")
            return
        try:
            self.manifest = Manifest.from_entry(entry["manifest"])
        except (Invalid, TypeError, ValueError) as error:
            self._fail("manifest", f"it cannot be read: {error}")
        if key is None:
            self._fail("beacon key", "the log does not name the beacon's key before this sale")
        self._key = key

    def _take_part(self, entry: Entry, data: bytes) -> None:
        kind, number = entry["type"], entry["window"]
        if kind == "verdict":
            self._verdicts.setdefault(entry["fan"], set()).add(entry["verdict"])
            if number is None:
                return
        batch = self._open.setdefault(number, _Batch(number))
        if batch.committed:
            self._fail("window", f"{kind} after window {number} was committed")
            return
        if kind != "arrivals":
            batch.judged.append(merkle.leaf_hash(data))
        if kind == "verdict":
            batch.verdicts[entry["verdict"]] += 1
            return
        if entry["part"] != batch.parts[kind]:
            self._fail(kind, f"part {entry['part']} instead of {batch.parts[kind]}")
        batch.parts[kind] += 1
        batch.take(entry)

    def _take_window(self, entry: Entry, data: bytes) -> None:
        number = entry["window"]
        batch = self._open.setdefault(number, _Batch(number))
        if batch.committed:
            self._fail("window", f"window {number} is committed twice")
            return
        batch.committed = data
        self._beacon.committed[number] = self._at or 0
        self._screenings.window(number, self.manifest)
        self._arrivals.take(number, batch.arrivals, self.manifest, self._at)
        self._check_merges(batch)
        batch.leaves = recompute.leaves(entry["sale"], batch.arrivals)
        root = merkle.root(batch.leaves).hex()
        screened = merkle.root(batch.judged).hex()
        for check, stated, found in (
            ("window root", entry["root"], root),
            ("window count", entry["count"], len(batch.arrivals)),
            ("screening", entry["screened"], screened),
            ("screening", entry["merged"], len(batch.merged)),
            ("screening", entry["verdicts"], dict(batch.verdicts)),
        ):
            if stated != found:
                self._fail(check, f"window {number} says {stated}, its entries give {found}")
        self.counts.update(windows=1, arrived=len(batch.arrivals), merged=len(batch.merged))

    def _check_merges(self, batch: _Batch) -> None:
        arrived = self._arrivals.arrived
        for fan, lead in batch.merged.items():
            if fan in self.leads:
                self._fail("merges", f"{fan} is merged twice")
            if fan not in arrived or lead not in arrived or fan == lead:
                self._fail("merges", f"{fan} into {lead}: they did not both arrive")
        self.leads.update(batch.merged)

    def _take_draw(self, entry: Entry) -> None:
        number = entry["window"]
        batch = self._open.get(number)
        if batch is None or not batch.committed:
            self._fail("draw", f"window {number} is drawn but not committed, or drawn twice")
            return
        if number != min(self._open):
            self._fail("draw", f"window {number} is drawn before window {min(self._open)}")
        self._beacon.draw(entry, batch.committed, self.manifest, self._key)
        del self._open[number]
        seed = bytes.fromhex(entry["seed"])
        order = recompute.drawn(entry["sale"], batch.arrivals, batch.merged, seed, batch.leaves)
        self.places.update(zip(order, itertools.count(len(self.places) + 1)))
        self.counts["draws"] += 1

    def _take_admitted(self, entry: Entry) -> None:
        at = self._at or 0
        for fan, why in entry["passed"]:
            self._passed[fan] = (why, at)
        if self._goes_on(entry["fans"]):
            self.called.update([(fan, at) for fan, _ in entry["fans"]])
            self._served = entry["fans"][-1][1]
            self.counts["called"] += len(entry["fans"])
            return
        for fan, place in entry["fans"]:
            rightly = self._groups.place_of(fan)
            if rightly != place:
                self._fail("place", f"{fan} was drawn to {rightly}, not {place}")
            elif fan in self.leads and self._groups.is_united(fan):
                self._fail("place", f"{fan} was called, and shares the place of another")
            elif fan in self.called:
                self._called_again.append((fan, at))
            elif self._groups.is_behind(fan):
                pass  # after their lead: looked at there
            elif place < self._served and fan not in self._passed:
                self._fail("order", f"place {place} was called after place {self._served}")
            self._served = max(self._served, place)
            self.called.setdefault(fan, at)
            self.counts["called"] += 1

    def _goes_on(self, fans: list[tuple[str, int]]) -> bool:
        """Whether all are called for the first time, as drawn, each behind the one before."""
        names, places = [fan for fan, _ in fans], [place for _, place in fans]
        return (
            bool(fans)
            and [self.places.get(fan) for fan in names] == places
            and all(map(operator.lt, [self._served, *places], places))
            and self.called.keys().isdisjoint(names)
            and self.leads.keys().isdisjoint(names)
            and not any(map(self._groups.is_behind, names))
        )

    def _take_rebuilt(self, entry: Entry) -> None:
        """A line can be rebuilt from no more than the log held."""
        self.counts["rebuilt"] += 1
        held = {**self.counts, "placed": len(self.places), "called": len(self.called)}
        for name, stated in entry["totals"].items():
            if name in ("arrived", "placed", "called") and held.get(name, 0) < stated:
                self._fail("rebuilt", f"from {stated} {name}, but the log had {held.get(name, 0)}")

    def _is_reason(self, fan: str, why: str) -> bool:
        if why == "deferred":
            return self._deferrals.has_asked(fan)
        if why in PASSED_OVER:
            return why in self._verdicts.get(fan, ())
        if why == "merged":
            return fan in self.leads or fan in self._groups.once
        return why == "left"

    def _was_held(self, fan: str) -> bool:
        return not self._verdicts.get(fan, set()).isdisjoint(PASSED_OVER)
