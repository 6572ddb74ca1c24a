"""From what is known of an arrival to a judgement: its case, the rules' findings, the verdict."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from fairness.screening import agents, bonds, scoring
from fairness.screening.case import Case
from fairness.screening.facts import Arrival
from fairness.screening.linking import Shared
from fairness.screening.model import MERGE, Finding, Judgement
from fairness.screening.rules import Rule

logger = logging.getLogger(__name__)

_SHARED_PLACE = Finding(
    "shared_place",
    0.0,
    "This account and an earlier one seem to belong to one person, so they share the earlier "
    "place and one ticket limit. If you are two people, ask for another look.",
)


def case_of(
    arrival: Arrival,
    shared: Shared,
    regular: bool,
    opens_at_us: int | None,
    sizes: Mapping[str, int],
) -> Case:
    """Return what rules may look at; `sizes` has how many accounts the group of a fan has."""

    def on(kind: str) -> int:
        return max((shared.counts.get(a, 1) for a in arrival.attributes[kind]), default=0)

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


def judge(found: tuple[Finding, ...], lead: str | None) -> Judgement:
    """Return the judgement; who shares the place of a `lead` is merged, whatever was found."""
    total = scoring.score(found)
    if lead is not None:
        return Judgement(MERGE, (_SHARED_PLACE, *found), lead, total)
    return Judgement(scoring.verdict(found), found, None, total)
