"""Checks one sale's waiting list from its entries: every offer goes to the next whom it fits."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

from fairness.clock import SECOND
from fairness.ledger.entries import Entry
from fairness.ledger.linecheck import LineCheck, Report

# An offer may be decided while a wish is being written down, by another machine's clock.
SLACK_US = 10 * SECOND

Rank: TypeAlias = tuple[int, bool, int, int, str]


@dataclass(frozen=True, slots=True)
class _Wish:
    count: int
    tiers: frozenset[str]
    rank: Rank
    since_us: int

    def fits(self, seats: int, tier: str) -> bool:
        return self.count <= seats and (not self.tiers or tier in self.tiers)


class WaitCheck:
    """Who waits for seats that come back, and to whom they were offered."""

    def __init__(self, report: Report, line: LineCheck) -> None:
        self._report = report
        self._line = line
        self._wishes: dict[str, _Wish] = {}  # fan -> what they wait for now
        self._unpaid: Counter[str] = Counter()  # fan -> offers that were not taken up
        self._offers: dict[str, str] = {}  # order -> fan
        self._stated: list[tuple[int, str, int]] = []  # index, fan, place

    def take_wish(self, index: int, entry: Entry) -> None:
        """Note what a fan waits for; a count of 0 takes it back."""
        fan, place, at_us = entry["fan"], entry["place"], entry["at_us"]
        before = self._wishes.pop(fan, None)
        if not entry["count"]:
            return
        if place is not None:
            self._stated.append((index, fan, place))
        elif self._line.person(fan) in self._line.places:
            self._report("wish", f"{fan} has a place in the line, and the wish none", index)
        since_us = before.since_us if before else at_us
        rank = (self._unpaid[fan], place is None, place or 0, since_us, fan)
        tiers = frozenset(entry["tiers"])
        self._wishes[fan] = _Wish(entry["count"], tiers, rank, since_us)

    def take_offered(self, index: int, entry: Entry) -> None:
        """Check that the seats go to a fan who waits for them, and to nobody's disadvantage."""
        fan, seats, tier = entry["fan"], len(entry["seats"]), entry["tier"]
        self._offers[entry["order"]] = fan
        mine = self._wishes.pop(fan, None)
        if mine is None or mine.count != seats or not mine.fits(seats, tier):
            self._report("offer", f"{fan} does not wait for {seats} seats in {tier}", index)
            return
        self._unpaid[fan] += 1
        for other, wish in self._wishes.items():
            known = wish.since_us + SLACK_US <= entry["at_us"]
            if known and wish.rank < mine.rank and wish.fits(seats, tier):
                self._report("offer", f"{other} was before {fan} on the waiting list", index)
                return

    def take_sold(self, order: str) -> bool:
        """Note a sale; return whether it follows from an offer."""
        fan = self._offers.get(order)
        if fan is None:
            return False
        self._unpaid[fan] -= 1
        return True

    def finish(self) -> None:
        """Check the places that wishes named."""
        for index, fan, place in self._stated:
            if self._line.places.get(self._line.person(fan)) != place:
                self._report("wish", f"place {place} is not that of {fan}", index)
