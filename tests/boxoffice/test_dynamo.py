from __future__ import annotations

import pytest

from boxoffice import dynamo
from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.tables import ORDERS, SEATS
from fairness.errors import Unavailable


def test_an_item_comes_back_as_it_went_in(any_db: Database) -> None:
    item = {"sale_id": "s", "seat_id": "A-1", "cents": 7_500, "tags": ["aisle"], "raw": b"\x00"}
    any_db.put(SEATS, item)
    assert any_db.get(SEATS, sale_id="s", seat_id="A-1") == item


def test_a_transaction_names_the_writes_that_failed_and_writes_nothing(any_db: Database) -> None:
    any_db.put(SEATS, {"sale_id": "s", "seat_id": "2"})
    absent = "attribute_not_exists(seat_id)"
    with pytest.raises(ConditionFailed) as caught:
        any_db.transact(
            [any_db.put_(SEATS, {"sale_id": "s", "seat_id": n}, absent) for n in ("1", "2")]
        )
    assert caught.value.failed == [1]
    assert any_db.get(SEATS, sale_id="s", seat_id="1") is None


def test_many_items_are_read_whole_and_in_order(any_db: Database) -> None:
    items = [{"sale_id": "s", "seat_id": f"{n:04}"} for n in range(130)]
    any_db.put_many(SEATS, items)
    assert list(any_db.query(SEATS, sale_id="s")) == items
    assert len(any_db.get_many(SEATS, items)) == 130


def test_what_does_not_fit_on_one_page_is_read_whole(
    any_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dynamo, "PAGE", 2)
    orders = [{"order_id": f"{n}", "account_id": "a", "created_us": n} for n in range(5)]
    any_db.put_many(ORDERS, orders)
    assert list(any_db.query(ORDERS, index="by_account", account_id="a")) == orders
    assert sorted(any_db.scan(ORDERS), key=lambda order: order["order_id"]) == orders


def test_an_index_gives_the_newest_first(any_db: Database) -> None:
    for n in (1, 3, 2):
        any_db.put(ORDERS, {"order_id": str(n), "account_id": "a", "created_us": n})
    found = any_db.query(ORDERS, index="by_account", newest_first=True, limit=2, account_id="a")
    assert [order["created_us"] for order in found] == [3, 2]


def test_a_dead_database_is_unavailable(db: Database) -> None:
    from boxoffice.dynamo import connect

    with pytest.raises(Unavailable, match="does not answer"):
        connect("http://127.0.0.1:9", "eu-central-1", "").get(ORDERS, order_id="x")


def test_a_query_leaves_out_what_is_not_wanted(any_db: Database) -> None:
    held = {"held_by": "ord_1", "held_until_us": 5}
    any_db.put_many(SEATS, [{"sale_id": "s", "seat_id": "1", **held, "tier": "A"}])
    any_db.put_many(SEATS, [{"sale_id": "s", "seat_id": str(n), "tier": "A"} for n in range(2, 9)])
    where, only = ("held_until_us > :now", {"now": 4}), ("seat_id", "held_by")
    found = any_db.query(SEATS, where=where, only=only, page=3, sale_id="s")
    assert list(found) == [{"seat_id": "1", "held_by": "ord_1"}]
    assert list(any_db.query(SEATS, where=("held_until_us > :now", {"now": 5}), sale_id="s")) == []
