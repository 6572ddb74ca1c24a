"""Screen one window: visits, account facts and stored links in, one judgement per fan out."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from redis import Redis

from fairness import keys
from fairness.collector import paused
from fairness.ledger.entries import in_parts
from fairness.screening import (
    agents,
    evidence,
    facts,
    judging,
    late,
    rules,
    scoring,
    timing,
    unusual,
)
from fairness.screening.calibration import weighed
from fairness.screening.facts import Arrival
from fairness.screening.linking import Entry, Links, Shared
from fairness.screening.model import Account, Finding, Judgement, Visit
from fairness.screening.rules import Rule
from fairness.screening.tables import Tables

logger = logging.getLogger(__name__)

_UNKNOWN = Account()
Seen = tuple[Sequence[Visit], Mapping[str, Account]]  # the accounts by fan
UNREADABLE = "visit"  # counted with the rules that failed: arrivals nothing is found about
AT_ONCE = 1_000  # arrivals whose visits are at hand together
_ALONE = Shared({}, {})


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What screening goes by: tables, the key of its hashes, when the line opened, the rules.

    `weights` is the sale's calibration: rule -> thousandths of its weight.
    """

    tables: Tables
    pepper: str
    opens_at_us: int | None = None
    table: Sequence[Rule] = rules.RULES
    weights: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Screened:
    """The outcome. `judgements` has every visit's fan; `faults` counts rules that failed.

    `gone` are those it would have linked, had they not left the line. `late` are fans of earlier
    windows whose place is to be held now: see `late.told`.
    """

    judgements: dict[str, Judgement]
    faults: dict[str, int] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    late: Mapping[str, Judgement] = field(default_factory=dict)

    def merges(self) -> dict[str, str]:
        """Return fan -> lead for those who share an earlier fan's place."""
        return {fan: j.lead for fan, j in self.judgements.items() if j.lead is not None}


def screen_window(
    redis: Redis,
    sale_id: str,
    visits: Sequence[Visit],
    accounts: Mapping[str, Account],
    *,
    tables: Tables,
    pepper: str,
    opens_at_us: int | None = None,
    table: Sequence[Rule] = rules.RULES,
) -> Screened:
    """Return a judgement for every visit, and remember its links for later windows.

    `accounts` is by fan; one may be missing. `opens_at_us` is when the line opened. A rule that
    raises loses its findings, is logged and counted in `faults`, and stops nothing. Screening a
    window again gives the same merges, as long as nobody left in between.
    """
    known = {visit.fan: visit for visit in visits}

    def look(part: Sequence[tuple[str, int]]) -> Seen:
        return [known[fan] for fan, _ in part], accounts

    arrivals = [(visit.fan, visit.at_us) for visit in visits]
    knowledge = Knowledge(tables, pepper, opens_at_us, table)
    return screen_arrivals(redis, sale_id, arrivals, look, knowledge)


def screen_arrivals(
    redis: Redis,
    sale_id: str,
    arrivals: Sequence[tuple[str, int]],
    look: Callable[[Sequence[tuple[str, int]]], Seen],
    knowledge: Knowledge,
    note: Callable[[Sequence[tuple[Visit, Account]]], None] | None = None,
) -> Screened:
    """Do the same for arrivals, (fan, µs), whose visits and accounts `look` reads in parts.

    However many there are, no more visits than of one part are at hand. Who turns out to share
    something with others, or to come in step with them, is looked at a second time. `note` is
    given every arrival once, part by part.
    """
    window = _Window(knowledge, look)
    for part in in_parts(arrivals, AT_ONCE):
        seen = window.see(part)
        if note:
            note(seen)
    with paused():
        shared = Links(redis, sale_id).record(window.entries)
        again, regular = window.not_alone(shared)
        again = sorted({*again, *window.look_for_unusual(redis, sale_id)})
        for part in in_parts([arrivals[number] for number in again], AT_ONCE):
            window.judge(window.facts(part), shared, regular)
    evidence.keep(redis, sale_id, shared.groups)
    cases = late.cases(redis, sale_id, shared.groups, window.judgements)
    held = late.judged(cases, knowledge.table, knowledge.weights, window.failed)
    _count(redis, sale_id, window.failed)
    return Screened(window.judgements, dict(+window.failed), shared.gone, held)


class _Window:
    """What is known of a window so far."""

    def __init__(
        self, knowledge: Knowledge, look: Callable[[Sequence[tuple[str, int]]], Seen]
    ) -> None:
        self.entries: list[Entry] = []
        self.judgements: dict[str, Judgement] = {}
        self.failed: Counter[str] = Counter()
        self._faults: dict[str, Counter[str]] = {}
        self._unread: set[str] = set()  # of whom nothing is known, because it cannot be read
        self._sizes: Mapping[str, int] = {}  # how many accounts the group of a fan has
        self._joins: dict[str, list[tuple[int, int]]] = defaultdict(list)  # prefix: number, µs
        self._crowd = unusual.Crowd()
        self._far: set[str] = set()  # who is unlike the rest of the sale
        self._knowledge = knowledge
        self._look = look

    def see(self, part: Sequence[tuple[str, int]]) -> list[tuple[Visit, Account]]:
        """Look at some for the first time, and judge each as if they were alone."""
        found = self.facts(part)
        for number, arrival in enumerate(found, len(self.entries)):
            if arrival.prefix:
                self._joins[arrival.prefix].append((number, arrival.visit.at_us))
            self.entries.append(arrival.entry())
        self.judge(found, _ALONE, frozenset())
        for arrival in found:
            fan = arrival.visit.fan
            plain = all(f.weight < scoring.FIRM for f in self.judgements[fan].findings)
            self._crowd.add(fan, unusual.row(arrival.visit, arrival.account), plain=plain)
        return [(arrival.visit, arrival.account) for arrival in found]

    def look_for_unusual(self, redis: Redis, sale_id: str) -> set[int]:
        """Return the numbers of those unlike the rest; when that fails, it is counted: nobody."""
        try:
            far = self._crowd.far(redis, sale_id)
        except Exception:
            logger.exception("looking for the unusual failed; its findings are dropped")
            self.failed[unusual.RULE] += 1
            return set()
        self._far = {self.entries[number].fan for number in far}
        return far

    def not_alone(self, shared: Shared) -> tuple[list[int], Collection[str]]:
        """Return the numbers of those who share or are in step, and the prefixes in step."""
        beat = {p for p, joins in self._joins.items() if timing.is_regular([at for _, at in joins])}
        self._sizes = _sizes(shared)
        several = {attribute for attribute, count in shared.counts.items() if count > 1}
        again = {number for prefix in beat for number, _ in self._joins[prefix]}
        again |= {
            number
            for number, entry in enumerate(self.entries)
            if not several.isdisjoint(entry.attributes) or entry.fan in self._sizes
        }
        return sorted(again), beat

    def facts(self, part: Sequence[tuple[str, int]]) -> list[Arrival]:
        """Return what is known of some of the arrivals, by themselves."""
        visits, accounts = self._look(part)
        return [self._fact(visit, accounts.get(visit.fan, _UNKNOWN)) for visit in visits]

    def _fact(self, visit: Visit, account: Account) -> Arrival:
        """Return the facts of an arrival; of one that cannot be read, that they came."""
        tables, pepper = self._knowledge.tables, self._knowledge.pepper
        try:
            found = facts.of(visit, account, tables, pepper)
            agents.read(visit.ua)
        except Exception:
            if not self._unread:
                logger.exception("a visit cannot be read; nothing is found about it")
            self._unread.add(visit.fan)
            self.failed[UNREADABLE] = len(self._unread)
            return facts.of(Visit(visit.fan, visit.at_us), _UNKNOWN, tables, pepper)
        return found

    def judge(self, arrivals: Iterable[Arrival], shared: Shared, regular: Collection[str]) -> None:
        """Judge these, in place of how they were judged before."""
        for arrival in arrivals:
            fan = arrival.visit.fan
            self.failed -= self._faults.pop(fan, Counter())
            before = self.failed.total()
            was = self.failed.copy() if before else Counter[str]()
            in_step = arrival.prefix in regular
            case = judging.case_of(
                arrival, shared, in_step, self._knowledge.opens_at_us, self._sizes
            )
            found = judging.apply(self._knowledge.table, case, self.failed)
            if fan in self._far and (odd := self._odd(arrival, found)):
                found = (*found, odd)
            found = weighed(found, self._knowledge.weights)
            if self.failed.total() != before:
                self._faults[fan] = self.failed - was
            self.judgements[fan] = judging.judge(found, shared.leads.get(fan))

    def _odd(self, arrival: Arrival, found: Sequence[Finding]) -> Finding | None:
        try:
            return self._crowd.finding(unusual.row(arrival.visit, arrival.account), found)
        except Exception:
            self.failed[unusual.RULE] += 1
            return None


def faults(redis: Redis, sale_id: str) -> dict[str, int]:
    """Return how often each rule has failed in this sale; empty is the healthy answer."""
    counted = redis.hgetall(keys.screening_faults(sale_id))
    return {str(rule): int(times) for rule, times in counted.items()}


def _sizes(shared: Shared) -> dict[str, int]:
    """Return how many accounts the group of each linked fan has."""
    return {fan: len(group.fans) for group in shared.groups for fan in group.fans}


def _count(redis: Redis, sale_id: str, failed: Mapping[str, int]) -> None:
    for rule, times in failed.items():
        redis.hincrby(keys.screening_faults(sale_id), rule, times)
