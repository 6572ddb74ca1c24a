"""Killed at every call to a store: what links orders to one buyer, and the look before tickets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from boxoffice import outbox, tables
from boxoffice.orders.groups import Groups
from boxoffice.orders.model import Order
from boxoffice.payments.model import Payment
from boxoffice.reviews.model import UNDO_US
from fairness.clock import now_us
from fairness.errors import Conflict
from fairness.ledger.entries import commitment
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from tests.workers.test_crashes import Fate, died_in, fate
from tests.workers.test_linkage import ONE_CARD, find, hold
from workers import aftersale, clients, linkage, orders
from workers.ledger import seal
from workers.line import admit, commit, draw, tick
from workers.screening import screen

__all__ = ["fate"]
FANS = 84
ONE_CARDS = 56  # fans: one card says less of more than 60
KILLS = pytest.mark.parametrize(
    "after", [False, True], ids=["before it is made", "after it took effect"]
)


@pytest.fixture
def sale(mailbox: Mailbox) -> Crowd:
    """A sale with many fans in the shop, who came separately."""
    crowd = stage.crowd(fans=FANS, seats=FANS, capacity=FANS)
    seal()
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
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


def steps_of(crowd: Crowd, order: Order, act: str) -> dict[str, Callable[[], Any]]:
    """Return what is done about an order of somebody who had enough, step by step."""
    sale_id, by = crowd.sale_id, crowd.sale.organiser_id
    token = clients.payments().tokenise(ONE_CARD)
    payment = {"order_id": order.order_id, "card_token": token}

    def decide() -> None:
        with suppress(Conflict):  # it is decided
            clients.reviews().decide(sale_id, act, [order.order_id], "seen", by, now_us() - UNDO_US)

    return {
        "link": lambda: linkage.of_work(sale_id, [{"orders": [order.order_id]}]),
        "pay": lambda: orders.charge([payment]),
        "decide": decide,
        "carry out": lambda: aftersale.carry_out(sale_id),
        "money back": lambda: clients.returns().see_to(sale_id, now_us()),
    }


def decisions(order: Order) -> list[str]:
    """Return what was promised to the log about the look at an order."""
    rows = clients.database().query(tables.OUTBOX, kind="ledger")
    told = [e["detail"] for row in rows for e in outbox.entries_of(row) if "act" in e]
    name = commitment(order.order_id)
    return [one["decision"] for one in told if name in one.get("orders", ())]


def money(order: Order) -> Payment:
    payment = clients.payments().of_order(order.order_id)
    assert payment is not None
    return payment


def check(order_id: str, act: str) -> None:
    order = find(order_id)
    assert sorted(decisions(order)) == sorted(["hold", act])
    tickets = clients.tickets().of_order(order)
    if act == "clear":
        assert (order.state, order.review, len(tickets)) == ("paid", "", 1)
        assert money(order).refunded_cents == 0
    else:
        assert (order.state, tickets) == ("returned", [])
        assert money(order).refunded_cents == order.total_cents


def make_a_group(crowd: Crowd) -> None:
    """Let two accounts with one card buy all that one person may."""
    for number in range(2):
        order = hold(crowd, number, 2 * number, 2)
        stage.pay(order.order_id, clients.payments().tokenise(ONE_CARD))


@KILLS
def test_a_look_at_an_order_survives_every_death_on_its_way(
    sale: Crowd, fate: Fate, tmp_path: Path, after: bool
) -> None:
    make_a_group(sale)
    calls: dict[str, int] = {}
    for at in range(ONE_CARDS - 2):
        # To die after a call is to die before the next one: so both happen with each act.
        act = ("clear", "refund")[at % 2]
        order = hold(sale, at + 2, at + 4, 1)
        deaths = 0
        for name, step in steps_of(sale, order, act).items():
            died = died_in(fate, step, at, after)
            calls[name] = calls.get(name, 0) + died
            deaths += died
            if name == "pay" and died:
                clients.orders().look_at_payment(order.order_id, now_us())  # the clock is first
            step()
        check(order.order_id, act)
        seal()
        if not deaths:
            break
    assert not deaths, calls
    assert all(made >= 3 for made in calls.values()), calls
    assert stage.ledger_failures(tmp_path) == []


@KILLS
def test_the_look_over_all_orders_survives_every_death(
    sale: Crowd, fate: Fate, after: bool
) -> None:
    for at in range(FANS // 3):
        mine = range(3 * at, 3 * at + 3)
        seen = {"device": f"browser-{at}", "address": f"81.3.{at}.7"}
        held = [hold(sale, n, n, 1, **seen) for n in mine]
        died = died_in(fate, lambda: linkage.sweep(sale.sale_id), at, after)
        linkage.sweep(sale.sale_id)
        linkage.sweep(sale.sale_id)
        for n in mine:
            group = Groups(clients.database()).of(sale.sale_id, sale.fans[n])
            assert group is not None
            assert (group.people, group.tickets) == ({sale.fans[m] for m in mine}, 3)
        for order in held:
            clients.orders().cancel(order.order_id, order.account_id, now_us())
        if not died:
            break
    assert not died
    assert at >= 5


def test_without_going_over_it_again_a_decision_is_half_done(sale: Crowd, fate: Fate) -> None:
    """The control: the deaths are real."""
    make_a_group(sale)
    waiting = [hold(sale, n, 2 * n + 2, 1) for n in (2, 3)]
    for order in waiting:
        for step in list(steps_of(sale, order, "clear").values())[:2]:
            step()
    ids = [order.order_id for order in waiting]
    by = sale.sale.organiser_id
    clients.reviews().decide(sale.sale_id, "clear", ids, "seen", by, now_us() - UNDO_US)
    for at in range(50):
        died = died_in(fate, lambda: aftersale.carry_out(sale.sale_id), at, after=True)
        issued = [len(clients.tickets().of_order(find(one))) for one in ids]
        if sum(issued) == 1:
            break
    assert died
    assert sorted(issued) == [0, 1]
    aftersale.carry_out(sale.sale_id)
    assert [len(clients.tickets().of_order(find(one))) for one in ids] == [1, 1]
