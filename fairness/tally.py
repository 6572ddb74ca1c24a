"""What became of one sale, counted from its public entries and from nothing else."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fairness.errors import Invalid
from fairness.ledger import recompute
from fairness.ledger.entries import PASSED_OVER, Entry
from fairness.manifest import Manifest

MOST_ACTS = 500  # of the organiser, that are listed; all are counted


class Tally:
    """One sale as far as its entries were taken. `take` them in the order of the log.

    Costs memory for its fans and seats. Believes the entries: `verify` is what checks them.
    """

    def __init__(self, sale_id: str) -> None:
        self.sale_id = sale_id
        self.manifest: Manifest | None = None
        self.last: int | None = None  # index of the newest entry taken
        self.at_us = 0  # when that was decided
        self.counts: Counter[str] = Counter()
        self.arrived: dict[str, int] = {}  # fan -> µs
        self.opening: list[str] = []  # the opening window, in order of arrival
        self.places: dict[str, int] = {}
        self.called: dict[str, int] = {}  # fan -> µs of the first call, in order of the calls
        self.passed: dict[str, str] = {}  # fan -> why they were passed over last
        self.standing: dict[str, tuple[str, tuple[str, ...]]] = {}  # fan -> verdict, rules
        self.verdicts: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.beacons: Counter[str] = Counter()
        self.released: Counter[str] = Counter()  # reason -> seats that were only held
        self.returned: Counter[str] = Counter()  # reason -> seats that were sold
        self.sold: dict[str, str] = {}  # seat -> order
        self.buyers: set[str] = set()
        self.screenings: Counter[str] = Counter()  # version -> windows that it judged
        self.acts: list[dict[str, Any]] = []
        self.totals: dict[str, int] | None = None  # when the sale was closed
        self._open: dict[int, recompute.Window] = {}

    def take(self, index: int, entry: Entry) -> None:
        """Count one entry; those of other sales change nothing."""
        if entry["sale"] != self.sale_id:
            return
        self.last, self.at_us = index, max(self.at_us, entry["at_us"])
        self.counts["entries"] += 1
        match entry["type"]:
            case "manifest":
                self._take_manifest(entry)
            case "arrivals" | "merges":
                number = entry["window"]
                self._open.setdefault(number, recompute.Window(number)).take(entry)
            case "window":
                self._take_window(entry["window"])
            case "draw":
                self._take_draw(entry)
            case "admitted":
                self._take_admitted(entry)
            case "verdict":
                self._take_verdict(entry["fan"], entry["verdict"], entry["rules"])
            case "organiser":
                self._take_act(entry)
            case "closed":
                self.totals = dict(entry["totals"])
            case _:
                self._take_seats(entry)

    def _take_manifest(self, entry: Entry) -> None:
        try:
            self.manifest = Manifest.from_entry(entry["manifest"])
        except (Invalid, TypeError):
            self.manifest = None  # of a later version; the figures do not need it

    def _take_window(self, number: int) -> None:
        window = self._open.setdefault(number, recompute.Window(number))
        self.arrived.update(window.arrivals)
        self.counts.update(windows=1, joined=len(window.arrivals), merged=len(window.merged))
        if number == 0:
            self.opening = [fan for fan, _ in window.arrivals]

    def _take_draw(self, entry: Entry) -> None:
        window = self._open.pop(entry["window"], None)
        if window:
            seed = bytes.fromhex(entry["seed"])
            drawn = recompute.drawn(self.sale_id, window.arrivals, window.merged, seed)
            self.places |= {fan: place for place, fan in enumerate(drawn, len(self.places) + 1)}
            self.beacons[entry["beacon"]] += 1

    def _take_admitted(self, entry: Entry) -> None:
        self.passed.update(entry["passed"])
        self.counts["calls"] += len(entry["fans"])
        for fan, _ in entry["fans"]:
            self.called.setdefault(fan, entry["at_us"])

    def _take_verdict(self, fan: str, verdict: str, rules: list[str]) -> None:
        self.verdicts[verdict] += 1
        if verdict == "admit":
            self.counts["lifted"] += fan in self.standing
            self.standing.pop(fan, None)
        else:
            self.rules.update(rules)
            self.standing[fan] = (verdict, tuple(rules))

    def _take_act(self, entry: Entry) -> None:
        detail = dict(entry["detail"])
        if entry["act"] == "screening":  # one for each window: only which there were is told
            self.screenings[str(detail.get("version"))] += 1
            return
        self.counts["acts"] += 1
        if entry["act"] == "appeal_granted":
            self._take_verdict(detail.get("fan", ""), "admit", [])
        if len(self.acts) < MOST_ACTS:
            self.acts.append({"at_us": entry["at_us"], "act": entry["act"], "detail": detail})

    def _take_seats(self, entry: Entry) -> None:
        kind = entry["type"]
        if kind == "seats_sold":
            self.counts["orders"] += 1
            self.buyers.add(entry["fan"])
            self.sold |= dict.fromkeys(entry["seats"], entry["order"])
        elif kind == "seats_released":
            mine = [seat for seat in entry["seats"] if self.sold.get(seat) == entry["order"]]
            for seat in mine:
                del self.sold[seat]
            reasons = self.returned if mine else self.released
            reasons[entry["reason"]] += len(mine) or len(entry["seats"])
        else:
            if kind == "passed_on":
                mine = [seat for seat in entry["seats"] if self.sold.get(seat) == entry["order"]]
                self.sold |= dict.fromkeys(mine, entry["to_order"])
            self.counts[kind] += 1

    def held_up(self) -> dict[str, int]:
        """Return verdict -> fans whom such a verdict keeps out now, of those that do."""
        found = Counter(verdict for verdict, _ in self.standing.values())
        return {verdict: found[verdict] for verdict in PASSED_OVER if found[verdict]}
