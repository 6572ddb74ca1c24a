"""Who shares what, as the store keeps it: packed, and beyond some number in a set."""

from __future__ import annotations

import random
from secrets import token_urlsafe

import pytest
from redis import Redis

from fairness import keys
from fairness.screening.bonds import ADDRESS, DEVICE, Attribute
from fairness.screening.sharers import PACKED, Sharers

SALE = "demo"


def names(count: int) -> list[str]:
    return [token_urlsafe(16) for _ in range(count)]


def test_fans_of_many_windows_are_found_by_what_they_share(redis: Redis) -> None:
    sharers, expected = Sharers(redis, SALE), dict[Attribute, list[str]]()
    values = [(kind, name) for kind in (ADDRESS, DEVICE) for name in names(40)]
    for _ in range(5):
        here = {value: names(random.randint(1, 3)) for value in random.sample(values, 50)}
        counts = sharers.add(here)
        for value, fans in here.items():
            expected.setdefault(value, []).extend(fans)
            assert counts[value] == len(expected[value])

    assert {value: sorted(fans) for value, fans in sharers.of(expected).items()} == {
        value: sorted(fans) for value, fans in expected.items()
    }
    assert sharers.of([(ADDRESS, "never seen")]) == {(ADDRESS, "never seen"): []}


@pytest.mark.parametrize("count", [1, PACKED, PACKED + 1, 500])
def test_recording_again_changes_nothing(redis: Redis, count: int) -> None:
    sharers, fans = Sharers(redis, SALE), [*names(count), "a name of another shape"]
    here = {(ADDRESS, "one"): fans}
    assert sharers.add(here) == {(ADDRESS, "one"): count + 1}

    assert sharers.add({(ADDRESS, "one"): fans[::-1]}) == {(ADDRESS, "one"): count + 1}

    assert sorted(sharers.of(here)[ADDRESS, "one"]) == sorted(fans)


def test_what_one_fan_has_costs_no_key_of_its_own(redis: Redis) -> None:
    sharers = Sharers(redis, SALE)
    sharers.add({(DEVICE, device): [fan] for device, fan in zip(names(50), names(50), strict=True)})

    assert redis.keys("*") == [keys.linked(SALE, DEVICE)]
    assert redis.ttl(keys.linked(SALE, DEVICE)) > 0
