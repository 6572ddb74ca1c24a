"""Places of earlier windows that a later window shows to be of very many accounts.

Their windows are judged and drawn; what is found now acts on the turn, never on the place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from redis import Redis

from fairness import keys
from fairness.ledger.entries import in_parts
from fairness.screening import agents, evidence, judging
from fairness.screening.bonds import Group
from fairness.screening.calibration import weighed
from fairness.screening.case import Case
from fairness.screening.model import REVIEW, Account, Judgement, Visit
from fairness.screening.rules import MANY, Rule, many_accounts

_AT_ONCE = 500


def cases(
    redis: Redis, sale_id: str, groups: Iterable[Group], arriving: Container[str]
) -> Iterator[Case]:
    """Yield, for each earlier fan with a place of their own in a group of MANY, how many it has.

    `groups` are those of a window whose evidence is kept, `arriving` its fans. Nothing else is
    known of the fans here. Whom a person has parted from a group counts no more; whether they
    are to be left alone otherwise, for one who was called, is for the store's step to say.
    """
    for group in groups:
        earlier = [fan for fan in group.fans if fan not in arriving]
        if not earlier:
            continue
        everyone = evidence.everyone(redis, sale_id, group)
        if len(everyone) < MANY:
            continue
        count = len(everyone) - _known(redis, keys.apart(sale_id), list(everyone)).count(True)
        merged = _known(redis, keys.merged(sale_id), earlier)
        for fan, shares in zip(earlier, merged, strict=True):
            if not shares:
                yield _case(fan, count)


def judged(
    cases: Iterable[Case],
    table: Sequence[Rule],
    weights: Mapping[str, int],
    failed: Counter[str],
) -> dict[str, Judgement]:
    """Return whom of earlier windows `many_accounts` holds, by its weight in this sale.

    `table` are the sale's rules, `weights` its calibration; a rule that raises is in `failed`.
    """
    one = [rule for rule in table if rule is many_accounts]
    held = {}
    for case in cases:
        found = weighed(judging.apply(one, case, failed), weights)
        if (judgement := judging.judge(found, None)).verdict == REVIEW:
            held[case.visit.fan] = judgement
    return held


def told(judgements: Mapping[str, Judgement], held: Mapping[str, Judgement]) -> dict[str, str]:
    """Return fan -> findings as JSON of those `held`; "" for those of the window told the same."""
    same = (
        fan
        for fan, judgement in judgements.items()
        if judgement.lead is None and many_accounts.__name__ in judgement.rules()
    )
    return dict.fromkeys(same, "") | {fan: one.findings_json() for fan, one in held.items()}


def _known(redis: Redis, key: str, fans: list[str]) -> list[bool]:
    return [
        value is not None for some in in_parts(fans, _AT_ONCE) for value in redis.hmget(key, some)
    ]


def _case(fan: str, accounts: int) -> Case:
    return Case(Visit(fan), Account(), agents.read(""), frozenset(), in_group=accounts)
