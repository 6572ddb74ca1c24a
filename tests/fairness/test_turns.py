from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.errors import (
    ChallengeOpen,
    HeldForReview,
    Invalid,
    NotYourTurn,
    Rebuilding,
    ShopFull,
)
from fairness.line import Line
from tests.engines import wait_until
from tests.fairness.conftest import Opener, placed

WORKERS = 8
FANS = [f"fan-{number:02}" for number in range(60)]


def rush(attempt: Callable[[], object]) -> None:
    """Let all workers attempt it at once."""
    with ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(attempt) for _ in range(WORKERS)]:
            done.result()


def test_fans_are_called_in_the_order_of_their_places(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=3)
    placed(redis, line, FANS[:5])

    assert line.admit(99) == FANS[:3]

    line.finish(FANS[1])
    assert line.admit(99) == [FANS[3]]
    assert line.served_order() == FANS[:4]


def test_calling_again_at_once_calls_nobody_more(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=3)
    placed(redis, line, FANS[:9])
    line.admit(99)
    assert line.admit(99) == []


def test_the_race_for_the_shop_is_real(redis: Redis, opened: Opener) -> None:
    """If this one fails, the next one proves nothing."""
    line = opened(capacity=5, rate_per_s=1000)
    placed(redis, line, FANS)
    together = Barrier(WORKERS)

    def admit_without_the_script() -> None:
        room = 5 - redis.zcard(keys.slots("demo"))
        together.wait()
        for fan, _ in redis.zpopmin(keys.line("demo"), room):
            redis.zadd(keys.slots("demo"), {fan: 1})

    rush(admit_without_the_script)

    assert redis.zcard(keys.slots("demo")) == 5 * WORKERS


def test_no_rush_overfills_the_shop(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=5, rate_per_s=1000)
    placed(redis, line, FANS)
    together = Barrier(WORKERS)

    def admit() -> None:
        together.wait()
        line.admit(999)

    rush(admit)

    assert line.served_order() == FANS[:5]
    assert redis.zcard(keys.slots("demo")) == 5


def test_no_rush_calls_more_than_there_are_seats(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=50, rate_per_s=1000)
    placed(redis, line, FANS)
    together = Barrier(WORKERS)

    def admit() -> None:
        together.wait()
        line.admit(7)

    rush(admit)

    assert line.served_order() == FANS[:7]


def test_no_rush_calls_faster_than_the_rate(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=50, rate_per_s=4)
    placed(redis, line, FANS)
    together = Barrier(WORKERS)

    def admit() -> None:
        together.wait()
        line.admit(999)

    rush(admit)

    assert line.served_order() == FANS[:4]


def test_over_time_the_rate_is_kept_and_used(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=60, rate_per_s=20)
    placed(redis, line, FANS)
    started = line.status().now_us

    wait_until(lambda: line.admit(999) is not None and line.status().called >= 40)

    elapsed_s = (line.status().now_us - started) / SECOND
    assert elapsed_s > 0.9  # a bucket of 20 at once, and 20 in the second after


def test_after_the_clock_stepped_back_fans_are_still_called(redis: Redis, opened: Opener) -> None:
    line = opened(rate_per_s=50)
    placed(redis, line, FANS)
    redis.hset(keys.state("demo"), "bucket_us", line.status().now_us + 3600 * SECOND)

    line.admit(99)

    wait_until(lambda: line.admit(99), 2)


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_line_that_is_not_open_calls_nobody(redis: Redis, opened: Opener, status: str) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    line.control(status=status)
    assert line.admit(9) == []

    line.control(status="open")
    assert line.admit(9) == ["ada", "ben"]


def test_nobody_is_called_when_there_is_no_seat(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada"])
    assert line.admit(0) == []
    assert line.position("ada").state == "in_line"


def test_lowering_the_capacity_sends_nobody_away(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=3)
    placed(redis, line, FANS[:5])
    line.admit(9)
    line.enter(FANS[0])
    line.control(capacity=1)

    assert line.admit(9) == []
    assert line.enter(FANS[1])


def test_entering_is_once_however_often_asked(redis: Redis, opened: Opener) -> None:
    line = opened(turn_us=60 * SECOND)
    placed(redis, line, ["ada"])
    line.admit(9)
    ends_us = line.enter("ada")

    assert line.enter("ada") == ends_us
    assert 59 * SECOND < ends_us - line.status().now_us <= 60 * SECOND
    assert line.status().inside == 1


def test_who_is_not_called_cannot_enter(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    for fan in ("ben", "nobody"):
        with pytest.raises(NotYourTurn, match="not come yet"):
            line.enter(fan)


def test_finishing_frees_the_slot_at_once_and_only_once(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben", "cy"])
    line.admit(9)
    line.enter("ada")

    assert line.finish("ada")
    assert not line.finish("ada")

    assert line.admit(9) == ["ben"]
    assert line.turns_over() == {"ada": "bought"}
    with pytest.raises(NotYourTurn, match="over"):
        line.enter("ada")


def test_leaving_the_shop_frees_the_slot_at_once(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    line.enter("ada")

    line.leave("ada")

    assert line.admit(9) == ["ben"]
    assert line.position("ada").state == "left"


def test_a_turn_that_lapses_frees_its_slot(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1, turn_us=SECOND)
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    line.enter("ada")
    assert line.admit(9) == []

    wait_until(lambda: line.admit(9) == ["ben"], 3)
    line.admit(9)  # a turn that ends between two scripts of one call is noted by the next

    assert line.position("ada").state == "done"
    assert line.turns_over() == {"ada": "lapsed"}
    with pytest.raises(NotYourTurn, match="over"):
        line.enter("ada")


def test_a_turn_is_over_when_its_time_is_even_before_anybody_tidies(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    placed(redis, line, ["ada"])
    line.admit(9)
    redis.zadd(keys.turns("demo"), {"ada": line.status().now_us - 1})

    assert line.position("ada").state == "done"
    with pytest.raises(NotYourTurn, match="over"):
        line.enter("ada")


def test_a_called_fan_who_is_away_keeps_the_turn_while_the_slot_is_given_on(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=1, away_us=SECOND, turn_us=600 * SECOND)
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    wait_until(lambda: line.admit(9) == ["ben"], 3)
    line.enter("ben")
    assert line.position("ada").state == "called"

    with pytest.raises(ShopFull):
        line.enter("ada")
    line.finish("ben")

    assert line.enter("ada")
    assert line.position("ada").state == "inside"


@pytest.mark.parametrize("verdict", ["review", "refuse"])
def test_who_is_held_back_keeps_the_place_and_is_called_next_when_it_is_lifted(
    redis: Redis, opened: Opener, verdict: str
) -> None:
    line = opened(capacity=2)
    placed(redis, line, ["ada", "ben", "cy", "dee"])
    line.set_verdict("ada", verdict, '[{"rule": "x"}]')
    assert line.admit(9) == ["ben", "cy"]
    assert (line.position("ada").place, line.position("ada").verdict) == (1, verdict)
    with pytest.raises(HeldForReview):
        line.enter("ada")

    line.lift_verdict("ada")
    line.lift_verdict("ada")
    line.finish("ben")

    assert line.admit(9) == ["ada"]
    assert line.verdict("ada") is None
    line.finish("ada")
    assert line.admit(9) == ["dee"]


def test_time_does_not_run_out_for_who_is_held_back_after_the_call(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    line.set_verdict("ada", "review", "[]")
    assert line.admit(9) == ["ben"]
    line.finish("ben")

    line.lift_verdict("ada")

    assert line.admit(9) == ["ada"]
    assert line.enter("ada")
    assert line.served_order() == ["ada", "ben"]


def test_a_verdict_never_throws_out_who_is_inside(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    line.enter("ada")

    line.set_verdict("ada", "refuse", "[]")

    assert line.admit(9) == []
    assert line.position("ada").state == "inside"


def test_a_lifted_verdict_gives_nobody_a_second_turn(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    line.admit(9)
    line.finish("ada")
    line.set_verdict("ada", "review", "[]")
    line.set_verdict("ben", "challenge", "[]")

    line.lift_verdict("ada")
    line.lift_verdict("ben")

    assert line.admit(9) == []


def test_a_challenge_is_answered_at_the_door(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada"])
    line.set_verdict("ada", "challenge", "[]")
    assert line.admit(9) == ["ada"]

    with pytest.raises(ChallengeOpen):
        line.enter("ada")
    line.lift_verdict("ada")

    assert line.enter("ada")


def test_verdicts_are_kept_with_their_findings(redis: Redis, opened: Opener) -> None:
    line = opened()
    line.join("ada", "{}")
    findings = [{"rule": "crowded_address", "weight": 0.3, "because": "“many” joins"}]

    line.set_verdict("ada", "review", json.dumps(findings))

    assert line.verdict("ada") == {"verdict": "review", "findings": findings}
    assert line.verdicts() == {"ada": {"verdict": "review", "findings": findings}}
    with pytest.raises(Invalid):
        line.set_verdict("ada", "banish", "[]")


def test_linked_accounts_share_one_turn(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=9)
    line.join("ada", "{}")
    line.merge({"ada-2": "ada", "ada-3": "ada-2"})
    line.join("ada-2", "{}")
    line.join("ada-3", "{}")
    placed(redis, line, ["ben"])
    called = line.admit(99)

    assert called == ["ada", "ben"]
    assert line.lead_of("ada-3") == "ada"
    assert line.position("ada-3").lead == "ada"
    assert line.position("ada").lead is None
    assert line.position("ada-3").place == line.position("ada").place == 1
    assert line.enter("ada-3") == line.enter("ada")
    assert line.status().inside == 1
    line.finish("ada-2")
    assert line.position("ada").state == "done"


def test_nobody_leads_themselves(redis: Redis, opened: Opener) -> None:
    line = opened()
    assert line.merge({"b": "a", "c": "b"}) == 2
    assert line.merge({"a": "c", "b": "z"}) == 0
    assert line.merge({}) == 0
    assert {line.lead_of(fan) for fan in "abc"} == {"a"}
    assert line.merged() == {"b": "a", "c": "a"}


def test_every_decision_is_written_down_in_the_same_step(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=2)
    placed(redis, line, ["ada", "ben", "cy", "dee", "eve"])
    line.leave("ada")
    line.set_verdict("cy", "review", "[]")
    line.merge({"dee": "ben"})

    line.admit(9)
    line.finish("ben")
    line.admit(9)

    (first, entries), *others = line.decisions()
    fans = [pair for entry in entries for pair in entry["fans"]]
    passed = [pair for entry in entries for pair in entry["passed"]]
    assert fans == [["ben", 2], ["eve", 5]]
    assert sorted(passed) == [["ada", "left"], ["cy", "review"], ["dee", "merged"]]
    assert {(entry["type"], entry["sale"]) for entry in entries} == {("admitted", "demo")}
    assert others == []
    line.logged([first])
    line.logged([first])
    line.logged([])
    assert line.decisions() == []


def test_a_whole_stretch_that_is_passed_over_does_not_block_the_line(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=2, rate_per_s=100)
    crowd = [f"bot-{number}" for number in range(1200)]
    placed(redis, line, [*crowd, "ada"])
    for fan in crowd:
        line.set_verdict(fan, "refuse", "[]")

    called = [fan for _ in range(4) for fan in line.admit(9)]

    assert called == ["ada"]


def test_a_called_fan_keeps_the_turn_across_lines_and_processes(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    placed(redis, line, ["ada"])
    Line(redis, "demo").admit(9)
    assert Line(redis, "demo").enter("ada") == line.enter("ada")


def test_who_holds_seats_keeps_no_further_seat_from_those_who_wait(
    redis: Redis, opened: Opener
) -> None:
    """Four seats: two fans hold one each, so that two are free, and two more may look for them."""
    line = opened(capacity=9)
    placed(redis, line, FANS[:6])
    assert line.admit(2) == FANS[:2]
    assert line.admit(2) == []
    for fan in FANS[:2]:
        line.enter(fan)
        line.seated(fan, line.status().now_us + 600 * SECOND)

    holding = line.holding()
    assert holding == line.status().holding == 2
    assert line.admit(2, holding) == FANS[2:4]
    assert line.admit(2, holding) == []

    line.seated(FANS[0], 0)  # the seat is free again, and they may choose another
    assert line.admit(3, line.holding()) == []
    line.finish(FANS[1])
    assert (line.holding(), line.status().holding) == (0, 0)


def test_many_fans_are_seated_and_finished_as_each_would_be(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=9)
    placed(redis, line, FANS[:4])
    until_us = line.status().now_us + 600 * SECOND
    assert line.admit(3) == FANS[:3]
    line.seated_all(dict.fromkeys(FANS[:4], until_us))
    assert line.holding() == 3, "who has no turn holds nothing"
    assert line.finish_all(FANS[:4]) == 3
    assert (line.finish_all(FANS[:4]), line.finish_all([]), line.holding()) == (0, 0, 0)
    assert line.leads_now(FANS[:2]) == dict(zip(FANS[:2], FANS[:2], strict=True))
    assert line.leads_now([]) == {}
    redis.flushall()
    for lost in (lambda: line.leads_now(FANS[:2]), lambda: line.finish_all(FANS[:2])):
        with pytest.raises(Rebuilding):
            lost()


def test_a_hold_counts_no_longer_than_it_lasts(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, FANS[:3])
    line.admit(1)
    line.seated(FANS[0], line.status().now_us + SECOND // 2)
    line.seated(FANS[2], line.status().now_us + SECOND)  # without a turn: nothing to note
    assert line.holding() == 1
    wait_until(lambda: line.holding() == 0)
    assert line.admit(1, 1) == []


def test_a_seat_that_was_counted_before_a_hold_is_not_given_out_twice(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    placed(redis, line, FANS[:2])
    line.admit(1)
    holding, free = line.holding(), 1
    line.seated(FANS[0], line.status().now_us + 600 * SECOND)  # takes the seat just counted
    assert line.admit(free, holding) == []


def test_a_large_batch_is_called_in_short_steps_and_in_order(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1_000, rate_per_s=1_000)
    crowd = placed(redis, line, [f"crowd-{number:03}" for number in range(350)])
    line.leave(crowd[120])
    assert line.admit(999, most=200) == [fan for fan in crowd[:201] if fan != crowd[120]]
    assert line.admit(999) == crowd[201:]
    assert line.admit(999) == []
    assert max(len(found[0]["fans"]) for _, found in line.decisions() if found[0]["fans"]) <= 100
