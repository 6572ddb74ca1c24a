"""What an order costs in DynamoDB: counted by an engine that counts as AWS does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders.model import Best, Order
from fairness.clock import SECOND
from tests.boxoffice.shop import NOW, Shop

WRITES = ("put_item", "update_item", "delete_item", "transact_write_items")
ORDERS = 8  # of two seats each, in one batch


class Counting:
    """A client that adds up the units of its calls, by table."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.written, self.read = Counter[str](), Counter[str]()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            answer = getattr(self._client, name)(**request, ReturnConsumedCapacity="INDEXES")
            found = answer.get("ConsumedCapacity") or []
            for used in found if isinstance(found, list) else [found]:
                table = used["TableName"].rpartition("-")[2]
                (self.written if name in WRITES else self.read)[table] += used["CapacityUnits"]
            return answer

        return call


@pytest.fixture
def counted(any_db: Database) -> tuple[Shop, Counting]:
    shop, client = Shop(any_db), Counting(any_db.client)
    shop.on(Database(client, any_db.prefix))
    return shop, client


def test_an_order_costs_what_the_capacity_plan_says(counted: tuple[Shop, Counting]) -> None:
    """An order of two seats, from the wish to the paid tickets; the log and the mail come later."""
    shop, client = counted
    wishes = [shop.request(best=Best(2, "A" if n < 4 else "B")) for n in range(ORDERS)]
    held = shop.orders.allocate_all(wishes, shop.sale, shop.plan, shop.cache, NOW)
    if not client.written:
        pytest.skip("this engine does not count")
    hold = client.written.total() / ORDERS
    paid = shop.orders.pay_all([(w.order_id, shop.card()) for w in wishes], NOW + SECOND)

    assert len(held) == ORDERS
    assert {order.state for order in paid if isinstance(order, Order)} == {"paid"}
    assert hold == 11.5
    assert {table: units / ORDERS for table, units in client.written.items()} == {
        "orders": 10,  # held and paid: 2 each, and three indexes each time
        "limits": 2,
        "seats": 8,  # two seats, each held and sold
        "payments": 4,  # begun and charged
        "charges": 2,  # the test provider's own books, of many at once
        "tickets": 4,
        "outbox": 3,  # the promise of a mail, and an eighth of two promises to the log
    }
