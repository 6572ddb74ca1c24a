from __future__ import annotations

from boxoffice.dynamo import Database
from boxoffice.tables import SEATS
from tests.boxoffice.shop import HOLD, LATE, NOW, Shop, rush


def test_every_priced_seat_is_on_sale_once(any_db: Database) -> None:
    shop = Shop(any_db, rows=15, seats=10)
    assert len(shop.inventory.seats(shop.sale.sale_id, NOW)) == 150
    assert {seat.tier for seat in shop.inventory.seats(shop.sale.sale_id, NOW)} == {"A", "B"}


def test_creating_seats_again_leaves_holds_and_sales_as_they_are(any_db: Database) -> None:
    shop = Shop(any_db)
    shop.hold("1-1")
    any_db.write(any_db.delete_(SEATS, {"sale_id": shop.sale.sale_id, "seat_id": "4-4"}))

    rush(4, lambda _: shop.inventory.create_seats(shop.sale, shop.plan))

    assert shop.state("1-1") == "held"
    assert shop.state("4-4") == "free"
    assert shop.sweep().faults == {}


def test_a_seat_that_is_held_back_is_not_sold_until_it_is_released(any_db: Database) -> None:
    shop = Shop(any_db, held_back={"1-1": "press"})
    refused = shop.allocate(shop.request("1-1", "1-2"))
    assert refused.problem is not None
    assert refused.problem["seats"] == ["1-1"]

    assert shop.inventory.release(shop.sale.sale_id, {"1-1": None, "1-2": None}) == ["1-1"]
    assert shop.inventory.release(shop.sale.sale_id, {"1-1": None}) == []

    assert shop.hold("1-1", "1-2").seat_ids == ["1-1", "1-2"]


def test_the_stock_is_counted_by_tier_and_moment(any_db: Database) -> None:
    shop = Shop(any_db, rows=2, seats=5, held_back={"2-5": "press"})
    paid = shop.hold("1-1")
    shop.orders.pay(paid.order_id, shop.card(), NOW)
    shop.hold("1-2", "2-1")
    sale_id = shop.sale.sale_id

    now = [(t.tier, t.capacity, t.free, t.held, t.sold) for t in shop.inventory.stock(sale_id, NOW)]
    later = [(t.tier, t.free, t.held) for t in shop.inventory.stock(sale_id, LATE)]

    assert now == [("A", 5, 3, 1, 1), ("B", 5, 3, 1, 0)]
    assert later == [("A", 4, 0), ("B", 4, 0)]
    assert shop.inventory.taken(sale_id, NOW) == {
        "1-1": "sold",
        "1-2": f"held:{NOW + HOLD}",
        "2-1": f"held:{NOW + HOLD}",
        "2-5": "blocked",
    }
