"""Events are read from the promises that the changes themselves made."""

from __future__ import annotations

from typing import Any

from boxoffice.dynamo import Database
from boxoffice.outbox import LEDGER, REFUNDS
from boxoffice.tables import OUTBOX
from boxoffice.tickets.service import ticket_ids
from boxoffice.webhooks import events
from boxoffice.webhooks.model import TYPES, Event
from tests.boxoffice.shop import LATE, NOW, SECOND, Shop


def told(shop: Shop) -> list[Event]:
    rows = shop.true.query(OUTBOX, kind=LEDGER)
    return [event for row in rows for event in events.of_row(row)]


def kinds(shop: Shop) -> list[str]:
    return [event.kind for event in told(shop)]


def test_an_orders_life_is_told_with_its_id_and_nobodys_name(db: Database) -> None:
    shop = Shop(db)
    order = shop.hold("1-1", "1-2")
    shop.orders.pay(order.order_id, shop.card(), NOW + SECOND)
    found = told(shop)
    assert [e.kind for e in found] == ["order.held", "order.paid", "ticket.issued"]
    assert {e.data["order_id"] for e in found} == {order.order_id}
    assert sorted(t["ticket_id"] for t in found[2].data["tickets"]) == sorted(ticket_ids(order))
    assert len({e.event_id for e in found}) == 3
    assert [e.event_id for e in found] == sorted(e.event_id for e in found)
    said = str([e.data for e in found])
    assert order.fan not in said
    assert order.account_id not in said
    assert told(shop) == found


def test_orders_of_one_transaction_are_told_each(db: Database) -> None:
    shop = Shop(db)
    held = [shop.hold("1-1"), shop.hold("1-5")]
    shop.orders.pay_all([(o.order_id, shop.card()) for o in held], NOW)
    paid: list[Any] = [e.data["order_id"] for e in told(shop) if e.kind == "order.paid"]
    assert sorted(paid) == sorted(o.order_id for o in held)


def test_what_is_given_back_is_told_by_how(db: Database) -> None:
    shop = Shop(db)
    one, two = shop.hold("1-1"), shop.hold("1-5")
    shop.orders.cancel(one.order_id, one.account_id, NOW)
    shop.orders.expire_due(shop.sale.sale_id, LATE)
    assert [e.kind for e in told(shop) if e.data["order_id"] == one.order_id][-1] == (
        "order.cancelled"
    )
    assert [e.kind for e in told(shop) if e.data["order_id"] == two.order_id][-1] == "order.expired"


def test_every_type_that_is_told_is_declared(db: Database) -> None:
    assert set(kinds(Shop(db))) <= set(TYPES)
    assert set(events.ACTS.values()) <= set(TYPES)
    assert {f"order.{reason}" for reason in events.RELEASED} <= set(TYPES)


def test_money_that_came_after_the_hold_had_ended_is_told_when_it_goes_back(db: Database) -> None:
    shop = Shop(db)
    order = shop.hold("1-1")
    payment = shop.charged(order)
    shop.orders._store.give_back(order, "expired", LATE)  # beside the payment
    shop.hold("1-1", person="ben", now_us=LATE)
    shop.orders.confirm(order.order_id, payment, LATE)
    (row,) = shop.true.query(OUTBOX, kind=REFUNDS)
    event = events.of_refund(row, last=True)
    assert (event.kind, event.data["order_id"]) == ("order.refunded", order.order_id)
    assert event.data["amount_cents"] == order.total_cents
    assert "order.refunded" not in kinds(shop)  # by the log: it is told once
