"""Many at the same seats at the same moment. Every test ends with the proof from the tables."""

from __future__ import annotations

from typing import Any

import pytest

from boxoffice.dynamo import Database
from boxoffice.inventory import store as seats
from boxoffice.orders import writes
from boxoffice.orders.model import Best, Order, Request
from tests.boxoffice.shop import LATE, NOW, Shop, persistently, rush

CROWD = 8
# True of every seat, and it uses the same values as the real one.
UNGUARDED = "attribute_exists(seat_id) OR held_by = :me OR held_until_us < :now"


def _states(results: list[Order | Exception]) -> list[str]:
    return sorted(r.state if isinstance(r, Order) else type(r).__name__ for r in results)


def _allocate(shop: Shop, requests: list[Request]) -> list[Order | Exception]:
    return rush(len(requests), lambda n: persistently(lambda: shop.allocate(requests[n])))


def _buy_the_same_seats(shop: Shop) -> list[Order | Exception]:
    cards = [shop.card() for _ in range(CROWD)]

    def buy(number: int) -> Order:
        order = persistently(lambda: shop.allocate(request[number]))
        return shop.orders.pay(order.order_id, cards[number], NOW)

    request = [shop.request("1-1", "1-2", person=f"p{number}") for number in range(CROWD)]
    return rush(CROWD, buy)


def test_the_race_is_real(any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the condition seats are oversold, or the next test proves nothing."""
    monkeypatch.setattr(seats, "FREE_OR_MINE", UNGUARDED)
    shop = Shop(any_db)
    assert _states(_buy_the_same_seats(shop)) == ["paid"] * CROWD
    assert shop.sweep().sold_twice == ["1-1", "1-2"]


def test_one_seat_is_sold_once_however_many_want_it(any_db: Database) -> None:
    shop = Shop(any_db)
    assert _states(_buy_the_same_seats(shop)) == ["paid"] + ["refused"] * (CROWD - 1)
    assert shop.sweep().faults == {}
    assert len(shop.charges()) == 1


def test_overlapping_wishes_hold_all_or_nothing(any_db: Database) -> None:
    shop = Shop(any_db)
    wishes = [shop.request(f"1-{n}", f"1-{n + 1}", f"1-{n + 2}") for n in range(1, CROWD + 1)]
    results = _allocate(shop, wishes)
    assert set(_states(results)) <= {"held", "refused"}
    assert "held" in _states(results)
    assert shop.sweep().faults == {}


def test_all_who_ask_for_the_best_get_different_seats(any_db: Database) -> None:
    shop = Shop(any_db, rows=4, seats=10)
    results = _allocate(shop, [shop.request(best=Best(2)) for _ in range(CROWD)])
    assert _states(results) == ["held"] * CROWD
    held = [s for order in results if isinstance(order, Order) for s in order.seat_ids]
    assert len(set(held)) == 2 * CROWD
    assert shop.sweep().faults == {}


def test_the_last_seats_are_not_oversold(any_db: Database) -> None:
    shop = Shop(any_db, rows=1, seats=6)
    results = _allocate(shop, [shop.request(best=Best(2)) for _ in range(CROWD)])
    assert _states(results) == ["held"] * 3 + ["refused"] * (CROWD - 3)
    assert shop.sweep().faults == {}


def test_the_same_request_ten_times_is_one_order(any_db: Database) -> None:
    shop = Shop(any_db)
    request = shop.request(best=Best(2))
    results = _allocate(shop, [request] * 10)
    assert _states(results) == ["held"] * 10
    assert len({tuple(o.seat_ids) for o in results if isinstance(o, Order)}) == 1
    assert shop.sweep().held == 2
    assert shop.sweep().faults == {}


def _buy_beyond_the_limit(shop: Shop) -> list[Order | Exception]:
    requests = [shop.request(f"1-{n + 1}", person="ada") for n in range(CROWD)]
    return _allocate(shop, requests)


def test_the_limit_race_is_real(any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: an unconditional count lets one person have more than the limit."""
    real = writes.OrderWrites.count_

    def unguarded(self: writes.OrderWrites, order: Order, *group: Any) -> object:
        write = real(self, order, *group)
        write["Update"]["ConditionExpression"] = (
            "attribute_not_exists(person) OR attribute_exists(person) OR tickets <= :room"
        )
        return write

    monkeypatch.setattr(writes.OrderWrites, "count_", unguarded)
    shop = Shop(any_db)
    assert _states(_buy_beyond_the_limit(shop)) == ["held"] * CROWD
    assert shop.sweep().over_limit == ["fan_ada"]


def test_one_person_with_many_browsers_stays_within_the_limit(any_db: Database) -> None:
    shop = Shop(any_db)
    assert _states(_buy_beyond_the_limit(shop)) == ["held"] * 4 + ["refused"] * 4
    assert shop.sweep().faults == {}


def test_paying_ten_times_at_once_is_paying_once(any_db: Database) -> None:
    shop = Shop(any_db)
    order, card = shop.hold("1-1"), shop.card()
    results = rush(10, lambda _: persistently(lambda: shop.orders.pay(order.order_id, card, NOW)))
    assert _states(results) == ["paid"] * 10
    assert len(shop.charges()) == 1
    assert shop.outbox("mail", order) == ["order_confirmed"]
    assert shop.sweep().faults == {}


def test_two_cards_at_once_are_charged_once(any_db: Database) -> None:
    shop = Shop(any_db)
    order, cards = shop.hold("1-1"), [shop.card() for _ in range(6)]
    results = rush(
        6, lambda n: persistently(lambda: shop.orders.pay(order.order_id, cards[n], NOW))
    )
    assert set(_states(results)) <= {"paid", "Conflict"}
    assert "paid" in _states(results)
    assert [charge["status"] for charge in shop.charges()] == ["charged"]
    assert shop.sweep().faults == {}


def test_expiry_payment_cancelling_and_the_next_fan_at_one_moment(any_db: Database) -> None:
    """Whoever wins: the seat is sold once, money is kept only for seats, the count is right."""
    shop = Shop(any_db)
    for round_ in range(4):
        seat = f"1-{round_ + 1}"
        order = shop.hold(seat)
        payment = shop.charged(order)
        other = shop.request(seat)
        acts = (
            lambda o=order, p=payment: shop.orders.confirm(o.order_id, p, LATE),
            lambda: shop.orders.expire_due(shop.sale.sale_id, LATE),
            lambda: shop.orders.expire_due(shop.sale.sale_id, LATE),
            lambda r=other: shop.allocate(r, LATE),
        )
        results = rush(len(acts), lambda n, acts=acts: persistently(acts[n]))
        assert not [result for result in results if isinstance(result, Exception)]
        mine, theirs = (shop.orders.find(o.order_id) for o in (order, other))
        assert mine is not None
        assert theirs is not None
        assert (mine.state, theirs.state) in {("paid", "refused"), ("refunded", "held")}
        assert shop.outbox("mail", order) == [
            "order_confirmed" if mine.state == "paid" else "sorry_refunded"
        ]
        assert shop.sweep(LATE).faults == {}
