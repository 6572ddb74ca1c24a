"""Receipts after a loss: what they give back, and what they do not."""

from __future__ import annotations

import pytest
from redis import Redis

from fairness.clock import SECOND
from fairness.ledger import entries
from fairness.ledger.history import History
from fairness.line import Line, recovery
from fairness.line.remains import Calls, Orders, calls
from tests.fairness.conftest import Opener, pass_time, placed, store_now_us

STEERED = {"status": "open", "rate_per_s": 50, "capacity": 200, "message": ""}


def lost_and_rebuilt(redis: Redis, line: Line, past: History | None = None) -> None:
    """Lose everything but the rules, and rebuild the line from what `past` knows."""
    rules = line.manifest()
    past = past or History(line.sale_id)
    redis.flushdb()
    assert line.put_in_place(line.prepare(past, Calls({}, 0), rules, STEERED, 0))


def test_a_receipt_gives_the_arrival_back_once_and_with_its_visit(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    at_us = line.join("ada", "{}").at_us
    lost_and_rebuilt(redis, line)

    again = line.restore("ada", '{"tz":"UTC"}', at_us)

    assert again is not None
    assert (again.at_us, again.first, again.window) == (
        at_us,
        True,
        line.manifest().window_of(at_us),
    )
    assert line.restore("ada", "{}", at_us) is None
    assert line.join("ada", "{}").at_us == at_us
    assert line.visits(again.window, ["ada"]) == {"ada": '{"tz":"UTC"}'}


def test_who_joined_again_without_the_receipt_gets_the_earlier_time(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    at_us = line.join("ada", "{}").at_us
    lost_and_rebuilt(redis, line)
    assert line.join("ada", "{}").at_us > at_us

    again = line.restore("ada", "{}", at_us)

    assert again is not None
    assert not again.first
    assert line.arrivals() == [("ada", at_us)]


def test_a_line_that_was_never_lost_knows_no_receipts(opened: Opener) -> None:
    assert opened().restore("ada", "{}", 1) is None


def test_a_receipt_does_not_reach_into_what_is_committed_or_to_come(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    at_us = line.join("ada", "{}").at_us
    past = History(line.sale_id)
    past.last_window = line.manifest().window_of(at_us)
    lost_and_rebuilt(redis, line, past)

    assert line.restore("ben", "{}", at_us - 1) is None
    assert line.restore("ben", "{}", store_now_us(redis) + SECOND) is None
    line.control(status="closed")
    assert line.restore("ben", "{}", at_us + 5000) is None
    assert line.arrivals() == []


def test_no_window_closes_before_the_fans_had_time_to_come_back(
    redis: Redis, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = opened()
    at_us = line.join("ada", "{}").at_us
    monkeypatch.setattr(recovery, "GRACE_US", 0)
    lost_and_rebuilt(redis, line)
    line.restore("ada", "{}", at_us)
    pass_time(redis, line)
    assert line.close_due_windows() == []
    assert line.waits_for_receipts() == (0, True)

    line.adopt(History(line.sale_id))

    assert line.close_due_windows() == [line.manifest().window_of(at_us)]
    assert line.waits_for_receipts() is None


def test_a_rebuilt_line_does_not_replace_one_that_is_there(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada"])
    name = line.prepare(History(line.sale_id), Calls({}, 0), line.manifest(), STEERED, 0)

    assert not line.put_in_place(name)

    assert line.places() == {"ada": 1}
    assert redis.keys(f"*{name}") == []


def history(opened: Opener, **turn: int) -> History:
    past = History("demo")
    past.take(entries.manifest(opened(**turn).manifest(), 1))
    past.places = {fan: place for place, fan in enumerate("abcdef", 1)}
    return past


def test_turns_that_were_surely_over_are_over_and_others_are_full(opened: Opener) -> None:
    past = history(opened, turn_us=10 * SECOND)
    past.take(entries.admitted("demo", 1 * SECOND, [("a", 1), ("b", 2), ("c", 3)]))
    past.take(entries.admitted("demo", 12 * SECOND, [("d", 4)]))

    known = calls(past, Orders(all=("a", "b"), paid=("a",), held=("b",)))

    assert known.done == {"a": "bought", "c": "lapsed"}
    assert known.turns == {"b": SECOND, "d": 12 * SECOND}
    assert known.inside == ["b"]


def test_a_verdict_that_was_lifted_puts_the_passed_over_first(opened: Opener) -> None:
    past = history(opened)
    past.take(entries.verdict("demo", 1, "b", "review", ["headless"]))
    past.take(entries.verdict("demo", 1, "d", "refuse", ["headless"]))
    past.take(entries.admitted("demo", 2, [], [("b", "review"), ("c", "left"), ("d", "refuse")]))
    past.take(entries.admitted("demo", 2, [("a", 1), ("e", 5)]))
    past.take(entries.organiser("demo", 3, "appeal_granted", {"fan": "b"}))

    known = calls(past, Orders())

    assert known.recalled == {"b": 2}
    assert (known.served, list(known.called)) == (5, ["a", "e"])


def test_who_stood_before_an_order_was_called_or_passed_over(opened: Opener) -> None:
    past = history(opened)
    past.take(entries.verdict("demo", 1, "c", "review", ["headless"]))
    past.take(entries.admitted("demo", 2, [("a", 1)]))

    known = calls(past, Orders(all=("d",), held=("d",)))

    assert (known.found, known.passed) == ({"b": 2, "d": 4}, {"c": "review"})
    assert known.served == 4
