"""The links of a sale: what its fans share, kept in the store, so that windows find each other.

What sharing weighs, and who is therefore one person, is decided in `bonds`. A mailbox, a card, a
number, a browser and an address are kept for later windows, and when accounts of one address were
made; that accounts from anywhere were made together is only looked at inside one window. What very
many share says nothing and is not followed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from redis import Redis

from fairness import keys, scripts
from fairness.collector import paused
from fairness.screening import evidence
from fairness.screening.bonds import (
    ADDRESS,
    BONDS,
    CARD,
    DEVICE,
    MAILBOX,
    PHONE,
    SITTING,
    TRANSFER,
    Attribute,
    Group,
    unite,
)
from fairness.screening.sharers import Sharers, batches

KEPT = frozenset({MAILBOX, CARD, PHONE, DEVICE, ADDRESS, SITTING, TRANSFER})
_AT_ONCE = 500  # fans about whom the store is asked at once: a millisecond of it


@dataclass(frozen=True, slots=True)
class Entry:
    """One arrival and what it may share with others."""

    fan: str
    at_us: int
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """How many fans of the sale have each attribute, and whose place each linked fan shares."""

    counts: Mapping[Attribute, int]
    leads: Mapping[str, str]  # fan of the window -> the earliest arrival of the same person
    groups: Sequence[Group] = field(default=())  # the people of several accounts, and why
    gone: frozenset[str] = frozenset()  # linked, but their place is gone: they left the line


class Links:
    """The links of one sale, kept in the store."""

    def __init__(self, redis: Redis, sale_id: str) -> None:
        self._redis = redis
        self._sale_id = sale_id
        self._sharers = Sharers(redis, sale_id)
        self._came = scripts.load(redis, "came")

    @paused()
    def record(self, window: Sequence[Entry]) -> Shared:
        """Remember the window's attributes; return what they share with all arrivals so far.

        Recording a window twice changes nothing. Windows are to be recorded in their order: one
        that overtakes another misses links to it, but makes no wrong one.
        """
        here: dict[Attribute, list[str]] = defaultdict(list)
        for entry in window:
            for attribute in entry.attributes:
                here[attribute].append(entry.fan)
        counts = self._sharers.add({a: fans for a, fans in here.items() if a[0] in KEPT})
        members = self._members(here, counts)
        arriving = {entry.fan: entry.at_us for entry in window}
        linked = {fan for fans in members.values() for fan in fans}
        earlier = self._merged(linked - arriving.keys())
        asked = linked | set(earlier.values())
        times = self._arrived(asked, arriving)
        groups = [
            g
            for g in unite(members, times, earlier, counts, self._sizes(earlier, arriving))
            if not arriving.keys().isdisjoint(g.fans)
        ]
        gone = frozenset(asked - times.keys())
        return Shared(counts, _leads(groups, earlier, arriving), groups, gone)

    def join(self, entries: Sequence[Entry]) -> list[Group]:
        """Remember more about fans who arrived before; return the groups that they are in now.

        Their times are those of their arrivals. What is added before it is read is seen by one of
        any two who add at the same moment.
        """
        here: dict[Attribute, list[str]] = defaultdict(list)
        for entry in entries:
            for attribute in entry.attributes:
                here[attribute].append(entry.fan)
        counts = self._sharers.add({a: fans for a, fans in here.items() if a[0] in KEPT})
        members = self._members(here, counts)
        mine = {entry.fan for entry in entries}
        linked = {fan for fans in members.values() for fan in fans} | mine
        earlier = self._merged(linked)
        times = self._arrived(linked | set(earlier.values()), {})
        found = unite(members, times, earlier, counts, self._sizes(earlier, mine))
        return [group for group in found if not mine.isdisjoint(group.fans)]

    def _sizes(self, earlier: Mapping[str, str], but: Container[str]) -> dict[str, int]:
        return evidence.sizes(self._redis, self._sale_id, earlier.values(), but)

    def _members(
        self, here: Mapping[Attribute, list[str]], counts: Mapping[Attribute, int]
    ) -> dict[Attribute, list[str]]:
        """Return who shares each attribute that may link; the store is asked where it must be."""
        known = {
            a: list(dict.fromkeys(fans))
            for a, fans in here.items()
            if len(fans) > 1 or counts.get(a, 0) > 1  # hardly any is shared
        }
        bonding = [a for a in counts if BONDS[a[0]].among(counts[a])]
        return known | self._sharers.of(a for a in bonding if counts[a] > len(known[a]))

    def _arrived(self, fans: Iterable[str], window: Mapping[str, int]) -> dict[str, int]:
        """Return who arrived when; without those who left the line, whose place is gone."""
        found: dict[str, int] = {}
        its_keys = scripts.keys_of("came", self._sale_id)
        for batch in batches(fans, _AT_ONCE):
            others = [fan for fan in batch if fan not in window]
            found_there = self._came(keys=its_keys, args=others) if others else ()
            came = dict(zip(others, found_there, strict=True))
            gone = self._redis.smismember(keys.left(self._sale_id), batch)
            for fan, left in zip(batch, gone, strict=True):
                at_us = window[fan] if fan in window else came[fan]
                if at_us is not None and not left:
                    found[fan] = int(at_us)
        return found

    def _merged(self, fans: Iterable[str]) -> dict[str, str]:
        """Return fan -> lead of those who were merged in an earlier window."""
        found: dict[str, str] = {}
        for batch in batches(fans, _AT_ONCE):
            leads = self._redis.hmget(keys.merged(self._sale_id), batch)
            found |= {fan: str(lead) for fan, lead in zip(batch, leads, strict=True) if lead}
        return found


def _leads(
    groups: Iterable[Group], earlier: Mapping[str, str], arriving: Mapping[str, int]
) -> dict[str, str]:
    """Return fan -> lead for the arriving fans; nobody of an earlier window changes place."""
    leads: dict[str, str] = {}
    for group in groups:
        first = earlier.get(group.fans[0], group.fans[0])
        leads |= {fan: first for fan in group.fans[1:] if fan in arriving and fan != first}
    return leads
