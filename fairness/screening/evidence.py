"""Why accounts of a sale were taken for one person: kept with the group, for whoever decides.

The evidence names kinds of things and weights, never the things themselves.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable

from redis import Redis

from fairness import keys
from fairness.ledger.entries import in_parts
from fairness.screening.bonds import Group, Tie

KEPT_S = 30 * 24 * 3_600  # as long as the links that it rests on
_AT_ONCE = 100  # groups that are read and written in one step of the store
_MOST_TIES = 200  # of one group; a picture of more would show nothing


def keep(redis: Redis, sale_id: str, groups: Iterable[Group]) -> None:
    """Add the groups to what is known; keeping one twice changes nothing.

    A group is kept under its earliest fan, and grows from window to window.
    """
    key = keys.ties(sale_id)
    for some in in_parts(list(groups), _AT_ONCE):
        known = redis.hmget(key, [group.fans[0] for group in some])
        grown = {
            group.fans[0]: _to_json(_together(_from_json(before), group))
            for group, before in zip(some, known, strict=True)
        }
        with redis.pipeline(transaction=False) as pipe:
            pipe.hset(key, items=[part for pair in grown.items() for part in pair])
            pipe.expire(key, KEPT_S)
            pipe.execute()


def groups(redis: Redis, sale_id: str) -> list[Group]:
    """Return every group of the sale with its evidence, the largest first."""
    found = [_from_json(text) for text in redis.hgetall(keys.ties(sale_id)).values()]
    return sorted((g for g in found if g.fans), key=lambda g: (-len(g.fans), g.fans[0]))


def sizes(
    redis: Redis, sale_id: str, leads: Iterable[str], but: Container[str] = ()
) -> dict[str, int]:
    """Return how many accounts the groups of these fans have, for those who lead one.

    Those in `but` do not count: who is being looked at again must not change what is seen.
    """
    found: dict[str, int] = {}
    for some in in_parts(list(dict.fromkeys(leads)), _AT_ONCE):
        known = redis.hmget(keys.ties(sale_id), some)
        found |= {
            lead: sum(fan not in but for fan in _from_json(text).fans)
            for lead, text in zip(some, known, strict=True)
            if text is not None
        }
    return found


def everyone(redis: Redis, sale_id: str, group: Group) -> set[str]:
    """Return all accounts that are known of these fans' groups, not only those that are here."""
    found = set(group.fans)
    for some in in_parts(group.fans, _AT_ONCE):
        for text in redis.hmget(keys.ties(sale_id), some):
            found.update(_from_json(text).fans)
    return found


def _together(before: Group, now: Group) -> Group:
    return Group(
        tuple(dict.fromkeys((*before.fans, *now.fans))),
        tuple(dict.fromkeys((*before.ties, *now.ties)))[:_MOST_TIES],
    )


def _to_json(group: Group) -> str:
    ties = [[tie.one, tie.other, tie.kinds, tie.weight] for tie in group.ties]
    return json.dumps({"fans": group.fans, "ties": ties}, separators=(",", ":"))


def _from_json(text: str | bytes | None) -> Group:
    raw = json.loads(text) if text else {"fans": (), "ties": ()}
    ties = (Tie(one, other, tuple(kinds), weight) for one, other, kinds, weight in raw["ties"])
    return Group(tuple(raw["fans"]), tuple(ties))
