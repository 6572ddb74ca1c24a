"""What no emulator does, done at every call: a conflict, throttling, a reply that gets lost.

Each test runs an act once for every call that it makes to the database, with that call going
wrong, and a worker that tries again; then it reads the proof from the tables.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders.model import Best, Order
from boxoffice.tables import ORDERS
from fairness.errors import Unavailable
from tests.boxoffice.shop import FAULTS, LATE, NOW, Shop, faulty, persistently


def _at_every_call(shop: Shop, fault: str, act: Callable[[int], Order]) -> list[Order]:
    """Do `act(n)` with its call n going wrong, for n = 0, 1, … until there is no such call."""
    results, number = [], 0
    while True:
        database, client = faulty(shop.true, fault, number)
        shop.on(database)
        results.append(persistently(lambda n=number: act(n)))
        shop.on(shop.true)
        if len(client.calls) <= number:
            return results
        number += 1


@pytest.mark.parametrize("fault", ["conflict", "throttled", "lost reply"])
def test_the_fault_is_real(db: Database, fault: str) -> None:
    """The control: someone who does not try again, or read again, meets the fault."""
    database, _ = faulty(db, fault, 0)
    with pytest.raises(Unavailable):
        database.transact([database.put_(ORDERS, {"order_id": "x"})])
    assert (db.get(ORDERS, order_id="x") is not None) == (fault == "lost reply")


@pytest.mark.parametrize("fault", FAULTS)
def test_allocating_keeps_every_promise(any_db: Database, fault: str) -> None:
    shop = Shop(any_db, rows=3)
    orders = _at_every_call(
        shop,
        fault,
        lambda n: shop.allocate(shop.request(best=Best(2), order_id=f"ord_{n}", person=f"p{n}")),
    )
    assert len(orders) > 1
    assert {order.state for order in orders} == {"held"}
    assert all(shop.outbox("ledger", order) == ["seats_held"] for order in orders)
    assert shop.sweep().held == 2 * len(orders)
    assert shop.sweep().faults == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_refusing_keeps_every_promise(any_db: Database, fault: str) -> None:
    shop = Shop(any_db)
    shop.hold("1-1")
    orders = _at_every_call(
        shop,
        fault,
        lambda n: shop.allocate(shop.request("1-1", "1-2", order_id=f"ord_{n}", person=f"p{n}")),
    )
    assert {order.state for order in orders} == {"refused"}
    assert shop.state("1-2") == "free"
    assert shop.sweep().faults == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_paying_keeps_every_promise(any_db: Database, fault: str) -> None:
    shop = Shop(any_db, rows=3)
    held = [shop.hold(f"{row}-{n}") for row in (1, 2, 3) for n in range(1, 7)]
    card = shop.card()

    orders = _at_every_call(shop, fault, lambda n: shop.orders.pay(held[n].order_id, card, NOW))

    assert len(orders) > 5
    assert {order.state for order in orders} == {"paid"}
    assert len(shop.charges()) == len(orders)
    assert all(shop.outbox("mail", order) == ["order_confirmed"] for order in orders)
    assert all(shop.outbox("ledger", order)[1:] == ["seats_sold"] for order in orders)
    assert shop.sweep().faults == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_late_payment_keeps_every_promise(any_db: Database, fault: str) -> None:
    """The seats have gone to others: each payer gets the money back and one apology."""
    shop = Shop(any_db, rows=3)
    held = [shop.hold(f"{row}-{n}") for row in (1, 2, 3) for n in range(1, 7)]
    payments = [shop.charged(order) for order in held]
    for order in held:
        shop.hold(*order.seat_ids, now_us=LATE)

    orders = _at_every_call(
        shop, fault, lambda n: shop.orders.confirm(held[n].order_id, payments[n], LATE)
    )

    assert {order.state for order in orders} == {"refunded"}
    assert [charge["status"] for charge in shop.charges()].count("refunded") == len(orders)
    assert all(shop.outbox("mail", order) == ["sorry_refunded"] for order in orders)
    assert shop.sweep(LATE).faults == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_expiring_keeps_every_promise(any_db: Database, fault: str) -> None:
    shop = Shop(any_db)
    for number in range(8):
        shop.on(shop.true)
        order = shop.hold("1-1", "1-2", person="ada")
        database, _ = faulty(shop.true, fault, number)
        shop.on(database)
        persistently(lambda: shop.orders.expire_due(shop.sale.sale_id, LATE))
        shop.on(shop.true)
        shop.orders.expire_due(shop.sale.sale_id, LATE)
        found = shop.orders.find(order.order_id)
        assert found is not None
        assert found.state == "expired"
        assert shop.outbox("ledger", found) == ["seats_held", "seats_released"]
        assert shop.sweep(LATE).faults == {}
