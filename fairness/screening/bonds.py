"""How much it weighs that accounts share things, and which accounts are therefore one person.

Every kind of thing has a weight. It counts in full while few share the thing and fades to nothing
when many do: six accounts on one browser are a buyer's, ten thousand on one address are a city's.
Two accounts are one person when what they share weighs enough together: a mailbox or a card by
itself, a browser only with something else, an address never by itself. A group that was found
counts as one account with all that its members have, so that a farm is found whole although each
thing in it is shared by a part of it only.

A few accounts of one home, on one family's tablet or with its telephone number, or of a couple
with one card stay separate people. With a group that no family is, less needs to be shared than
with a single account.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import log

from fairness.clock import SECOND

MAILBOX, CARD, PHONE, DEVICE, ADDRESS = "mailbox", "card", "phone", "device", "address"
DOMAIN, BATCH, SWIFT = "domain", "batch", "swift"
RUN, SITTING = "run", "sitting"
TRANSFER = "transfer"  # one passed a ticket on to the other

ENOUGH = 0.8
SWIFT_US = 10 * SECOND  # nobody signs out, in as someone else and joins in less
HOUSEHOLD = 4  # accounts of one home or one tablet that are taken for a family
COUPLE = 2  # accounts that may pay with one card, wherever they are
FARM = 5  # accounts and more that are surely a buyer's, and not a family's
AKIN = 0.5  # this much in common with a farm is enough to belong to it
_ALL_PAIRS = 16  # sharers of one thing that are compared each with each; more, each with the next
_ROUNDS = 5  # a farm's parts find each other in two or three

Attribute = tuple[str, str]  # kind, keyed hash of the value


@dataclass(frozen=True, slots=True)
class Bond:
    """What sharing one kind of thing weighs, among how many fans of the sale."""

    weight: float
    rare: int  # shared by up to so many it weighs in full,
    most: int  # by so many or more nothing; between, the less the more share it
    proposes: bool = True  # whether sharers are compared; else it only adds to what others show

    def among(self, fans: int) -> float:
        """Return what it weighs when `fans` share the thing."""
        if fans <= self.rare:
            return self.weight if fans > 1 else 0.0
        if fans >= self.most:
            return 0.0
        return self.weight * log(self.most / fans) / log(self.most / self.rare)


BONDS: Mapping[str, Bond] = {
    MAILBOX: Bond(1.0, 100_000, 1_000_000),  # however many aliases: it stays one mailbox
    CARD: Bond(0.8, 60, 200),
    PHONE: Bond(0.8, 60, 200),  # a number that has answered a code
    DEVICE: Bond(0.55, 60, 200),
    ADDRESS: Bond(0.25, 6, 64, proposes=False),
    DOMAIN: Bond(0.25, 1_000, 100_000, proposes=False),  # of throw-away mailboxes
    BATCH: Bond(0.25, 12, 60, proposes=False),  # signed up in the same hour, with one provider
    SWIFT: Bond(0.3, 200, 201, proposes=False),
    TRANSFER: Bond(0.3, 60, 200, proposes=False),  # friends do it as well
    RUN: Bond(0.35, 60, 600, proposes=False),  # signed up in the same quarter of a day
    SITTING: Bond(0.35, 60, 600, proposes=False),  # and that on one address: for later windows
}
# What a family shares as well; anything else in a small group is not of a home.
_HOMELY = frozenset({CARD, PHONE, DEVICE, ADDRESS, BATCH, TRANSFER})


@dataclass(frozen=True, slots=True)
class Tie:
    """Why two accounts, or the groups around them, were taken for one person."""

    one: str
    other: str
    kinds: tuple[str, ...]  # heaviest first
    weight: float


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more fans who are one person, by time of arrival, and what says so."""

    fans: tuple[str, ...]
    ties: tuple[Tie, ...]


def unite(
    members: Mapping[Attribute, Sequence[str]],
    times: Mapping[str, int],
    leads: Mapping[str, str] | None = None,
    counts: Mapping[Attribute, int] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> list[Group]:
    """Return the groups of fans who are one person.

    `members` says who shares what, `times` when each fan arrived in µs; fans without a time are
    left out. `leads` are groups found earlier, which stay; `counts` how many fans of the sale have
    an attribute, where `members` does not name all of them; `sizes` how many accounts the group
    of a lead has, where not all of them are here.
    """
    graph = _Graph(members, times, counts or {}, sizes or {})
    graph.merge([(fan, lead) for fan, lead in (leads or {}).items() if lead in times])
    ties: list[Tie] = []
    for search in (graph.compare, graph.akin):
        for _ in range(_ROUNDS):
            found = list(search())
            if not found:
                break
            ties += found
            graph.merge([(tie.one, tie.other) for tie in found])
    return graph.groups(ties)


class _Graph:
    """Fans with what they have; those found to be one person count as one, under their first."""

    def __init__(
        self,
        members: Mapping[Attribute, Sequence[str]],
        times: Mapping[str, int],
        counts: Mapping[Attribute, int],
        sizes: Mapping[str, int],
    ) -> None:
        self._times = times
        self._known = sizes
        self._sharers: dict[Attribute, list[str]] = {}
        self._weights: dict[Attribute, float] = {}
        self._has: dict[str, set[Attribute]] = defaultdict(set)
        self._first: dict[str, str] = {}
        for attribute, fans in members.items():
            present = sorted({f for f in fans if f in times}, key=self._arrived)
            weight = BONDS[attribute[0]].among(max(counts.get(attribute, 0), len(present)))
            if len(present) > 1 and weight:
                self._sharers[attribute], self._weights[attribute] = present, weight
                for fan in present:
                    self._has[fan].add(attribute)

    def compare(self) -> Iterator[Tie]:
        """Yield the pairs, not yet one, whose shared things weigh enough together."""
        seen: set[tuple[str, str]] = set()
        for attribute, sharers in self._sharers.items():
            if not BONDS[attribute[0]].proposes:
                continue
            for pair in _pairs(self._distinct(sharers)):
                if pair not in seen:
                    seen.add(pair)
                    tie = self._tie(*pair)
                    if tie.weight >= ENOUGH:
                        yield tie

    def akin(self) -> Iterator[Tie]:
        """Yield who has something in common with a farm, beyond what neighbours have."""
        sizes = Counter(self._lead(fan) for fan in self._first)
        farms = {lead for lead, size in sizes.items() if size >= FARM} | self._known_farms()
        seen: set[tuple[str, str]] = set()
        for sharers in self._sharers.values():
            here = self._distinct(sharers)
            near = [lead for lead in here if lead in farms]
            for pair in ((farm, fan) for farm in near for fan in here if fan not in farms):
                if pair not in seen:
                    seen.add(pair)
                    tie = self._tie(*pair, to_farm=True)
                    if tie.weight >= AKIN:
                        yield tie

    def merge(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Make one of each pair and of all that hang together by them."""
        edges = [(self._lead(one), self._lead(other)) for one, other in pairs]
        for group in _components(edges):
            first = min(group, key=self._arrived)
            for fan in group:
                self._first[fan] = first
                self._has[first] |= self._has[fan]

    def groups(self, ties: Sequence[Tie]) -> list[Group]:
        """Return the groups of two and more, without families."""
        fans: dict[str, list[str]] = defaultdict(list)
        for fan in self._first:
            if fan in self._times:
                fans[self._lead(fan)].append(fan)
        why: dict[str, list[Tie]] = defaultdict(list)
        for tie in ties:
            why[self._lead(tie.one)].append(tie)
        found = [
            Group(tuple(sorted(group, key=self._arrived)), tuple(why[lead]))
            for lead, group in fans.items()
            if len(group) > 1
        ]
        return [group for group in found if not self._is_household(group)]

    def _tie(self, one: str, other: str, *, to_farm: bool = False) -> Tie:
        heaviest: dict[str, float] = {}
        for attribute in self._has[one] & self._has[other]:
            kind = attribute[0]
            heaviest[kind] = max(heaviest.get(kind, 0.0), self._weights[attribute])
        if not (to_farm and ADDRESS in heaviest):
            # Thousands sign up on a day: it tells a farm's neighbours only.
            heaviest.pop(RUN, None)
            heaviest.pop(SITTING, None)
        elif RUN in heaviest or SITTING in heaviest:
            heaviest.pop(BATCH, None)  # the same thing, said twice
            if SITTING in heaviest:
                heaviest.pop(RUN, None)
        apart_us = abs(self._times[one] - self._times[other])
        if DEVICE in heaviest and apart_us <= SWIFT_US:
            heaviest[SWIFT] = BONDS[SWIFT].weight
        kinds = tuple(sorted(heaviest, key=lambda kind: (-heaviest[kind], kind)))
        return Tie(one, other, kinds, round(sum(heaviest.values()), 3))

    def _known_farms(self) -> set[str]:
        return {self._lead(lead) for lead, size in self._known.items() if size >= FARM}

    def _is_household(self, group: Group) -> bool:
        if len(group.fans) > HOUSEHOLD or not group.ties:
            return False
        if self._lead(group.fans[0]) in self._known_farms():
            return False
        if len(group.fans) == COUPLE and {CARD, PHONE}.issuperset(group.ties[0].kinds):
            return True
        if any(not _HOMELY.issuperset(tie.kinds) for tie in group.ties):
            return False
        everyone = set(group.fans)
        return any(
            everyone <= set(self._sharers[attribute])
            for attribute in self._has[group.fans[0]]
            if attribute[0] in (ADDRESS, DEVICE, PHONE)
        )

    def _distinct(self, sharers: Sequence[str]) -> list[str]:
        return list(dict.fromkeys(self._lead(fan) for fan in sharers))

    def _lead(self, fan: str) -> str:
        while (first := self._first.get(fan, fan)) != fan:
            fan = first
        return fan

    def _arrived(self, fan: str) -> tuple[int, str]:
        return self._times[fan], fan


def _pairs(fans: Sequence[str]) -> Iterator[tuple[str, str]]:
    return iter(combinations(fans, 2)) if len(fans) <= _ALL_PAIRS else pairwise(fans)


def _components(edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Return what hangs together by the edges; fans without one are in no component."""
    if not edges:
        return []
    # Every process of the stack imports this module, and only screening needs the library.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    numbers: dict[str, int] = {}
    for edge in edges:
        for fan in edge:
            numbers.setdefault(fan, len(numbers))
    rows = [numbers[one] for one, _ in edges]
    columns = [numbers[other] for _, other in edges]
    shape = (len(numbers), len(numbers))
    _, labels = connected_components(
        coo_array(([1] * len(edges), (rows, columns)), shape=shape), directed=False
    )
    found: dict[int, list[str]] = defaultdict(list)
    for fan, label in zip(numbers, labels.tolist(), strict=True):
        found[label].append(fan)
    return list(found.values())
