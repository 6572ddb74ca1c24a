"""More time for a hold: bounded, counted once, and never for seats that others may have."""

from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.inventory import store as seats
from boxoffice.orders import writes
from boxoffice.orders.extending import MOST, STEP_US, grace_us
from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.tables import ORDERS
from fairness.clock import SECOND
from fairness.errors import Conflict, Forbidden, HoldExpired, LimitReached
from tests.boxoffice.shop import FAULTS, HOLD, NOW, Shop, faulty, persistently, rush

END = NOW + HOLD  # of a hold that was made NOW
LAST = END - SECOND


def _extend(shop: Shop, order: Order, number: int, now_us: int) -> Order:
    return shop.orders.extend(order.order_id, order.account_id, number, HOLD, now_us)


def test_a_hold_is_extended_ten_times_with_its_seats_and_never_beyond_the_grace(
    any_db: Database,
) -> None:
    shop = Shop(any_db)
    order, now = shop.hold("1-1", "1-2"), LAST
    for number in range(1, MOST + 1):
        order = _extend(shop, order, number, now)
        assert (order.held_until_us, order.extensions) == (now + STEP_US, number)
        assert shop.orders.find(order.order_id) == order
        now = order.held_until_us - 1
        assert shop.state("1-2", now) == "held"
    assert order.held_until_us <= NOW + grace_us(HOLD)
    with pytest.raises(LimitReached):
        _extend(shop, order, MOST + 1, now)
    shop.orders.expire_due(shop.sale.sale_id, now)
    assert shop.orders.pay(order.order_id, shop.card(), now).state == "paid"
    assert shop.outbox("ledger", order) == ["seats_held"] * (1 + MOST) + ["seats_sold"]
    assert shop.sweep(now).faults == {}


def test_an_extended_hold_still_expires_by_itself_and_is_tidied(db: Database) -> None:
    shop = Shop(db)
    order = _extend(shop, shop.hold("1-1"), 1, LAST)
    assert shop.orders.expire_due(shop.sale.sale_id, END) == []
    assert shop.state("1-1", order.held_until_us) == "free"
    (expired,) = shop.orders.expire_due(shop.sale.sale_id, order.held_until_us)
    assert expired.state == "expired"
    assert shop.sweep(order.held_until_us).faults == {}


def test_the_same_extension_ten_times_at_once_is_one(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1")
    results = rush(10, lambda n: persistently(lambda: _extend(shop, order, 1, LAST + n)))
    assert not [result for result in results if isinstance(result, Exception)]
    found = shop.orders.find(order.order_id)
    assert found is not None
    assert found.extensions == 1
    assert shop.outbox("ledger", order) == ["seats_held"] * 2


def test_what_cannot_be_extended_says_why_and_counts_nothing(db: Database) -> None:
    shop = Shop(db)
    order = shop.hold("1-1")
    with pytest.raises(Conflict, match="more time left"):
        _extend(shop, order, 1, NOW)
    with pytest.raises(Conflict, match="number 1"):
        _extend(shop, order, 2, LAST)
    with pytest.raises(Forbidden):
        shop.orders.extend(order.order_id, "acc_other", 1, HOLD, LAST)
    with pytest.raises(HoldExpired):
        _extend(shop, order, 1, END)
    assert shop.orders.find(order.order_id) == order
    shop.orders.cancel(order.order_id, order.account_id, NOW)
    with pytest.raises(Conflict, match="cancelled"):
        _extend(shop, order, 1, LAST)


def test_an_offer_that_is_extended_stays_out_of_the_general_sweep(db: Database) -> None:
    shop = Shop(db)
    order = shop.hold("1-1")
    db.write(db.update_(ORDERS, {"order_id": order.order_id}, "REMOVE due_sale, due_us"))
    _extend(shop, order, 1, LAST)
    assert OrderStore(db).due(shop.sale.sale_id, END + HOLD, 9) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_extending_keeps_every_promise(any_db: Database, fault: str) -> None:
    shop = Shop(any_db)
    number = 0
    while True:
        shop.on(shop.true)
        order = shop.hold(f"1-{number + 1}")
        database, client = faulty(shop.true, fault, number)
        shop.on(database)
        longer = persistently(lambda order=order: _extend(shop, order, 1, LAST))
        shop.on(shop.true)
        assert (longer.extensions, longer.held_until_us) == (1, LAST + STEP_US)
        assert shop.outbox("ledger", order) == ["seats_held"] * 2
        assert shop.sweep(END).faults == {}
        if len(client.calls) <= number:
            break
        number += 1
    assert number > 1


def _extend_what_has_lapsed(shop: Shop) -> Order:
    """Extend by what was read before the hold lapsed and another fan took the seat."""
    before = shop.hold("1-1")
    shop.orders.expire_due(shop.sale.sale_id, END)
    shop.hold("1-1", now_us=END)
    return OrderStore(shop.true).extend(before, LAST + STEP_US, LAST)


def test_the_race_with_expiry_is_real(any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the conditions the seat is another's, and the order says it is held."""
    monkeypatch.setattr(
        writes,
        "STILL_HELD",
        "attribute_exists(order_id) OR #state = :held OR "
        "held_until_us = :before OR held_until_us > :now",
    )
    monkeypatch.setattr(seats, "MINE", "attribute_exists(seat_id) OR held_by = :me")
    shop = Shop(any_db)
    _extend_what_has_lapsed(shop)
    lapsed = [o for o in shop.orders.of_sale(shop.sale.sale_id) if o.extensions]
    assert [order.state for order in lapsed] == ["expired"]
    assert lapsed[0].held_until_us > END  # time was given to an order that has no seats


def test_what_has_lapsed_is_not_extended_by_what_was_read_before(any_db: Database) -> None:
    shop = Shop(any_db)
    with pytest.raises(Changed):
        _extend_what_has_lapsed(shop)
    assert shop.sweep(END).faults == {}


def test_a_seat_that_others_took_refuses_the_extension(any_db: Database) -> None:
    """A front end whose clock is behind: the order is not tidied yet, the seat is another's."""
    shop = Shop(any_db)
    order = shop.hold("1-1", "1-2")
    shop.hold("1-2", now_us=END)
    with pytest.raises(HoldExpired):
        _extend(shop, order, 1, LAST)
    shop.orders.expire_due(shop.sale.sale_id, END)
    assert shop.state("1-1", END) == "free"
    assert shop.sweep(END).faults == {}


def test_extension_expiry_payment_and_the_next_fan_at_one_moment(any_db: Database) -> None:
    shop = Shop(any_db)
    for round_ in range(3):
        seat = f"1-{round_ + 1}"
        order, card = shop.hold(seat), shop.card()
        other = shop.request(seat)
        acts = (
            lambda o=order: _extend(shop, o, 1, LAST),
            lambda: shop.orders.expire_due(shop.sale.sale_id, END),
            lambda o=order, c=card: shop.orders.pay(o.order_id, c, LAST),
            lambda r=other: shop.allocate(r, END),
        )
        rush(len(acts), lambda n, acts=acts: persistently(acts[n]))
        mine, theirs = (shop.orders.find(o.order_id) for o in (order, other))
        assert mine is not None
        assert theirs is not None
        assert (mine.state, theirs.state) != ("paid", "held")
        assert shop.sweep(END).faults == {}
