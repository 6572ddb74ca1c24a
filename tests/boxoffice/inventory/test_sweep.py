"""The proof must see what it is there to see: each fault is made by hand and must be named."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from boxoffice.dynamo import Database
from boxoffice.tables import LIMITS, ORDERS, SEATS, TICKETS
from tests.boxoffice.shop import NOW, Shop


@pytest.fixture
def shop(db: Database) -> Shop:
    shop = Shop(db)
    paid = shop.hold("1-1", "1-2")
    shop.orders.pay(paid.order_id, shop.card(), NOW)
    shop.hold("2-1")
    assert shop.sweep().faults == {}
    return shop


def test_a_good_sale_has_no_faults_and_is_counted(shop: Shop) -> None:
    found = shop.sweep()
    assert (found.capacity, found.sold, found.held) == (40, 2, 1)
    assert found.orders == {"paid": 1, "held": 1}


def test_a_seat_in_two_paid_orders_is_named(shop: Shop, db: Database) -> None:
    paid = next(o for o in shop.orders.of_sale(shop.sale.sale_id) if o.state == "paid")
    twin = replace(paid, order_id="ord_twin", seats=paid.seats[:1])
    db.put(ORDERS, {**asdict(twin), "seats": [asdict(seat) for seat in twin.seats]})
    faults = shop.sweep().faults
    assert faults["sold_twice"] == ["1-1"]
    assert faults["orders_without_seats"] == ["ord_twin/1-1"]


def test_a_sold_seat_without_an_order_is_named(shop: Shop, db: Database) -> None:
    seat = {"sale_id": shop.sale.sale_id, "seat_id": "3-3", "tier": "B", "cents": 4_500}
    db.put(SEATS, {**seat, "order_id": "ord_nobody"})
    assert shop.sweep().faults == {"seats_without_order": ["3-3"]}


def test_an_order_without_its_seats_is_named(shop: Shop, db: Database) -> None:
    db.put(SEATS, {"sale_id": shop.sale.sale_id, "seat_id": "2-1", "tier": "B", "cents": 4_500})
    assert list(shop.sweep().faults) == ["orders_without_seats"]


def test_a_person_over_the_limit_and_a_wrong_count_are_named(shop: Shop, db: Database) -> None:
    order = shop.orders.of_sale(shop.sale.sale_id)[0]
    db.put(LIMITS, {"person": f"{shop.sale.sale_id}#{order.person}", "tickets": 0})
    assert shop.sweep().faults == {"wrong_counts": [order.person]}
    for n in (1, 2, 3, 4):
        extra = replace(order, order_id=f"ord_{n}", state="held", held_until_us=0)
        db.put(ORDERS, {**asdict(extra), "seats": [asdict(seat) for seat in extra.seats]})
    assert shop.sweep().faults["over_limit"] == [order.person]


def test_a_missing_ticket_is_named(shop: Shop, db: Database) -> None:
    ticket = next(iter(db.scan(TICKETS)))
    db.write(db.delete_(TICKETS, {"ticket_id": ticket["ticket_id"]}))
    assert shop.sweep().faults == {"wrong_tickets": [f"{ticket['order_id']}/{ticket['seat_id']}"]}
