"""Which arrivals are one person: by things that are shared, and only by strong evidence.

Strong is: the same mailbox under two aliases; the same card; the same browser together with
something else (the same throw-away mail domain; joins so close that nobody could have signed out
and in between; three accounts and more behind one address). One address alone, or two accounts on
one family's tablet, never merges anybody. What very many share says nothing and is not followed.

The links stay in the store, so that a later window finds the fans of the earlier ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import TypeVar

from redis import Redis

from fairness import keys, scripts
from fairness.clock import SECOND

MAILBOX, CARD, DEVICE, ADDRESS = "mailbox", "card", "device", "address"
DEVICE_ADDRESS, DEVICE_DOMAIN = "device+address", "device+domain"

SIGN_IN_US = 10 * SECOND  # nobody signs out, in as someone else and joins in less
KEPT_S = 30 * 24 * 3600  # the store forgets a link by itself after this
_AT_ONCE = 500  # commands in one pipeline, attributes in one script: a few ms of the store

T = TypeVar("T")
Attribute = tuple[str, str]  # kind, keyed hash of the value


@dataclass(frozen=True, slots=True)
class Bond:
    """When sharing one attribute makes one person of the fans who do."""

    fewest: int = 2
    most: int = 200  # shared by more, it is no longer something of one person
    within_us: int | None = None  # joins must follow one another at least this closely


BONDS: Mapping[str, Bond] = {
    MAILBOX: Bond(most=100_000),  # however many aliases: it stays one mailbox
    CARD: Bond(),
    DEVICE: Bond(within_us=SIGN_IN_US),
    DEVICE_ADDRESS: Bond(fewest=3),
    DEVICE_DOMAIN: Bond(),
}


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


class Links:
    """The links of one sale, kept in the store."""

    def __init__(self, redis: Redis, sale_id: str) -> None:
        self._redis = redis
        self._sale_id = sale_id
        self._link = scripts.load(redis, "link")

    def record(self, window: Sequence[Entry]) -> Shared:
        """Remember the window's attributes; return what they share with all arrivals so far.

        Recording a window twice changes nothing. Windows are to be recorded in their order: one
        that overtakes another misses links to it, but makes no wrong one.
        """
        here: dict[Attribute, list[str]] = defaultdict(list)
        for entry in window:
            for attribute in entry.attributes:
                here[attribute].append(entry.fan)
        counts = self._write(here)
        members = self._members(here, counts)
        linked = {fan for fans in members.values() for fan in fans}
        times = self._arrived(linked, {entry.fan: entry.at_us for entry in window})
        groups = unite(members, times)
        return Shared(counts, self._leads(groups, {entry.fan for entry in window}))

    def _key(self, attribute: Attribute) -> str:
        return keys.links(self._sale_id, *attribute)

    def _write(self, here: Mapping[Attribute, list[str]]) -> dict[Attribute, int]:
        counts: dict[Attribute, int] = {}
        # A crowd on one address comes in parts: a script takes a bounded number of arguments.
        parts = ((a, part) for a, fans in here.items() for part in _batches(fans))
        for batch in _batches(parts):
            args: list[str | int] = [KEPT_S]
            for _, part in batch:
                args += len(part), *part
            cards = self._link(keys=[self._key(a) for a, _ in batch], args=args)
            counts |= {a: int(card) for (a, _), card in zip(batch, cards, strict=True)}
        return counts

    def _members(
        self, here: Mapping[Attribute, list[str]], counts: Mapping[Attribute, int]
    ) -> dict[Attribute, list[str]]:
        """Return who shares each attribute that can make a bond; the store is asked if need be."""
        bonding = {a for a in here if (bond := BONDS.get(a[0])) and _binds(bond, counts[a])}
        known = {a: list(dict.fromkeys(here[a])) for a in bonding}
        for batch in _batches(a for a in bonding if counts[a] > len(known[a])):
            with self._redis.pipeline(transaction=False) as pipe:
                for attribute in batch:
                    pipe.smembers(self._key(attribute))
                known |= zip(batch, map(list, pipe.execute()), strict=True)
        return known

    def _arrived(self, fans: Iterable[str], window: Mapping[str, int]) -> dict[str, int]:
        """Return who arrived when; without those who left the line, whose place is gone."""
        found: dict[str, int] = {}
        for batch in _batches(fans):
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.zmscore(keys.arrivals(self._sale_id), batch)
                pipe.smismember(keys.left(self._sale_id), batch)
                scores, gone = pipe.execute()
            for fan, score, left in zip(batch, scores, gone, strict=True):
                at_us = window.get(fan, score)
                if at_us is not None and not left:
                    found[fan] = int(at_us)
        return found

    def _leads(self, groups: Iterable[Sequence[str]], window: set[str]) -> dict[str, str]:
        first = {fan: group[0] for group in groups for fan in group[1:] if fan in window}
        earlier = sorted(set(first.values()) - window)
        for batch in _batches(earlier):
            merged = self._redis.hmget(keys.merged(self._sale_id), batch)
            resolved = {fan: str(lead) for fan, lead in zip(batch, merged, strict=True) if lead}
            first = {fan: resolved.get(lead, lead) for fan, lead in first.items()}
        return first


def unite(members: Mapping[Attribute, Sequence[str]], times: Mapping[str, int]) -> list[list[str]]:
    """Return the groups of two and more fans who are one person, each by time of arrival.

    Fans without a time are left out.
    """
    person: dict[str, str] = {}
    for (kind, _), fans in members.items():
        present = sorted((fan for fan in fans if fan in times), key=lambda f: (times[f], f))
        bond = BONDS[kind]
        if not _binds(bond, len(present)):
            continue
        for one, other in pairwise(present):
            if bond.within_us is None or times[other] - times[one] <= bond.within_us:
                person[_root(person, one)] = _root(person, other)
    groups: dict[str, list[str]] = defaultdict(list)
    for fan in set(person) | set(person.values()):
        groups[_root(person, fan)].append(fan)
    return [sorted(group, key=lambda f: (times[f], f)) for group in groups.values()]


def _binds(bond: Bond, fans: int) -> bool:
    return bond.fewest <= fans <= bond.most


def _root(parents: dict[str, str], fan: str) -> str:
    """Return who stands for the fan's group, and shorten the way there for the next time."""
    root = fan
    while (parent := parents.get(root, root)) != root:
        root = parent
    while (parent := parents.get(fan, root)) != root:
        parents[fan], fan = root, parent
    return root


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, _AT_ONCE)):
        yield batch
