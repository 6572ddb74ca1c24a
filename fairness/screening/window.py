"""Screen one window: visits, account facts and stored links in, one judgement per fan out."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from redis import Redis

from fairness import keys
from fairness.screening import agents, bonds, evidence, facts, rules, scoring, timing
from fairness.screening.case import Case
from fairness.screening.facts import Arrival
from fairness.screening.linking import Links, Shared
from fairness.screening.model import MERGE, Account, Finding, Judgement, Visit
from fairness.screening.rules import Rule
from fairness.screening.tables import Tables

logger = logging.getLogger(__name__)

_UNKNOWN = Account()
_SHARED_PLACE = Finding(
    "shared_place",
    0.0,
    "This account and an earlier one seem to belong to one person, so they share the earlier "
    "place and one ticket limit. If you are two people, ask for another look.",
)


@dataclass(frozen=True, slots=True)
class Screened:
    """The outcome. `judgements` has every visit's fan; `faults` counts rules that failed."""

    judgements: dict[str, Judgement]
    faults: dict[str, int] = field(default_factory=dict)

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
    arrivals = [facts.of(v, accounts.get(v.fan, _UNKNOWN), tables, pepper) for v in visits]
    shared = Links(redis, sale_id).record([arrival.entry() for arrival in arrivals])
    regular = _regular_prefixes(arrivals)
    sizes = {fan: len(group.fans) for group in shared.groups for fan in group.fans}
    failed: Counter[str] = Counter()
    judgements: dict[str, Judgement] = {}
    for arrival in arrivals:
        case = _case(arrival, shared, arrival.prefix in regular, opens_at_us, sizes)
        found = apply(table, case, failed)
        judgements[arrival.visit.fan] = _judge(found, shared.leads.get(arrival.visit.fan))
    evidence.keep(redis, sale_id, shared.groups)
    _count(redis, sale_id, failed)
    return Screened(judgements, dict(failed))


def apply(table: Sequence[Rule], case: Case, failed: Counter[str]) -> tuple[Finding, ...]:
    """Return the findings of every rule; one that raises is counted in `failed` and dropped."""
    found = []
    for rule in table:
        try:
            finding = rule(case)
        except Exception:
            name = getattr(rule, "__name__", repr(rule))
            if not failed[name]:
                logger.exception("screening rule %s failed; its findings are dropped", name)
            failed[name] += 1
        else:
            if finding is not None:
                found.append(finding)
    return tuple(found)


def faults(redis: Redis, sale_id: str) -> dict[str, int]:
    """Return how often each rule has failed in this sale; empty is the healthy answer."""
    counted = redis.hgetall(keys.screening_faults(sale_id))
    return {str(rule): int(times) for rule, times in counted.items()}


def _judge(found: tuple[Finding, ...], lead: str | None) -> Judgement:
    total = scoring.score(found)
    if lead is not None:
        return Judgement(MERGE, (_SHARED_PLACE, *found), lead, total)
    return Judgement(scoring.verdict(found), found, None, total)


def _count(redis: Redis, sale_id: str, failed: Mapping[str, int]) -> None:
    for rule, times in failed.items():
        redis.hincrby(keys.screening_faults(sale_id), rule, times)


def _regular_prefixes(arrivals: Sequence[Arrival]) -> set[str]:
    times: dict[str, list[int]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.prefix:
            times[arrival.prefix].append(arrival.visit.at_us)
    return {prefix for prefix, joins in times.items() if timing.is_regular(joins)}


def _case(
    arrival: Arrival,
    shared: Shared,
    regular: bool,
    opens_at_us: int | None,
    sizes: Mapping[str, int],
) -> Case:
    def on(kind: str) -> int:
        return max((shared.counts.get(a, 0) for a in arrival.attributes[kind]), default=0)

    visit = arrival.visit
    return Case(
        visit=visit,
        account=arrival.account,
        agent=agents.read(visit.ua),
        headers=frozenset(visit.headers),
        network=arrival.network,
        disposable=arrival.disposable,
        regular=regular,
        since_opening_us=None if opens_at_us is None else visit.at_us - opens_at_us,
        on_address=on(bonds.ADDRESS),
        on_device=on(bonds.DEVICE),
        on_card=on(bonds.CARD),
        on_mailbox=on(bonds.MAILBOX),
        in_group=sizes.get(visit.fan, 0),
    )
