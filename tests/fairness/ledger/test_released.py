"""Seats that were held back may be sold once the log says that they were released."""

from __future__ import annotations

from fairness.clock import SECOND
from fairness.ledger import entries, seat_entries
from fairness.ledger.entries import Entry
from fairness.ledger.linecheck import LineCheck
from fairness.ledger.seatcheck import SeatCheck
from fairness.manifest import Manifest

AT = 1_800_000_000 * SECOND
RULES = Manifest("s", AT, AT, AT + 3600 * SECOND, seats=3, held_back={"press": 2})


def failed(*log: Entry, rules: Manifest = RULES) -> list[str]:
    found = list[str]()

    def report(check: str, what: str, index: int | None = None) -> None:
        found.append(check)

    line = LineCheck(report)
    line.manifest, line.called = rules, {"ada": 0}
    seats = SeatCheck(report, line)
    for index, entry in enumerate(log):
        entries.encode(entry)
        seats.take(index, entry)
    seats.finish()
    return found


def release(**count: int) -> Entry:
    return entries.organiser("s", AT, "release", {"by": "clock", "released": count})


def sold(*seats: str) -> Entry:
    return seat_entries.seats_sold("s", AT, f"o{seats[0]}", "ada", seats)


def test_seats_are_sold_after_their_release_and_not_before() -> None:
    assert failed(sold("1"), release(press=1), sold("2")) == []
    assert failed(sold("1"), sold("2"), release(press=1)) == ["held back"]
    assert failed(sold("1"), release(press=1), sold("2"), sold("3")) == ["held back"]


def test_no_more_are_released_than_were_held_back() -> None:
    assert failed(release(press=1), release(press=2)) == ["held back"]
    assert failed(release(friends=1)) == ["held back"]


def passed(order: str, to: str, *seats: str) -> Entry:
    return seat_entries.passed_on("s", AT, (order, "ada"), (f"{order}-{to}", to), seats)


def test_a_friend_who_was_not_called_has_the_seat_and_may_return_it_within_their_limit() -> None:
    free = release(press=2)
    back = seat_entries.seats_released("s", AT, "o1-bo", "bo", ["1"], "returned")
    again = seat_entries.seats_sold("s", AT, "o9", "ada", ["1"])
    assert failed(sold("1"), passed("o1", "bo", "1"), back, again) == []
    assert failed(free, sold("1"), passed("o2", "bo", "1")) == ["passed on"]
    stolen = seat_entries.passed_on("s", AT, ("o1", "cy"), ("o5", "bo"), ["1"])
    assert failed(sold("1"), stolen) == ["passed on"]
    one = Manifest("s", AT, AT, AT + 3600 * SECOND, seats=3, limit_per_person=1)
    twice = [sold("1"), passed("o1", "bo", "1"), sold("2"), passed("o2", "bo", "2")]
    assert failed(*twice, rules=one) == ["limit"]


def blocked(**count: int) -> Entry:
    return entries.organiser("s", AT, "block", {"by": "organiser", "blocked": count})


def test_seats_that_are_blocked_during_the_sale_are_not_on_sale_until_released() -> None:
    free = release(press=2)
    assert failed(free, blocked(camera=1), sold("1", "2")) == []
    assert failed(free, blocked(camera=1), sold("1", "2", "3")) == ["held back"]
    assert failed(free, blocked(camera=1), release(camera=1), sold("1", "2", "3")) == []
    assert failed(blocked(camera=1), release(camera=2)) == ["held back"]
