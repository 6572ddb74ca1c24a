from __future__ import annotations

from redis import Redis

from fairness.screening import evidence
from fairness.screening.bonds import CARD, DEVICE, MAILBOX, Group, Tie

SALE = "sale_1"
FIRST = Group(("a", "b"), (Tie("a", "b", (CARD, DEVICE), 1.35),))


def test_a_group_grows_from_window_to_window_and_keeps_its_evidence(redis: Redis) -> None:
    later = Group(("a", "c"), (Tie("a", "c", (MAILBOX,), 1.0),))
    evidence.keep(redis, SALE, [FIRST])
    evidence.keep(redis, SALE, [later, Group(("x", "y"), ())])
    assert evidence.groups(redis, SALE) == [
        Group(("a", "b", "c"), (*FIRST.ties, *later.ties)),
        Group(("x", "y"), ()),
    ]


def test_keeping_a_group_twice_changes_nothing_and_it_is_forgotten_in_the_end(redis: Redis) -> None:
    for _ in range(2):
        evidence.keep(redis, SALE, [FIRST])
    assert evidence.groups(redis, SALE) == [FIRST]
    (key,) = redis.scan_iter()
    assert 0 < redis.ttl(key) <= evidence.KEPT_S


def test_a_sale_without_groups_has_none(redis: Redis) -> None:
    evidence.keep(redis, SALE, [])
    assert evidence.groups(redis, SALE) == []
