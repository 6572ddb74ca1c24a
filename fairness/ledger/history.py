"""What became of one sale, as its entries in the log tell it: enough to rebuild its line.

Believes the entries, which are the operator's own; `verify` is what checks them for others.
"""

from __future__ import annotations

from collections.abc import Sequence

from fairness.ledger import recompute
from fairness.ledger.entries import PASSED_OVER, Entry
from fairness.manifest import Manifest

Judged = tuple[str, Sequence[str]]  # verdict, names of the rules


class History:
    """What the entries taken so far say about one sale. `take` them in the order of the log."""

    def __init__(self, sale_id: str) -> None:
        self.sale_id = sale_id
        self.manifest: Manifest | None = None
        self.arrivals: list[tuple[str, int]] = []  # (fan, µs) of committed windows, in order
        self.merged: dict[str, str] = {}  # fan -> lead
        self.apart: dict[str, str] = {}  # parted fan -> right behind whom their place is
        self.verdicts: dict[str, Judged] = {}  # those that stand
        self.places: dict[str, int] = {}
        self.committed: dict[int, recompute.Window] = {}  # not yet drawn
        self.last_window: int | None = None  # the newest that is committed
        self.called: dict[str, int] = {}  # fan -> µs of the newest call, in the order of the first
        self.passed: dict[str, str] = {}  # fan -> why
        self.deferred: dict[str, int] = {}  # fan -> not to be called before, µs
        self.served = 0  # the last place called or passed over
        self.newest_us = 0  # the line was there at this time
        self._open: dict[int, recompute.Window] = {}

    def take(self, entry: Entry) -> bool:
        """Learn from the next entry; return whether it is one of this sale."""
        self.newest_us = max(self.newest_us, entry["at_us"])
        if entry["sale"] != self.sale_id:
            return False
        match entry["type"]:
            case "manifest":
                self.manifest = Manifest.from_entry(entry["manifest"])
            case "arrivals" | "merges":
                number = entry["window"]
                self._open.setdefault(number, recompute.Window(number)).take(entry)
            case "verdict":
                self._judge(entry["fan"], entry["verdict"], entry["rules"])
            case "organiser" if entry["act"] == "appeal_granted":
                self._judge(entry["detail"]["fan"], "admit", ())
            case "window":
                self._commit(entry["window"])
            case "draw":
                self._draw(entry["window"], bytes.fromhex(entry["seed"]))
            case "deferral" | "united" | "parted":
                self._regard(entry)
            case "admitted":
                self._admit(entry)
        return True

    def held_back(self, fan: str) -> str | None:
        """Return the verdict under which this fan is passed over, if one stands."""
        verdict, _ = self.verdicts.get(fan, ("admit", ()))
        return verdict if verdict in PASSED_OVER else None

    def lead_of(self, fan: str) -> str:
        """Return the fan whose place this fan shares; mostly their own."""
        while fan in self.merged:
            fan = self.merged[fan]
        return fan

    def _judge(self, fan: str, verdict: str, rules: Sequence[str]) -> None:
        if verdict == "admit":
            self.verdicts.pop(fan, None)
        else:
            self.verdicts[fan] = (verdict, tuple(rules))

    def _regard(self, entry: Entry) -> None:
        """Learn what a fan asked for, or what a person decided about some."""
        if entry["type"] == "deferral":
            self.deferred[entry["fan"]] = entry["until_us"]
            return
        for fan, other in entry["fans"]:
            self.merged.pop(fan, None)
            self.apart.pop(fan, None)
            if entry["type"] == "united":
                self.merged[fan] = other
            elif other != fan:
                self.apart[fan] = other

    def _commit(self, number: int) -> None:
        window = self._open.pop(number, None) or recompute.Window(number)
        self.arrivals += window.arrivals
        self.merged = window.merged | self.merged  # the first merge of a fan stands
        self.committed[number] = window
        self.last_window = number

    def _draw(self, number: int, seed: bytes) -> None:
        window = self.committed.pop(number, None)
        if window:
            drawn = recompute.drawn(self.sale_id, window.arrivals, window.merged, seed)
            self.places |= {fan: place for place, fan in enumerate(drawn, len(self.places) + 1)}

    def _admit(self, entry: Entry) -> None:
        self.passed.update(entry["passed"])
        for fan, place in entry["fans"]:
            self.called[fan] = entry["at_us"]
            self.passed.pop(fan, None)
            self.served = max(self.served, place)
        gone_by = (self.places.get(fan, 0) for fan, _ in entry["passed"])
        self.served = max(self.served, *gone_by, 0)
