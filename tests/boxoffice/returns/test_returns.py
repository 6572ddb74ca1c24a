"""A ticket comes back: once, at face value, and everything about it changes together."""

from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.tables import LIMITS, PAYMENTS
from fairness.clock import SECOND
from fairness.errors import Conflict, Forbidden, Invalid, NotFound
from tests.boxoffice.desk import BEGINS, OWNER, UNTIL, Desk
from tests.boxoffice.shop import NOW, rush


def count_of(desk: Desk, person: str) -> int:
    item = desk.true.get(LIMITS, person=f"{desk.sale.sale_id}#fan_{person}")
    return item["tickets"] if item else 0


def test_some_tickets_of_an_order_come_back(any_db: Database) -> None:
    desk = Desk(any_db)
    order = desk.bought("1-1", "1-2", "2-1", person="ada")

    after = desk.give(order, "1-2", "2-1")

    assert (after.state, after.seat_ids) == ("paid", ["1-1"])
    assert [seat.seat_id for seat in after.returned] == ["1-2", "2-1"]
    assert desk.orders.find(order.order_id) == after
    assert desk.ticket(order, "1-1").state == "valid"
    assert {desk.ticket(order, s).state for s in ("1-2", "2-1")} == {"returned"}
    assert desk.state("1-2") == "held"  # kept for those who wait
    assert desk.state("1-2", NOW + 61 * SECOND) == "free"
    assert count_of(desk, "ada") == 1
    assert desk.sweep().faults == {}
    assert sorted(desk.outbox("mail", order)) == ["order_confirmed", "returned_refunding"]
    assert "seats_released" in desk.outbox("ledger", order)
    assert [one.refund_cents for one in desk.returns.of_order(order.order_id)] == [9_000, 4_500]


def test_the_money_goes_back_at_once_and_once(any_db: Database) -> None:
    desk = Desk(any_db)
    order = desk.bought("1-1", "2-1")
    desk.give(order, "1-1")

    assert len(desk.pay_out()) == 1
    assert desk.pay_out() == []
    assert desk.given_back() == 9_000
    desk.give(order, "2-1")
    desk.pay_out()

    assert desk.given_back() == 13_500
    assert desk.true.get(PAYMENTS, payment_id=order.order_id)["refunded_cents"] == 13_500  # type: ignore[index]
    assert {one.state for one in desk.all_returns()} == {"refunded"}
    found = desk.orders.find(order.order_id)
    assert found is not None
    assert (found.state, found.seats) == ("returned", ())


def test_the_fee_is_kept_and_is_never_more_than_the_price(db: Database) -> None:
    desk = Desk(db, fee_cents=5_000)
    order = desk.bought("1-1", "2-1")
    desk.give(order, "1-1", "2-1")
    desk.pay_out()
    assert [one.refund_cents for one in desk.all_returns()] == [4_000, 0]
    assert desk.given_back() == 4_000
    assert {one.state for one in desk.all_returns()} == {"refunded"}


def test_the_same_request_ten_times_is_once(db: Database) -> None:
    desk = Desk(db)
    order = desk.bought("1-1", "1-2")
    orders = [desk.give(order, "1-1") for _ in range(10)]
    for _ in range(10):
        desk.pay_out()
    assert {one.revision for one in orders} == {1}
    assert desk.given_back() == 9_000
    assert len(desk.all_returns()) == 1


def test_the_money_waits_until_the_seat_is_sold_again(db: Database) -> None:
    desk = Desk(db, "when_resold")
    order = desk.bought("1-1", "1-2")
    desk.give(order, "1-1", "1-2")
    assert desk.pay_out() == []
    later = NOW + 61 * SECOND

    held = desk.hold("1-2", now_us=later)
    assert desk.pay_out(later) == []
    desk.orders.pay(held.order_id, desk.card(), later)
    desk.pay_out(later)

    assert [one.state for one in desk.all_returns()] == ["waiting", "refunded"]
    assert desk.given_back() == 9_000
    assert desk.sweep(later).faults == {}


def test_a_seat_that_came_back_twice_was_resold_once(db: Database) -> None:
    """The second return shows that the first seat was sold, though nobody looked meanwhile."""
    desk = Desk(db, "when_resold")
    desk.give(desk.bought("1-1"), "1-1")
    later = NOW + 61 * SECOND
    second = desk.hold("1-1", now_us=later)
    desk.orders.pay(second.order_id, desk.card(), later)
    desk.give(second, "1-1", now_us=later)
    desk.pay_out(later)
    assert sorted(one.state for one in desk.all_returns()) == ["refunded", "waiting"]


def test_a_return_keeps_to_the_rules(db: Database) -> None:
    desk = Desk(db, "off")
    order = desk.bought("1-1")
    with pytest.raises(Conflict, match="not taken back"):
        desk.give(order, "1-1")
    desk.returns.set_rules(desk.sale.sale_id, OWNER, NOW, mode="at_once", until_us=UNTIL)
    with pytest.raises(Conflict, match="time to return"):
        desk.give(order, "1-1", now_us=UNTIL)
    with pytest.raises(Conflict, match="not in this order"):
        desk.give(order, "1-2")
    with pytest.raises(Conflict, match="no seat"):
        desk.give(order)
    with pytest.raises(Forbidden):
        desk.returns.take_back(order.order_id, "acc_eve", ["1-1"], NOW)
    with pytest.raises(NotFound):
        desk.returns.take_back("ord_none", "acc_eve", ["1-1"], NOW)
    with pytest.raises(Conflict, match="is held"):
        desk.give(desk.hold("2-1"), "2-1")
    assert desk.all_returns() == []


def test_only_the_organiser_sets_the_rules_and_each_has_its_bounds(db: Database) -> None:
    desk = Desk(db, "off")
    sale_id = desk.sale.sale_id
    with pytest.raises(Forbidden):
        desk.returns.set_rules(sale_id, "acc_eve", NOW, mode="off")
    with pytest.raises(Invalid, match="no way of returns"):
        desk.returns.set_rules(sale_id, OWNER, NOW, mode="dearer")
    with pytest.raises(Invalid):
        desk.returns.set_rules(sale_id, OWNER, NOW, mode="at_once", until_us=BEGINS + 1)
    with pytest.raises(Invalid):
        desk.returns.set_rules(sale_id, OWNER, NOW, mode="at_once", until_us=UNTIL, fee_cents=-1)
    for _ in range(2):
        rules = desk.returns.set_rules(sale_id, OWNER, NOW, mode="at_once", until_us=UNTIL)
    assert rules.version == 1


def test_the_organiser_calls_an_order_off_with_a_reason(db: Database) -> None:
    desk = Desk(db, "off", fee_cents=500)
    order = desk.bought("1-1", "2-1", person="ada")
    with pytest.raises(Forbidden):
        desk.returns.call_off(order.order_id, "acc_eve", "No.", NOW)
    for _ in range(3):
        after = desk.returns.call_off(order.order_id, OWNER, "The stage is too wide.", NOW)
    desk.pay_out()
    assert after.state == "returned"
    assert after.problem == {"error": "CalledOff", "detail": "The stage is too wide."}
    assert desk.given_back() == order.total_cents
    assert count_of(desk, "ada") == 0
    assert "order_called_off" in desk.outbox("mail", order)
    assert desk.sweep().faults == {}


def test_the_limit_counts_no_longer_what_came_back(db: Database) -> None:
    desk = Desk(db, limit=2)
    order = desk.bought("1-1", "1-2", person="ada")
    desk.give(order, "1-1")
    assert desk.bought("1-5", person="ada").state == "paid"


def test_two_returns_at_once_give_each_ticket_back_once(any_db: Database) -> None:
    desk = Desk(any_db)
    order = desk.bought("1-1", "1-2", "1-3")
    rush(6, lambda n: desk.give(order, "1-1", "1-2") if n % 2 else desk.give(order, "1-2", "1-3"))
    rush(3, lambda _: desk.pay_out())
    desk.pay_out()
    found = desk.orders.find(order.order_id)
    assert found is not None
    gone = [seat.seat_id for seat in found.returned]
    assert len(gone) == len(set(gone)) >= 2
    assert desk.given_back() == 9_000 * len(gone)
    assert desk.sweep().faults == {}
