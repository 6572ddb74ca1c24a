"""Checks from a log alone where the seed of each draw comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from fairness import beacon, beacon_drand, beacon_rule
from fairness.beacon_drand import Chain
from fairness.errors import Invalid
from fairness.ledger.entries import Entry
from fairness.manifest import ECVRF, Manifest


class BeaconCheck:
    """The beacon of one sale, whichever it is. Give it every entry about it, in order."""

    def __init__(self, report: Callable[[str, str, int | None], None]) -> None:
        self.at: int | None = None  # index of the entry that is being checked
        self.committed: dict[int, int] = {}  # window -> index of its entry, until it is drawn
        self.counts: Counter[str] = Counter()
        self._tell = report
        self._awaited: dict[int, Entry] = {}  # window -> its round entry
        self._given_up: set[int] = set()  # windows

    def _report(self, check: str, what: str) -> None:
        self._tell(check, what, self.at)

    def take(self, entry: Entry, index: int, rules: Manifest | None) -> None:
        """Check a round or fallback entry."""
        chain = beacon_rule.chain_of(rules) if rules else None
        if rules is None or chain is None:
            self._report(f"beacon {entry['type']}", "the sale's rules name no public beacon")
        elif entry["type"] == "round":
            self._take_round(entry, index, rules, chain)
        else:
            self._take_fallback(entry, rules)

    def draw(
        self, entry: Entry, committed: bytes, rules: Manifest | None, key: bytes | None
    ) -> None:
        """Check the proof and seed of a draw; `committed` is the window entry, `key` ECVRF's."""
        number, chain = entry["window"], beacon_rule.chain_of(rules) if rules else None
        named = rules.beacon if rules and number not in self._given_up else ECVRF
        if entry["beacon"] != named:
            self._report("beacon proof", f"{entry['beacon']} is not the beacon of this draw")
            return
        if named == ECVRF:
            self._check_own(entry, committed, key)
        elif rules and chain:
            self._check_public(entry, committed, rules, chain)
        self.committed.pop(number, None)
        self._awaited.pop(number, None)

    def _take_round(self, entry: Entry, index: int, rules: Manifest, chain: Chain) -> None:
        number, at = entry["window"], self.committed.get(entry["window"])
        if number in self._awaited or at is None:
            self._report("beacon round", f"window {number} has two, or is not committed")
            return
        self._awaited[number] = entry
        chosen = beacon_rule.round_of(rules, number, entry["at_us"])
        for what, stated, right in (
            ("the beacon", entry["beacon"], rules.beacon),
            ("the chain", entry["chain"], chain.hash),
            ("the round", entry["round"], chosen),
        ):
            if stated != right:
                self._report("beacon round", f"window {number}: {what} is {stated}, not {right}")
        if not at < entry["sealed"] <= index:
            self._report("beacon round", f"window {number} was not published when it was named")

    def _take_fallback(self, entry: Entry, rules: Manifest) -> None:
        number, awaited = entry["window"], self._awaited.get(entry["window"])
        self._given_up.add(number)
        self.counts["fallbacks"] += 1
        from_us = beacon_rule.given_up_us(rules, entry["round"])
        if awaited is None or awaited["round"] != entry["round"]:
            self._report("beacon fallback", f"window {number} was not awaiting {entry['round']}")
        elif from_us is None or entry["beacon"] != rules.beacon_fallback:
            self._report("beacon fallback", f"window {number}: not what the rules declare")
        elif entry["at_us"] < from_us:
            early = from_us - entry["at_us"]
            self._report("beacon fallback", f"window {number}: {early} µs before the rules allow")

    def _check_own(self, entry: Entry, committed: bytes, key: bytes | None) -> None:
        if key is None:
            self._report("beacon key", "the log names no key for this draw")
            return
        try:
            beta = beacon.verify(key, committed, bytes.fromhex(entry["proof"]))
        except (Invalid, ValueError) as error:
            self._report("beacon proof", f"window {entry['window']}: {error}")
            return
        self._same_seed(entry, beacon.draw_seed(beta))

    def _check_public(self, entry: Entry, committed: bytes, rules: Manifest, chain: Chain) -> None:
        number, awaited = entry["window"], self._awaited.get(entry["window"])
        if awaited is None:
            self._report("beacon round", f"window {number} is drawn by a round never announced")
            return
        try:
            randomness = chain.check(awaited["round"], bytes.fromhex(entry["proof"]))
        except (Invalid, ValueError, OverflowError) as error:
            self._report("beacon proof", f"window {number}, round {awaited['round']}: {error}")
            return
        if entry["at_us"] < beacon_rule.due_us(rules, awaited["round"]):
            self._report("beacon round", f"window {number} is drawn before its round could be")
        self._same_seed(entry, beacon_drand.draw_seed(randomness, committed))
        self.counts["beacon rounds"] += 1

    def _same_seed(self, entry: Entry, seed: bytes) -> None:
        if seed.hex() != entry["seed"]:
            self._report("draw seed", f"window {entry['window']}: the proof gives another seed")
