"""A place that a later window shows to be of very many accounts is held, unless it was called."""

from __future__ import annotations

from typing import Any

from redis import Redis

from fairness import keys
from fairness.line import Line
from tests.fairness.conftest import Opener, placed

MANY = '[{"rule":"many_accounts","weight":0.85,"because":"Very many accounts."}]'
WEAK = '[{"rule":"vpn_address","weight":0.1,"because":"A VPN."}]'


def find(redis: Redis, line: Line, window: int, *fans: str) -> None:
    """Lay down that a later window found these, as screening does."""
    redis.hset(keys.windows("demo"), str(window), "closed")
    assert line.screened(window, {}, {}, dict.fromkeys(fans, MANY))


def held(line: Line) -> list[str]:
    return [fan for fan, record in line.verdicts().items() if record["verdict"] == "review"]


def logged(line: Line) -> list[dict[str, Any]]:
    return [entry for _, found in line.decisions() for entry in found]


def test_a_place_that_waits_is_held_and_the_log_is_told_in_the_same_step(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    line.set_verdict("ada", "challenge", WEAK)
    find(redis, line, 10**6, "ada")
    assert held(line) == [], "not before its window is in the log"

    line.withhold(10**6)
    line.withhold(10**6)

    (entry,) = logged(line)
    assert (entry["type"], entry["fan"], entry["window"]) == ("verdict", "ada", None)
    assert (entry["verdict"], entry["rules"]) == ("review", ["vpn_address", "many_accounts"])
    assert [f["rule"] for f in (line.verdict("ada") or {})["findings"]] == entry["rules"]
    assert line.admit(9) == ["ben"]
    line.lift_verdict("ada")
    assert line.admit(9) == ["ada"], "the place was kept"


def test_who_was_released_is_not_held_for_the_same_thing_again(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    find(redis, line, 10**6, "ada")
    line.withhold(10**6)
    line.lift_verdict("ada")
    redis.hset(keys.windows("demo"), "1000001", "closed")
    line.screened(10**6 + 1, {}, {}, {"ada": MANY, "ben": ""})
    line.withhold(10**6 + 1)
    find(redis, line, 10**6 + 2, "ben")
    line.withhold(10**6 + 2)
    assert held(line) == [], "ben was told with his own window"


def test_who_was_called_meanwhile_left_shares_a_place_or_was_parted_is_left_alone(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben", "cy", "dee", "eve"])
    line.leave("ben")
    line.merge({"cy": "dee", "eve": "dee"})
    line.part(["eve"], "two_people")
    redis.hset(keys.apart("demo"), "eve", "dee")
    find(redis, line, 10**6, "ada", "ben", "cy", "eve")
    assert line.admit(9) == ["ada"]

    line.withhold(10**6)

    assert held(line) == []
    assert not redis.exists(f"{keys.late('demo')}:{10**6}")
    line.enter("ada")
    assert line.position("ada").state == "inside"


def test_the_called_fan_who_is_shut_out_is_real(redis: Redis, opened: Opener) -> None:
    """Without the guard, who is called between the look and the hold cannot enter."""
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben"])
    waiting = line.position("ada").state == "in_line"
    assert line.admit(9) == ["ada"]

    if waiting:
        line.set_verdict("ada", "review", MANY)

    assert held(line) == ["ada"], "though the turn has begun"


def test_more_than_fit_into_one_step_are_held(redis: Redis, opened: Opener) -> None:
    line = opened()
    fans = [f"fan{n}" for n in range(600)]
    redis.hset(keys.state("demo"), "served", 0)
    find(redis, line, 10**6, *fans)
    line.withhold(10**6)
    assert len(held(line)) == 600
