"""What a window finds about places of earlier windows."""

from __future__ import annotations

import json

from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.screening import late
from fairness.screening.model import Visit
from fairness.screening.rules import MANY
from fairness.screening.tables import Tables
from fairness.screening.window import Knowledge, Screened, screen_arrivals

SALE = "sale_1"
START = 1_000 * SECOND
FIRST, LATER = range(6), range(6, MANY)


def screen(redis: Redis, numbers: range, **weights: int) -> Screened:
    """Screen a window of accounts of one browser on one address."""
    visits = {
        f"fan{n}": Visit(
            f"fan{n}", at_us=START + SECOND * n * (n + 9) // 3, device="d", address="81.2.69.160"
        )
        for n in numbers
    }
    redis.zadd(keys.arrivals(SALE), {fan: visit.at_us for fan, visit in visits.items()})
    arrived = [(fan, visit.at_us) for fan, visit in visits.items()]
    known = Knowledge(Tables((), frozenset()), "pepper", weights=weights)
    found = screen_arrivals(
        redis, SALE, arrived, lambda part: ([visits[fan] for fan, _ in part], {}), known
    )
    if merged := found.merges():
        redis.hset(keys.merged(SALE), mapping=merged)
    return found


def test_the_one_place_of_ten_is_found_when_the_tenth_comes(redis: Redis) -> None:
    assert not screen(redis, FIRST).late
    assert not screen(redis, range(6, MANY - 1)).late

    found = screen(redis, range(MANY - 1, MANY))

    assert list(found.late) == ["fan0"], "the others share it"
    told = late.told(found.judgements, found.late)
    assert [one["rule"] for one in json.loads(told["fan0"])] == ["many_accounts"]
    assert screen(redis, range(MANY - 1, MANY)).late == found.late, "screened again"


def test_a_group_of_one_window_is_told_with_it(redis: Redis) -> None:
    found = screen(redis, range(MANY))
    assert not found.late
    assert late.told(found.judgements, found.late) == {"fan0": ""}


def test_accounts_that_a_person_parted_do_not_count(redis: Redis) -> None:
    screen(redis, FIRST)
    redis.hdel(keys.merged(SALE), "fan5")
    redis.hset(keys.apart(SALE), "fan5", "fan0")
    assert not screen(redis, LATER).late
    assert set(screen(redis, range(MANY, MANY + 1)).late) == {"fan0", "fan5"}


def test_a_rule_that_was_often_wrong_holds_nobody_here_either(redis: Redis) -> None:
    screen(redis, FIRST)
    assert not screen(redis, LATER, many_accounts=700).late
