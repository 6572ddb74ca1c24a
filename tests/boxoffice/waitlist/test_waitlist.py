"""Seats that came back go to the next who waits, in the order of the line, at the sale's price."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boxoffice.dynamo import Database
from boxoffice.outbox import entries_of
from boxoffice.tables import OUTBOX
from boxoffice.waitlist.choice import Free, choose
from boxoffice.waitlist.model import Wish
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, NotFound
from fairness.ledger.linecheck import LineCheck
from fairness.ledger.seatcheck import SeatCheck
from tests.boxoffice.desk import Desk
from tests.boxoffice.shop import FAULTS, NOW, faulty, hall, persistently, rush

LATER = NOW + 3_601 * SECOND


def states(desk: Desk) -> dict[str, str]:
    return {w.fan.removeprefix("fan_"): w.state for w in desk.waitlist.of_sale(desk.sale.sale_id)}


def test_a_returned_seat_goes_to_the_next_in_the_line(any_db: Database) -> None:
    desk = Desk(any_db)
    order = desk.bought("1-1", "1-2", person="ada")
    desk.wish("late")
    desk.wish("second", place=7)
    desk.wish("first", place=3)
    desk.give(order, "1-2")

    (offer,) = desk.offers()

    assert (offer.fan, offer.seat_ids, offer.total_cents) == ("fan_first", ["1-2"], 9_000)
    assert desk.orders.find(offer.order_id) == offer
    assert states(desk) == {"first": "offered", "second": "waiting", "late": "waiting"}
    assert desk.outbox("mail", offer) == ["waiting_turn"]
    assert desk.outbox("ledger", offer) == ["offered", "seats_held"]
    assert desk.offers() == []
    paid = desk.orders.pay(offer.order_id, desk.card(), NOW)
    assert paid.state == "paid"
    desk.waitlist.settle(desk.sale.sale_id, NOW)
    assert states(desk)["first"] == "bought"
    assert desk.sweep().faults == {}


def test_who_does_not_pay_is_followed_by_the_next_and_may_wait_again_behind(db: Database) -> None:
    desk = Desk(db)
    desk.wish("first", place=1)
    desk.wish("second", place=2)
    order = desk.bought("1-1")
    desk.give(order, "1-1")
    (first,) = desk.offers()
    assert desk.waitlist.settle(desk.sale.sale_id, NOW) == []

    (lapsed,) = desk.waitlist.settle(desk.sale.sale_id, LATER)
    assert (lapsed.order_id, lapsed.state) == (first.order_id, "expired")
    assert states(desk) == {"first": "lapsed", "second": "waiting"}
    again = desk.waitlist.put_down(desk.a_wish("first", place=1), desk.sale, 0, LATER)
    (second,) = desk.offers(LATER)

    assert (again.lapses, second.fan) == (1, "fan_second")
    assert desk.sweep(LATER).faults == {}


def test_who_gives_an_offer_back_lets_the_next_have_it(db: Database) -> None:
    desk = Desk(db)
    desk.wish("first", place=1)
    desk.wish("second", place=2)
    order = desk.bought("1-1")
    desk.give(order, "1-1")
    (offer,) = desk.offers()
    desk.orders.cancel(offer.order_id, offer.account_id, NOW)
    desk.waitlist.settle(desk.sale.sale_id, NOW)
    assert [o.fan for o in desk.offers()] == ["fan_second"]


def test_an_offer_that_lapsed_ends_also_when_others_have_its_seat_by_then(db: Database) -> None:
    desk = Desk(db)
    desk.wish("first", 2)
    order = desk.bought("1-1", "1-2")
    desk.give(order, "1-1", "1-2")
    desk.offers()
    desk.hold("1-1", now_us=LATER)  # its time was over, and nobody had tidied it yet
    (lapsed,) = desk.waitlist.settle(desk.sale.sale_id, LATER)
    assert lapsed.state == "expired"
    assert states(desk) == {"first": "lapsed"}
    assert desk.state("1-2", LATER) == "held"  # for the next who waits
    assert desk.sweep(LATER).faults == {}


def test_a_late_payment_of_an_offer_is_honoured(db: Database) -> None:
    desk = Desk(db)
    desk.wish("first")
    desk.give(desk.bought("1-1"), "1-1")
    (offer,) = desk.offers()
    desk.charged(offer)
    (paid,) = desk.waitlist.settle(desk.sale.sale_id, LATER)
    assert paid.state == "paid"
    assert states(desk) == {"first": "bought"}
    assert desk.sweep(LATER).faults == {}


def test_a_wish_that_does_not_fit_is_passed_and_kept(db: Database) -> None:
    desk = Desk(db)
    desk.wish("two", 2, place=1)
    desk.wish("cheap", 1, "B", place=2)
    desk.wish("any", 1, place=3)
    order = desk.bought("1-1", "2-1")
    desk.give(order, "1-1")
    assert [o.fan for o in desk.offers()] == ["fan_any"]
    desk.give(order, "2-1")
    assert [(o.fan, o.total_cents) for o in desk.offers()] == [("fan_cheap", 4_500)]
    assert states(desk)["two"] == "waiting"


def test_who_has_all_they_may_have_is_passed_over(db: Database) -> None:
    desk = Desk(db, limit=1)
    desk.wish("rich", place=1)
    desk.wish("next", place=2)
    desk.bought("2-1", person="rich")
    desk.give(desk.bought("1-1"), "1-1")
    assert [o.fan for o in desk.offers()] == ["fan_next"]
    assert states(desk)["rich"] == "left"


def test_while_the_sale_runs_only_seats_that_came_back_are_offered(db: Database) -> None:
    desk = Desk(db)
    desk.wish("first")
    assert desk.offers() == []  # the other seats are for those in the line


def test_a_wish_is_put_down_once_changed_and_taken_back(db: Database) -> None:
    desk = Desk(db)
    first = desk.wish("ada", 1)
    assert desk.wish("ada", 1) == first
    assert desk.wish("ada", 2).created_us == first.created_us
    desk.wish("bo", 1)
    standing = desk.waitlist.standing(desk.sale.sale_id, "fan_bo")
    assert standing is not None
    assert standing.ahead == 1
    for _ in range(2):
        assert desk.waitlist.leave(desk.sale.sale_id, "fan_ada", NOW).state == "left"
    assert desk.waitlist.standing(desk.sale.sale_id, "fan_bo").ahead == 0  # type: ignore[union-attr]
    with pytest.raises(NotFound):
        desk.waitlist.leave(desk.sale.sale_id, "fan_eve", NOW)


def test_a_wish_that_cannot_be_is_refused_with_the_rule(db: Database) -> None:
    desk = Desk(db, limit=2)
    with pytest.raises(Invalid, match="3 seats"):
        desk.wish("ada", 3)
    with pytest.raises(Invalid, match="no tier"):
        desk.wish("ada", 1, "gold")
    with pytest.raises(Conflict, match="still be bought"):
        desk.waitlist.put_down(desk.a_wish("ada"), desk.sale, 1, NOW)


def test_workers_at_once_offer_a_seat_once(any_db: Database) -> None:
    desk = Desk(any_db)
    for number in range(4):
        desk.wish(f"p{number}", place=number + 1)
    order = desk.bought("1-1", "1-2")
    desk.give(order, "1-1", "1-2")
    rush(4, lambda _: desk.offers())
    desk.offers()
    held = [o for o in desk.orders.of_sale(desk.sale.sale_id) if o.state == "held"]
    assert sorted(o.fan for o in held) == ["fan_p0", "fan_p1"]
    assert sorted(s for o in held for s in o.seat_ids) == ["1-1", "1-2"]
    assert desk.sweep().faults == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_of_an_offer_costs_nobody_a_seat(db: Database, fault: str) -> None:
    desk = Desk(db, rows=3)
    for number in range(7):
        desk.wish(f"p{number}", place=number + 1)
        order = desk.bought(f"1-{number + 1}")
        desk.give(order, f"1-{number + 1}")
        database, _ = faulty(desk.true, fault, number)
        desk.on(database)
        persistently(desk.offers)
        persistently(lambda: desk.waitlist.settle(desk.sale.sale_id, NOW))
        desk.on(desk.true)
        desk.offers()
    held = [o for o in desk.orders.of_sale(desk.sale.sale_id) if o.state == "held"]
    assert len(held) == 7
    assert all(desk.outbox("mail", order) == ["waiting_turn"] for order in held)
    assert desk.sweep().faults == {}


def test_nothing_in_the_log_names_an_account(db: Database) -> None:
    desk = Desk(db)
    desk.wish("ada")
    desk.give(desk.bought("1-1"), "1-1")
    desk.offers()
    logged = [entry for row in db.query(OUTBOX, kind="ledger") for entry in entries_of(row)]
    assert {"wish", "offered"} <= {entry["type"] for entry in logged}
    assert "acc_" not in str([e for e in logged if e["type"] != "organiser"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    free=st.sets(st.sampled_from([f"{r}-{n}" for r in (1, 2) for n in range(1, 7)])),
    count=st.integers(1, 4),
    tiers=st.sets(st.sampled_from(["A", "B"])),
)
def test_whatever_is_free_an_offer_costs_the_price_of_the_sale(
    free: set[str], count: int, tiers: set[str]
) -> None:
    plan, cents = hall(2, 6), {"A": 9_000, "B": 4_500}
    seats = {s: Free(s, t, cents[t]) for s in free for t in ["A" if s[0] == "1" else "B"]}
    wish = Wish("sale", "fan", "acc", "fan", count, tuple(sorted(tiers)), None, NOW, NOW)
    chosen = choose(plan, seats, wish)
    fits = [t for t in "AB" if (not tiers or t in tiers)]
    enough = any(sum(s.tier == t for s in seats.values()) >= count for t in fits)
    assert (chosen is not None) == enough
    for seat in chosen or ():
        assert seat.seat_id in free
        assert seat.cents == cents[seat.tier]
        assert seat.tier in fits
    assert chosen is None or len({seat.seat_id for seat in chosen}) == count


def test_what_the_waiting_list_does_is_what_the_verifier_wants(db: Database) -> None:
    """Its entries, in the order in which they are logged, pass the check of the public log."""
    desk, places = Desk(db, limit=2), {"fan_one": 1, "fan_rich": 2, "fan_three": 3}
    desk.bought("2-1", "2-2", person="rich")
    first, second = desk.bought("1-1", "1-2", person="ada"), desk.bought("1-3", person="bo")
    for number, (name, count) in enumerate(
        [("late", 1), ("three", 1), ("rich", 1), ("one", 2), ("big", 2)]
    ):
        wish = desk.a_wish(name, count, place=places.get(f"fan_{name}"))
        desk.waitlist.put_down(wish, desk.sale, 0, NOW + number * SECOND)
    desk.give(first, "1-1", now_us=NOW + 20 * SECOND)
    desk.give(second, "1-3", now_us=NOW + 21 * SECOND)
    offers = desk.offers(NOW + 30 * SECOND)
    for offer in offers[1:]:
        desk.orders.pay(offer.order_id, desk.card(), NOW + 40 * SECOND)
    desk.waitlist.settle(desk.sale.sale_id, NOW + 4_000 * SECOND)
    offers += desk.offers(NOW + 4_001 * SECOND)

    failed = list[str]()
    line = LineCheck(lambda check, what, index: failed.append(f"{check}: {what}"))
    line.places, line.called = places, dict.fromkeys(("fan_rich", "fan_ada", "fan_bo"), 0)
    seats = SeatCheck(line._report, line)
    rows = list(db.query(OUTBOX, kind="ledger"))
    for index, entry in enumerate(entry for row in rows for entry in entries_of(row)):
        seats.take(index, entry)
    seats.finish()
    assert failed == []
    assert [offer.fan for offer in offers] == ["fan_one", "fan_three", "fan_late"]


def test_a_forgotten_list_names_nobody_and_is_not_forgotten_under_an_offer(db: Database) -> None:
    desk = Desk(db)
    desk.wish("ada")
    desk.give(desk.bought("1-1"), "1-1")
    desk.offers()
    with pytest.raises(Conflict, match="being kept"):
        desk.waitlist.forget(desk.sale.sale_id)
    desk.waitlist.settle(desk.sale.sale_id, LATER)
    for _ in range(2):
        desk.waitlist.forget(desk.sale.sale_id)
    assert desk.waitlist.of_sale(desk.sale.sale_id) == []
