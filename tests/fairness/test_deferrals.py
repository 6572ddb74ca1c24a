"""Fans who ask to be called later keep their place, and the log shows that nobody else was."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, NotFound
from fairness.ledger import entries
from fairness.ledger.defercheck import DeferCheck
from fairness.ledger.history import History
from fairness.line import Line
from fairness.line.remains import Orders, calls
from tests.engines import wait_until
from tests.fairness.conftest import Opener, placed, store_now_us

LATER = 1800 * SECOND


def come(redis: Redis, fan: str) -> None:
    """Let the time come that this fan asked for."""
    redis.zadd(keys.deferred("demo"), {fan: store_now_us(redis) - 1})


def logged(line: Line) -> list[dict[str, Any]]:
    return [entry for _, found in line.decisions() for entry in found]


def test_who_asks_for_later_is_passed_over_and_called_first_when_the_time_has_come(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=2)
    placed(redis, line, ["ada", "ben", "cy", "dee", "eve"])
    until_us = store_now_us(redis) + LATER
    assert line.defer("ada", until_us) == until_us

    assert line.admit(9) == ["ben", "cy"]
    found = line.position("ada")
    assert (found.state, found.place, found.not_before_us) == ("in_line", 1, until_us)
    come(redis, "ada")
    line.finish("ben")

    assert line.admit(9) == ["ada"]
    line.finish("ada")
    assert line.admit(9) == ["dee"]
    assert line.position("ada").not_before_us is None


def test_a_time_before_the_place_is_reached_changes_nothing(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben"])
    line.defer("ben", store_now_us(redis) + LATER)
    come(redis, "ben")
    assert line.admit(9) == ["ada"]
    line.finish("ada")
    assert line.admit(9) == ["ben"]
    line.finish("ben")
    assert line.admit(9) == []


def test_who_no_longer_asks_for_it_is_called_at_once(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben", "cy"])
    line.defer("ada", store_now_us(redis) + LATER)
    assert line.admit(9) == ["ben"]
    line.defer("ada", 0)
    line.defer("ada", 0)
    line.finish("ben")
    assert line.admit(9) == ["ada"]


def test_it_can_be_asked_before_the_draw_and_by_a_linked_account(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    line.join("ada", "{}")
    line.join("ada-2", "{}")
    line.merge({"ada-2": "ada"})
    line.defer("ada-2", store_now_us(redis) + LATER)
    placed(redis, line, ["ben"])
    assert line.admit(9) == ["ben"]
    assert line.position("ada").not_before_us == line.position("ada-2").not_before_us is not None


def test_who_left_meanwhile_is_not_called(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben", "cy"])
    line.defer("ada", store_now_us(redis) + LATER)
    line.admit(9)
    line.leave("ada")
    come(redis, "ada")
    line.finish("ben")
    assert line.admit(9) == ["cy"]
    assert ["ada", "left"] in [pair for e in logged(line) for pair in e.get("passed", [])]


def test_a_time_that_cannot_be_is_refused_by_name(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    now_us = store_now_us(redis)
    for wrong in (now_us - 1, now_us + 3 * LATER):
        with pytest.raises(Invalid) as refused:
            line.defer("ada", wrong)
        assert refused.value.field == "at"
    with pytest.raises(NotFound):
        line.defer("nobody", now_us + LATER)
    line.leave("ben")
    line.admit(9)
    for fan, why in (("ada", "called"), ("ben", "left")):
        with pytest.raises(Conflict, match=why):
            line.defer(fan, now_us + LATER)


def test_asking_again_and_again_does_not_fill_the_log(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada"])
    until_us = store_now_us(redis) + LATER
    for number in range(20):
        line.defer("ada", until_us + number)
    with pytest.raises(Conflict, match="often"):
        line.defer("ada", until_us)
    assert len(logged(line)) == 20
    assert line.defer("ada", 0) == 0


def test_the_log_of_deferrals_holds_and_nothing_else_does(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben", "cy"])
    until_us = store_now_us(redis) + SECOND // 5
    line.defer("ada", until_us)
    line.admit(9)
    line.finish("ben")
    wait_until(lambda: store_now_us(redis) > until_us)
    line.admit(9)
    line.finish("ada")
    line.admit(9)
    found = logged(line)

    assert [e["fans"] for e in found if e["type"] == "admitted" and e["fans"]] == [
        [["ben", 2]], [["ada", 1]], [["cy", 3]],
    ]  # fmt: skip
    assert faults(found) == []
    assert {field for e in found for field in e} <= {
        "v", "type", "sale", "at_us", "fans", "passed", "fan", "until_us",
    }  # fmt: skip


def faults(found: list[dict[str, Any]]) -> list[str]:
    reports: list[str] = []
    check, served = DeferCheck(lambda _, what, __: reports.append(what)), 0
    for index, entry in enumerate(found):
        check.take(index, entry, served)
        served = max([served, *(place for _, place in entry.get("fans", []))])
    return reports


ASKED = entries.deferral("demo", 1_000, "ada", 9_000_000)
PASSED = entries.admitted("demo", 2_000, [("ben", 2)], [("ada", "deferred")])


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ([PASSED], "had not asked"),
        ([entries.deferral("demo", 1_000, "ada", 1_500), PASSED], "had not asked"),
        ([ASKED, entries.admitted("demo", 2_000, [("ada", 1)])], "before the time"),
        (
            [ASKED, PASSED, entries.admitted("demo", 11_000_000, [("cy", 3)])],
            "ada was due",
        ),
        (
            [ASKED, PASSED, entries.deferral("demo", 3_000_000, "ada", 0),
             entries.admitted("demo", 5_000_000, [("cy", 3)])],
            "ada was due",
        ),
    ],
)  # fmt: skip
def test_a_log_that_passes_somebody_over_without_their_wish_is_found_out(
    told: list[dict[str, Any]], fault: str
) -> None:
    (found,) = faults(told)
    assert fault in found


def test_a_lost_line_still_knows_who_asked_for_later() -> None:
    past = History("demo")
    past.places = {"ada": 1, "ben": 2, "cy": 3}
    past.newest_us = 1
    for entry in (ASKED, PASSED, entries.deferral("demo", 3_000, "cy", 0)):
        past.take(entry)

    known = calls(past, Orders())

    assert known.deferred == {"ada": 9_000_000}
    assert (known.recalled, known.served) == ({"ada": 1}, 2)
