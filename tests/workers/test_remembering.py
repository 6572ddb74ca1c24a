"""What a sale that is over says of its buyers, as the screening of later sales is told it."""

from __future__ import annotations

from dataclasses import replace
from secrets import token_urlsafe

import pytest

from boxoffice.accounts.past import Past
from boxoffice.orders.writes import OrderWrites
from boxoffice.resales.service import Resales
from boxoffice.tables import TICKETS
from boxoffice.tickets.store import TicketStore
from fairness.clock import now_us
from fairness.errors import Conflict
from fairness.screening import model as screening
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from tests.workers.test_books import end, kept
from workers import books, clients
from workers.pipeline import facts_of
from workers.remembering import remember


@pytest.fixture
def sale(mailbox: Mailbox) -> Crowd:
    """A sale in which one buys all four, one two, and one nothing."""
    crowd = stage.crowd(3, seats=12)
    clients.sales().open(crowd.sale_id, crowd.sale.organiser_id, now_us())
    crowd.line.open(crowd.sale.manifest)
    for number, seats in enumerate((range(4), range(5, 7))):
        order_id = f"ord_{token_urlsafe(8)}"
        account_id, fan = crowd.accounts[number], crowd.fans[number]
        chosen = [f"A-{n}" for n in seats]
        stage.allocate(order_id, crowd.sale_id, account_id, fan, chosen)
        stage.pay(order_id, crowd.token())
    return crowd


def past(crowd: Crowd, number: int) -> Past:
    return clients.accounts().get(crowd.accounts[number]).past


def enter(crowd: Crowd, count: int) -> None:
    """Let so many in at the gates, those with the first seats."""
    db = clients.database()
    tickets = sorted(TicketStore(db).of_sale(crowd.sale_id), key=lambda ticket: ticket.seat_id)
    for ticket in tickets[:count]:
        key = {"ticket_id": ticket.ticket_id}
        db.write(db.update_(TICKETS, key, "SET entered_us = :now", now=now_us()))


def test_a_sale_whose_books_are_closed_is_remembered_once(sale: Crowd) -> None:
    enter(sale, 5)
    end(sale, sale.sale.organiser_id)
    clients.notices().deliver(100, now_us())
    for _ in range(2):
        books.close(sale.sale_id, sale.sale.organiser_id)
    assert past(sale, 0) == Past(sales=1, full=1, bought=4, cities=1)
    assert past(sale, 1) == Past(sales=1, bought=2, missed=1, cities=1)
    assert past(sale, 2) == Past()
    told = facts_of(clients.accounts().get(sale.accounts[1]))
    assert (told.sales, told.bought, told.missed, told.full) == (1, 2, 1, 0)
    assert isinstance(told, screening.Account)


def test_where_the_gates_saw_hardly_anybody_nobody_missed_anything(sale: Crowd) -> None:
    enter(sale, 2)
    remember(sale.sale)
    assert past(sale, 0).missed == past(sale, 1).missed == 0


def test_what_the_organiser_calls_off_is_not_the_fans_return(sale: Crowd) -> None:
    first, second = sorted(clients.orders().of_sale(sale.sale_id), key=lambda o: -len(o.seats))
    by, now = sale.sale.organiser_id, now_us()
    clients.returns().call_off(first.order_id, by, "the hall is flooded", now)
    clients.returns().set_rules(sale.sale_id, by, now, mode="at_once", until_us=now + 10**9)
    clients.returns().take_back(second.order_id, second.account_id, second.seat_ids[:1], now)
    remember(sale.sale)
    assert (past(sale, 0).bought, past(sale, 0).returned) == (4, 0)
    assert (past(sale, 1).bought, past(sale, 1).returned) == (2, 1)


def test_whose_tickets_were_seen_on_offer_is_remembered_and_what_was_written_is_not(
    sale: Crowd,
) -> None:
    resales, by, now = Resales(clients.database()), sale.sale.organiser_id, now_us()
    first, second = sorted(clients.orders().of_sale(sale.sale_id), key=lambda o: -len(o.seats))
    for order in (first, second):
        resales.report(order.order_id, "Offered by A. Seller for 400 EUR", by, now)
    resales.undo(second.order_id, by, now)
    end(sale, by)
    clients.notices().deliver(100, now_us())
    for _ in range(2):
        books.close(sale.sale_id, by)
    assert (past(sale, 0).reported, past(sale, 1).reported) == (1, 0)
    assert facts_of(clients.accounts().get(sale.accounts[0])).reported == 1
    assert not [where for where, text in kept() if "Seller" in text]
    assert len(resales.of_sale(sale.sale_id)) == 2
    with pytest.raises(Conflict, match="books"):
        resales.undo(first.order_id, by, now_us())


def test_who_offers_what_a_friend_passed_on_is_the_one_whom_it_counts_for(sale: Crowd) -> None:
    """The ticket is an order of theirs, which they did not buy."""
    friend, order = sale.accounts[2], clients.orders().of_sale(sale.sale_id)[0]
    passed = replace(order, order_id="ord_passed", account_id=friend, hops=1)
    db = clients.database()
    db.write(OrderWrites(db).new_(passed))
    Resales(db).report("ord_passed", "Seen", sale.sale.organiser_id, now_us())
    remember(sale.sale)
    assert past(sale, 2) == Past(reported=1)
    assert past(sale, 0).reported == past(sale, 1).reported == 0
