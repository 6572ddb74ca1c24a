"""Accounts that turn out to be one buyer's when they order and pay: one limit, and a look first."""

from __future__ import annotations

import json
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import pytest
from click.testing import CliRunner
from redis.exceptions import ConnectionError as StoreUnreachable

from boxoffice import tables
from boxoffice.orders.groups import Groups
from boxoffice.orders.model import Order
from boxoffice.payments.model import Card
from boxoffice.reviews.model import UNDO_US
from console.main import fairticket
from fairness import keys
from fairness.clock import now_us
from fairness.screening import evidence
from fairness.screening.linking import Links
from schedules.onsale import onsale
from tests.workers import stage
from tests.workers.stage import GOOD_CARD, Crowd, Mailbox
from tests.workers.test_books import end
from workers import aftersale, allocation, books, clients, lanes, linkage, pipeline
from workers.ledger import seal
from workers.line import admit, commit, draw, tick
from workers.screening import link, screen, sweep

ONE_CARD = Card("4111111111111111", "12/30", "123")
FANS = 5


@pytest.fixture
def sale(mailbox: Mailbox) -> Crowd:
    """A sale whose fans came separately, and are all in the shop."""
    crowd = stage.crowd(fans=FANS, seats=40)
    seal()
    onsale()
    crowd.join()
    tick()
    screen(crowd.sale_id)
    commit(crowd.sale_id)
    seal()
    draw(crowd.sale_id)
    admit(crowd.sale_id)
    for fan in crowd.fans:
        crowd.line.enter(fan)
    return crowd


def hold(crowd: Crowd, number: int, first: int, count: int = 3, **seen: str) -> Order:
    """Have seats held for a fan, as the allocation worker does."""
    order_id = f"ord_{token_urlsafe(8)}"
    wish = {
        "order_id": order_id,
        "account_id": crowd.accounts[number],
        "fan": crowd.fans[number],
        "seats": [f"A-{n}" for n in range(first, first + count)],
        "best": None,
        "seen": seen,
    }
    stage.met(allocation.hold(crowd.sale_id, [wish]))
    return find(order_id)


def find(order_id: str) -> Order:
    found = clients.orders().find(order_id)
    assert found is not None
    return found


def pay(order: Order, card: Card = ONE_CARD) -> Order:
    stage.pay(order.order_id, clients.payments().tokenise(card))
    return find(order.order_id)


def compare(crowd: Crowd) -> None:
    """Do what the screening worker does with the orders that wait for it."""
    token = clients.redis().get(keys.awake(crowd.sale_id, lanes.LINKS))
    link(crowd.sale_id, lanes.LINKS, token)


def test_the_card_that_makes_a_group_too_large_has_its_order_looked_at(
    sale: Crowd, tmp_path: Path
) -> None:
    first, second = (pay(hold(sale, n, 4 * n)) for n in range(2))
    assert (first.review, second.review) == ("", ""), "a couple may pay with one card"
    third = pay(hold(sale, 2, 8))
    assert (third.state, third.review) == ("paid", linkage.SHARED_LIMIT)
    assert clients.tickets().of_order(third) == []
    assert pay(hold(sale, 3, 12), GOOD_CARD).review == "", "others are not concerned"
    (group,) = evidence.groups(clients.redis(), sale.sale_id)
    assert set(group.fans) == set(sale.fans[:3]), "the desk sees why"
    seal()
    assert stage.ledger_failures(tmp_path) == []


def test_who_was_linked_shares_one_limit_with_the_next_order(sale: Crowd) -> None:
    for number in range(3):
        pay(hold(sale, number, 4 * number, 1))
    refused = hold(sale, 0, 20, 2)
    assert refused.state == "refused"
    assert refused.problem is not None
    assert refused.problem["field"] == "account"
    assert hold(sale, 1, 24, 1).state == "held", "one ticket is left to them"
    assert hold(sale, 4, 28, 3).state == "held"


def test_what_orders_came_with_links_them_before_they_are_paid(sale: Crowd) -> None:
    """Five accounts, one browser, within seconds: nobody's family is like that."""
    for number in range(FANS):
        hold(sale, number, 4 * number, 1, device="one-browser", address="81.2.200.7")
    compare(sale)
    group = Groups(clients.database()).of(sale.sale_id, sale.fans[0])
    assert group is not None
    assert group.people == set(sale.fans)
    assert hold(sale, 0, 30, 1).state == "refused"


@pytest.mark.parametrize(("answered", "people"), [(True, FANS), (False, 0)])
def test_a_number_binds_accounts_only_when_it_has_answered_to_each(
    sale: Crowd, answered: bool, people: int
) -> None:
    keep = clients.contacts().set_phone if answered else clients.contacts().ask_phone
    for account in sale.accounts:
        keep(account, "+4915112345678")
    for number in range(FANS):
        hold(sale, number, 4 * number, 1)
    compare(sale)
    group = Groups(clients.database()).of(sale.sale_id, sale.fans[0])
    assert len(group.people if group else ()) == people


def test_screening_is_told_no_number_but_a_hash_that_the_same_number_shares(sale: Crowd) -> None:
    for account in sale.accounts[:2]:
        clients.contacts().set_phone(account, "+4915112345678")
    one, other, none = (
        pipeline.facts_of(clients.accounts().get(account)).phone for account in sale.accounts[:3]
    )
    assert one == other
    assert one
    assert "15112345678" not in one
    assert none == ""


def test_a_family_with_one_card_at_one_address_is_left_alone(sale: Crowd) -> None:
    orders = [hold(sale, number, 4 * number, 2, address="81.2.200.7") for number in range(3)]
    compare(sale)
    assert [pay(order).review for order in orders] == ["", "", ""]


def test_a_payment_does_not_wait_for_links_that_are_away(
    sale: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise StoreUnreachable

    for number in range(2):
        pay(hold(sale, number, 4 * number))
    with monkeypatch.context() as broken:
        broken.setattr(Links, "join", away)
        assert pay(hold(sale, 2, 8)).review == ""
    faults = clients.redis().hgetall(keys.screening_faults(sale.sale_id))
    assert faults == {"order_links": "1"}
    words = ["--home", str(tmp_path), "screen", "--sale", sale.sale_id, "--json"]
    (buyer,) = json.loads(CliRunner().invoke(fairticket, words).stdout)["buyers"]
    assert (buyer["accounts"], buyer["tickets"], len(buyer["orders"])) == (3, 9, 3)
    (late,) = linkage.late(sale.sale_id)
    assert late.group.people == set(sale.fans[:3]), "the look over all orders finds them"
    assert late.waiting == ()
    assert len(late.orders) == 3


def test_orders_found_by_the_look_over_all_wait_when_they_are_paid(sale: Crowd) -> None:
    orders = [hold(sale, n, 4 * n, device="one-browser", address="81.2.200.7") for n in range(5)]
    clients.redis().delete(keys.lane(sale.sale_id, lanes.LINKS))
    sweep()
    assert pay(orders[0], GOOD_CARD).review == linkage.SHARED_LIMIT
    assert sweep() is None
    assert not linkage.is_due(sale.sale_id), "not looked through again at once"


def test_what_was_decided_is_carried_out_by_the_clock(sale: Crowd) -> None:
    orders = [pay(hold(sale, n, 4 * n)) for n in range(4)]
    waiting = clients.reviews().waiting(sale.sale_id)
    assert [o.order_id for o in waiting] == [o.order_id for o in orders[2:]]
    by, before = sale.sale.organiser_id, now_us() - UNDO_US
    for order, act in zip(waiting, ("clear", "refund"), strict=True):
        clients.reviews().decide(sale.sale_id, act, [order.order_id], "seen", by, before)
    aftersale.aftersale()
    aftersale.aftersale()
    cleared, refunded = (find(order.order_id) for order in waiting)
    assert len(clients.tickets().of_order(cleared)) == 3
    assert refunded.state == "returned"
    payment = clients.payments().of_order(refunded.order_id)
    assert payment is not None
    assert payment.refunded_cents == refunded.total_cents


def test_what_orders_came_with_is_destroyed_with_the_books(sale: Crowd, mailbox: Mailbox) -> None:
    sale_id, by = sale.sale_id, sale.sale.organiser_id
    order = pay(hold(sale, 0, 0, 1, device="one-browser", address="81.2.200.7"), GOOD_CARD)
    assert [kind for kind, _ in order.marks] == ["device", "address"]
    rows = [repr(item) for table in tables.ALL for item in clients.database().scan(table)]
    assert not [row for row in rows if "one-browser" in row or "81.2.200.7" in row], "only hashes"
    clients.sales().close(sale_id, by, now_us())
    end(sale, by)
    clients.notices().deliver(100, now_us())
    books.close(sale_id, by)
    assert find(order.order_id).marks == ()
    assert linkage.sweep(sale_id) == []
    assert list(clients.redis().scan_iter(match=keys.everything(sale_id))) == []
