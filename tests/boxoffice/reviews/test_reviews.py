"""Tickets that wait for the organiser's look: seats kept, a decision, and how it is undone."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Sequence
from contextlib import suppress

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders.model import Order
from boxoffice.outbox import entries_of
from boxoffice.reviews.model import UNDO_US
from boxoffice.reviews.service import Reviews
from boxoffice.sales.store import SaleStore
from boxoffice.tables import OUTBOX
from fairness.errors import Conflict, FairTicketError, Forbidden
from fairness.ledger import entries
from tests.boxoffice.shop import NOW, Shop, faulty, persistently

OWNER = "acc_owner"
DUE = NOW + UNDO_US


class Counter(Shop):
    """A shop whose payments of some people are looked at before there are tickets."""

    suspects: frozenset[str] = frozenset({"fan_ada", "fan_bob"})

    def on(self, db: Database) -> None:
        super().on(db)
        self.orders._watch = self.orders._paying._watch = self._look
        self.reviews = Reviews(db, self.payments, self.tickets)

    def _look(self, charged: Sequence[tuple[Order, str]]) -> dict[str, str]:
        return {o.order_id: "shared_limit" for o, _ in charged if o.fan in self.suspects}

    def buy(self, *seats: str, person: str) -> Order:
        order = self.hold(*seats, person=person)
        return self.orders.pay(order.order_id, self.card(), NOW)

    def logged(self) -> list[tuple[str, str]]:
        rows = [
            entry for row in self.true.query(OUTBOX, kind="ledger") for entry in entries_of(row)
        ]
        told = [entry["detail"] for entry in rows if entry.get("act") == "order_review"]
        assert all(entries.encode(entry) for entry in rows)
        return [(detail["role"], detail["decision"]) for detail in told]

    def mails(self, order: Order) -> dict[str, int]:
        return dict(Tally(self.outbox("mail", order)))

    def codes(self, order: Order) -> int:
        return sum(ticket.state == "valid" for ticket in self.tickets.of_order(order))


@pytest.fixture
def shop(db: Database) -> Counter:
    shop = Counter(db)
    SaleStore(db).create(shop.sale)
    return shop


def test_an_order_in_review_keeps_its_seats_and_has_no_tickets_yet(shop: Counter) -> None:
    order, other = shop.buy("1-1", "1-2", person="ada"), shop.buy("1-3", person="cy")
    assert (order.state, order.review, shop.codes(order)) == ("paid", "shared_limit", 0)
    assert (other.review, shop.codes(other)) == ("", 1), "others have their tickets at once"
    assert shop.state("1-1") == "sold"
    assert shop.outbox("mail", order) == ["order_in_review"]
    assert shop.logged() == [("screening", "hold")]
    assert shop.sweep().faults == {}


def test_many_payments_at_once_are_held_and_issued_alike(shop: Counter) -> None:
    orders = [shop.hold(f"1-{n}", person=p) for n, p in enumerate(("ada", "bob", "cy"), 1)]
    paid = shop.orders.pay_all([(o.order_id, shop.card()) for o in orders], NOW)
    assert [o.review for o in paid if isinstance(o, Order)] == ["shared_limit"] * 2 + [""]
    assert [shop.codes(order) for order in orders] == [0, 0, 1]
    assert shop.logged() == [("screening", "hold")] * 2
    assert shop.sweep().faults == {}


def test_a_group_that_is_cleared_gets_its_tickets_a_minute_later(shop: Counter) -> None:
    orders = [shop.buy("1-1", person="ada"), shop.buy("1-2", "1-3", person="bob")]
    ids = [order.order_id for order in orders]
    shop.reviews.decide(shop.sale.sale_id, "clear", ids, "seen", OWNER, NOW)
    assert shop.reviews.see_to(shop.sale.sale_id, DUE - 1) == []
    assert len(shop.reviews.see_to(shop.sale.sale_id, DUE)) == 2
    assert shop.reviews.see_to(shop.sale.sale_id, DUE) == []
    assert [shop.codes(order) for order in orders] == [1, 2]
    assert shop.mails(orders[0]) == {"order_in_review": 1, "order_confirmed": 1}
    assert shop.reviews.waiting(shop.sale.sale_id) == []
    assert shop.logged()[-1] == ("organiser", "clear")
    assert shop.sweep().faults == {}


def test_a_confirmed_one_gets_the_money_back_and_the_seats_go_on(shop: Counter) -> None:
    order = shop.buy("1-1", "1-2", person="ada")
    shop.reviews.decide(shop.sale.sale_id, "refund", [order.order_id], "one_person", OWNER, NOW)
    (after,) = shop.reviews.see_to(shop.sale.sale_id, DUE)
    assert after.state == "returned"
    assert shop.state("1-1", DUE) == "held", "kept for the waiting list"
    assert shop.mails(order) == {"order_in_review": 1, "review_refunded": 1}
    assert shop.reviews.see_to(shop.sale.sale_id, DUE) == []
    assert shop.codes(order) == 0
    assert shop.allocate(shop.request("2-1", "2-2", "2-3", "2-4", person="ada")).state == "held"


def test_a_decision_can_be_undone_until_it_is_carried_out(shop: Counter) -> None:
    order = shop.buy("1-1", person="ada")
    sale_id, ids = shop.sale.sale_id, [order.order_id]
    made = shop.reviews.decide(sale_id, "refund", ids, "seen", OWNER, NOW)
    with pytest.raises(Conflict):
        shop.reviews.decide(sale_id, "clear", ids, "seen", OWNER, NOW)
    undone = shop.reviews.undo(sale_id, made.review_id, OWNER, DUE - 1)
    assert shop.reviews.undo(sale_id, made.review_id, OWNER, DUE).undone_us == undone.undone_us
    assert shop.reviews.see_to(sale_id, DUE) == []
    assert [o.order_id for o in shop.reviews.waiting(sale_id)] == ids
    again = shop.reviews.decide(sale_id, "clear", ids, "seen", OWNER, DUE)
    with pytest.raises(Conflict, match="carried out"):
        shop.reviews.undo(sale_id, again.review_id, OWNER, DUE + UNDO_US)
    assert shop.logged()[1:] == [
        ("organiser", "refund"), ("organiser", "undo_refund"), ("organiser", "clear")]  # fmt: skip


def test_only_orders_that_wait_are_decided_and_only_by_their_organiser(shop: Counter) -> None:
    order, other = shop.buy("1-1", person="ada"), shop.buy("1-2", person="cy")
    sale_id = shop.sale.sale_id
    with pytest.raises(Conflict):
        shop.reviews.decide(sale_id, "clear", [other.order_id], "seen", OWNER, NOW)
    with pytest.raises(Forbidden):
        shop.reviews.decide(sale_id, "clear", [order.order_id], "seen", "acc_else", NOW)
    with pytest.raises(Conflict, match="having a look"):
        shop.reviews._returns.take_back(order.order_id, order.account_id, ["1-1"], NOW)


@pytest.mark.parametrize("act", ["clear", "refund"])
@pytest.mark.parametrize("fault", ["throttled", "lost reply"])
def test_whatever_goes_wrong_at_any_call_each_order_is_decided_once(
    db: Database, act: str, fault: str
) -> None:
    """A worker that dies before or after any of its calls, and one that goes over it again."""
    shop, at = Counter(db, rows=1, seats=60, limit=60), 0
    SaleStore(db).create(shop.sale)
    sale_id = shop.sale.sale_id
    while True:
        shop.on(db)
        order = shop.buy(f"1-{at + 1}", person="ada")
        shop.reviews.decide(sale_id, act, [order.order_id], "seen", OWNER, NOW)
        worse, client = faulty(db, fault, at)
        shop.on(worse)
        with suppress(FairTicketError):
            shop.reviews.see_to(sale_id, DUE)
        shop.on(db)
        persistently(lambda: shop.reviews.see_to(sale_id, DUE + 1))
        mail = "order_confirmed" if act == "clear" else "review_refunded"
        assert shop.mails(order) == {"order_in_review": 1, mail: 1}, (at, client.calls)
        assert shop.codes(order) == (act == "clear")
        if at >= len(client.calls):
            break
        at += 1
    assert shop.sweep(DUE).faults == {}
