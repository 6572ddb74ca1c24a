"""Seats that come back, in the log: sold again is well, sold twice is not, and offers in turn."""

from __future__ import annotations

from collections.abc import Mapping

from fairness.clock import SECOND
from fairness.ledger import entries, seat_entries
from fairness.ledger.entries import Entry
from fairness.ledger.linecheck import LineCheck
from fairness.ledger.seatcheck import SeatCheck

AT = 1_800_000_000 * SECOND


def found(
    *log: Entry, places: Mapping[str, int] | None = None, called: str = "ada bo"
) -> list[str]:
    """Return the names of the checks that fail over these entries, in their order."""
    failed = list[str]()

    def report(check: str, what: str, index: int | None = None) -> None:
        failed.append(check)

    line = LineCheck(report)
    line.called = dict.fromkeys(called.split(), 0)
    line.places = dict(places or {})
    seats = SeatCheck(report, line)
    for index, entry in enumerate(log):
        entries.encode(entry)
        seats.take(index, entry)
    seats.finish()
    return failed


def sold(order: str, fan: str, *seats: str) -> Entry:
    return seat_entries.seats_sold("s", AT, order, fan, seats)


def returned(order: str, fan: str, *seats: str) -> Entry:
    return seat_entries.seats_released("s", AT, order, fan, seats, "returned")


def wish(fan: str, count: int = 1, *tiers: str, at: int = 0, place: int | None = None) -> Entry:
    return seat_entries.wish("s", AT + at * SECOND, fan, place, count, tiers)


def offered(order: str, fan: str, *seats: str, at: int = 60) -> Entry:
    at_us = AT + at * SECOND
    return seat_entries.offered("s", at_us, order, fan, seats, "A", at_us + SECOND)


def test_a_seat_is_sold_comes_back_and_is_sold_again() -> None:
    assert (
        found(sold("o1", "ada", "1", "2"), returned("o1", "ada", "1"), sold("o2", "bo", "1")) == []
    )


def test_a_seat_that_did_not_come_back_is_sold_twice() -> None:
    log = [sold("o1", "ada", "1", "2"), returned("o1", "ada", "1"), sold("o2", "bo", "2")]
    assert found(*log) == ["sold twice"]
    assert found(sold("o1", "ada", "1"), returned("o9", "eve", "1"), sold("o2", "bo", "1")) == [
        "sold twice"
    ]


def test_who_was_offered_a_seat_need_not_be_called_and_who_was_not_must() -> None:
    log = [sold("o1", "ada", "1"), returned("o1", "ada", "1"), wish("cy"), offered("o2", "cy", "1")]
    assert found(*log, sold("o2", "cy", "1")) == []
    assert found(*log, sold("o3", "cy", "1")) == ["sold uncalled"]
    assert found(*log[:2], sold("o2", "cy", "1")) == ["sold uncalled"]


def test_an_offer_needs_a_wish_that_it_fits() -> None:
    assert found(offered("o2", "cy", "1")) == ["offer"]
    assert found(wish("cy", 2), offered("o2", "cy", "1")) == ["offer"]
    assert found(wish("cy", 1, "B"), offered("o2", "cy", "1")) == ["offer"]
    assert found(wish("cy"), wish("cy", 0), offered("o2", "cy", "1")) == ["offer"]
    assert found(wish("cy"), offered("o2", "cy", "1"), offered("o3", "cy", "2")) == ["offer"]


def test_offers_go_in_the_order_of_the_line_then_of_the_time() -> None:
    waiting = [wish("late", at=1), wish("soon"), wish("two", place=2), wish("one", place=1)]
    places = {"one": 1, "two": 2}
    turns = [offered(f"o{n}", fan, f"{n}") for n, fan in enumerate(("one", "two", "soon", "late"))]
    assert found(*waiting, *turns, places=places) == []
    assert found(*waiting, turns[1], places=places) == ["offer"]
    assert found(*waiting[:2], turns[3]) == ["offer"]


def test_who_was_passed_because_their_wish_did_not_fit_is_no_fault() -> None:
    assert (
        found(wish("two", 2), wish("cheap", 1, "B"), wish("cy", at=1), offered("o", "cy", "1"))
        == []
    )


def test_a_wish_written_down_at_that_very_moment_is_no_fault() -> None:
    log = [wish("cy"), wish("one", at=55, place=1), offered("o", "cy", "1")]
    assert found(*log, places={"one": 1}) == []


def test_who_did_not_take_an_offer_up_comes_behind_who_had_none() -> None:
    first = [wish("one", place=1), wish("cy"), offered("o1", "one", "1"), wish("one", place=1)]
    assert found(*first, offered("o2", "cy", "1"), places={"one": 1}) == []
    assert found(*first, offered("o2", "one", "1", at=70), places={"one": 1}) == ["offer"]


def test_a_wish_names_the_place_that_the_line_gave() -> None:
    assert found(wish("one", place=2), places={"one": 1}) == ["wish"]
    assert found(wish("one"), places={"one": 1}) == ["wish"]
