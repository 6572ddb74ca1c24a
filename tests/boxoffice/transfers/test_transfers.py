"""A ticket is passed on to a friend within the organiser's rules, once, and never for a price."""

from __future__ import annotations

from typing import Any

import pytest

from boxoffice.dynamo import Database, Item
from boxoffice.gate.service import Gates
from boxoffice.orders.groups import Groups
from boxoffice.orders.model import Order, TourShare
from boxoffice.outbox import LEDGER, entries_of
from boxoffice.tables import LIMITS, OUTBOX, TICKETS
from boxoffice.tickets.model import Ticket
from boxoffice.transfers.model import LINK_US, Friend
from boxoffice.transfers.service import Transfers
from boxoffice.transfers.store import TransferStore
from fairness.clock import SECOND
from fairness.errors import (
    Conflict,
    FairTicketError,
    Forbidden,
    Invalid,
    LimitReached,
    NotFound,
)
from tests.boxoffice.desk import BEGINS, OWNER, Desk
from tests.boxoffice.shop import FAULTS, NOW, faulty, let_in, persistently, rush

MINA = Friend("acc_mina", "fan_mina", "fan_mina")
OLLI = Friend("acc_olli", "fan_olli", "fan_olli")


class Circle(Desk):
    """A sale whose tickets may be passed on."""

    def __init__(self, db: Database, passing: str = "once", **desk: Any) -> None:
        super().__init__(db, **desk)
        if passing != "off":
            self.transfers.set_rules(self.sale.sale_id, OWNER, NOW, mode=passing, until_us=BEGINS)

    def on(self, db: Database) -> None:
        super().on(db)
        self.transfers = Transfers(db)

    def offered(self, order: Order, seat_id: str, now_us: int = NOW) -> tuple[str, str]:
        found, token = self.transfers.offer(
            order.order_id, seat_id, order.account_id, "Mina", now_us
        )
        return found.ticket_id, token

    def passed(self, order: Order, seat_id: str, friend: Friend = MINA) -> Order:
        return self.transfers.accept(*self.offered(order, seat_id), friend, NOW)

    def count(self, person: str) -> int:
        item = self.true.get(LIMITS, person=f"{self.sale.sale_id}#{person}")
        return int(item["tickets"]) if item else 0


@pytest.fixture
def circle(db: Database) -> Circle:
    return Circle(db)


def test_a_friend_gets_a_ticket_of_their_own_and_the_old_code_dies(circle: Circle) -> None:
    order = circle.bought("1-1", "1-2", person="ada")
    old = circle.ticket(order, "1-1")
    theirs = circle.passed(order, "1-1")
    new = circle.ticket(theirs, "1-1")
    assert (circle.ticket(order, "1-1").state, new.state) == ("passed_on", "valid")
    assert circle.tickets.code(new) != circle.tickets.code(old)
    assert (theirs.account_id, theirs.state, theirs.total_cents) == ("acc_mina", "paid", 0)
    left = circle.orders.get(order.order_id, order.account_id)
    assert (left.seat_ids, [s.seat_id for s in left.passed_on]) == (["1-2"], ["1-1"])
    assert (circle.count("fan_ada"), circle.count("fan_mina")) == (1, 1)
    told = [
        (row["template"], row["account_id"])
        for row in circle.true.scan(OUTBOX)
        if row.get("template", "").startswith("ticket_")
    ]
    assert sorted(told) == [("ticket_passed_on", order.account_id), ("ticket_received", "acc_mina")]
    assert circle.sweep().faults == {}
    last = circle.passed(left, "1-2", OLLI)
    assert circle.orders.get(order.order_id, order.account_id).state == "passed_on"
    assert [one.to_order for one in circle.transfers.of_order(order.order_id)] == [
        theirs.order_id,
        last.order_id,
    ]
    assert len(circle.transfers.passed_on(circle.sale.sale_id)) == 2


def test_the_gate_refuses_the_old_code_by_its_reason_and_lets_the_new_one_in(
    circle: Circle,
) -> None:
    order = circle.bought("1-1")
    old, gates = circle.ticket(order, "1-1"), Gates(circle.true, circle.tickets.codes)
    new = circle.ticket(circle.passed(order, "1-1"), "1-1")
    gate, _ = gates.make(old.performance_id, "North", BEGINS, NOW)
    for ticket, reason in ((old, "annulled"), (new, "in")):
        code = circle.tickets.codes_from(ticket, NOW)[0]
        answer = gates.check(gate, circle.sale.sale_id, code, "in", ticket.ticket_id, NOW)
        assert answer.reason == reason
        assert ("passed on" in answer.because) is (ticket is old)


def test_accepting_twice_is_accepting_once_and_nobody_else_can(circle: Circle) -> None:
    order = circle.bought("1-1")
    link = circle.offered(order, "1-1")
    theirs = circle.transfers.accept(*link, MINA, NOW)
    assert circle.transfers.accept(*link, MINA, NOW).order_id == theirs.order_id
    with pytest.raises(NotFound):
        circle.transfers.accept(*link, OLLI, NOW)
    with pytest.raises(Conflict, match="passed on"):
        circle.offered(order, "1-1")


def test_a_link_is_secret_ends_and_is_taken_back(circle: Circle) -> None:
    order = circle.bought("1-1")
    ticket_id, token = circle.offered(order, "1-1")
    with pytest.raises(NotFound):
        circle.transfers.accept(ticket_id, token[:-1] + "?", MINA, NOW)
    with pytest.raises(NotFound):
        circle.transfers.accept(ticket_id, token, MINA, NOW + LINK_US)
    again = circle.offered(order, "1-1")  # a new link ends the old one
    with pytest.raises(NotFound):
        circle.transfers.accept(ticket_id, token, MINA, NOW)
    with pytest.raises(Forbidden):
        circle.transfers.withdraw(ticket_id, "acc_other", NOW)
    circle.transfers.withdraw(ticket_id, order.account_id, NOW)
    circle.transfers.withdraw(ticket_id, order.account_id, NOW)
    with pytest.raises(NotFound):
        circle.transfers.accept(*again, MINA, NOW)
    done = circle.passed(order, "1-1")
    with pytest.raises(Conflict, match="accepted"):
        circle.transfers.withdraw(ticket_id, order.account_id, NOW)
    stored = str([*circle.true.scan(OUTBOX), circle.transfers.of_order(order.order_id)])
    assert token not in stored
    assert done.state == "paid"


def test_the_organiser_says_whether_how_often_and_until_when(db: Database) -> None:
    circle = Circle(db, passing="off")
    sale_id, order = circle.sale.sale_id, circle.bought("1-1")
    with pytest.raises(Conflict, match="not passed on"):
        circle.offered(order, "1-1")
    with pytest.raises(Forbidden):
        circle.transfers.set_rules(sale_id, "acc_other", NOW, mode="once", until_us=BEGINS)
    for wrong in ({"mode": "sell"}, {"mode": "once"}, {"mode": "once", "until_us": BEGINS + 1}):
        with pytest.raises(Invalid):
            circle.transfers.set_rules(sale_id, OWNER, NOW, **wrong)  # type: ignore[arg-type]
    until = NOW + 60 * SECOND
    rules = circle.transfers.set_rules(sale_id, OWNER, NOW, mode="once", until_us=until)
    assert circle.transfers.set_rules(sale_id, OWNER, NOW, mode="once", until_us=until) == rules
    link = circle.offered(order, "1-1")
    with pytest.raises(FairTicketError):
        circle.transfers.accept(*link, MINA, until)
    theirs = circle.transfers.accept(*link, MINA, until - 1)
    with pytest.raises(Conflict, match="once already"):
        circle.transfers.offer(theirs.order_id, "1-1", "acc_mina", "Olli", NOW)
    circle.transfers.set_rules(sale_id, OWNER, NOW, mode="often", until_us=until)
    offer, token = circle.transfers.offer(theirs.order_id, "1-1", "acc_mina", "Olli", NOW)
    circle.transfers.set_rules(sale_id, OWNER, NOW, mode="off")
    with pytest.raises(Conflict):
        circle.transfers.accept(offer.ticket_id, token, OLLI, NOW)
    logged = [e for row in db.query(OUTBOX, kind=LEDGER) for e in entries_of(row)]
    mine = [e for e in logged if e.get("sale") == sale_id]
    modes = [e["detail"]["mode"] for e in mine if e.get("act") == "transfers"]
    assert modes == ["once", "often", "off"]


def test_a_ticket_that_came_back_or_was_used_is_not_passed_on(circle: Circle) -> None:
    order = circle.bought("1-1", "1-2", "1-3")
    link = circle.offered(order, "1-1")
    order = circle.give(order, "1-1")
    with pytest.raises(Conflict):
        circle.transfers.accept(*link, MINA, NOW)
    assert let_in(circle.true, circle.ticket(order, "1-2").ticket_id)
    with pytest.raises(Conflict, match="used"):
        circle.offered(order, "1-2")
    with pytest.raises(Conflict, match="yours already"):
        circle.passed(order, "1-3", Friend(order.account_id, order.fan, order.person))


def test_the_friend_may_return_it_and_who_paid_gets_the_money(circle: Circle) -> None:
    order = circle.bought("1-1")
    theirs = circle.passed(order, "1-1")
    with pytest.raises(Conflict):
        circle.give(order, "1-1")
    circle.give(theirs, "1-1")
    (back,) = circle.pay_out()
    assert (back.payment_id, back.refund_cents) == (order.payment_id or order.order_id, 9_000)
    assert circle.given_back() == 9_000
    assert circle.sweep().faults == {}


def test_it_counts_for_the_friends_limits_and_linked_people_share_one(db: Database) -> None:
    circle = Circle(db, limit=2)
    order = circle.bought("1-1", "1-2", person="ada")
    circle.bought("2-1", "2-2", person="mina")
    with pytest.raises(LimitReached):
        circle.passed(order, "1-1")
    twin = Friend("acc_twin", "fan_twin", "fan_ada")  # one person with the sender
    theirs = circle.passed(order, "1-1", twin)
    assert (theirs.person, circle.count("fan_ada")) == ("fan_ada", 2)
    tour = Friend("acc_tour", "fan_tour", "fan_tour", TourShare(1, ("tour#tour",)))
    full = circle.passed(order, "1-2", tour)
    assert full.tour_people == ("tour#tour",)
    assert circle.sweep().faults == {}
    third = circle.bought("3-1", person="carl")
    with pytest.raises(LimitReached):
        circle.passed(third, "3-1", Friend("a", "fan_b", "fan_b", TourShare(1, ("tour#tour",))))


def test_a_friend_in_a_group_has_the_groups_limit_and_takes_its_turn(db: Database) -> None:
    circle = Circle(db, limit=3)
    groups, sale_id = Groups(db), circle.sale.sale_id
    order = circle.bought("1-1", "1-2", person="ada")
    circle.bought("2-1", "2-2", person="olli")
    groups.join(sale_id, {"fan_mina", "fan_olli"})
    turn = groups.of(sale_id, "fan_mina")
    theirs = circle.passed(order, "1-1")  # mina and olli have three now
    assert theirs.marks[0][0] == "transfer"
    left = circle.orders.get(order.order_id, order.account_id)
    assert theirs.marks[0] in left.marks
    after = groups.of(sale_id, "fan_mina")
    assert turn
    assert after
    assert (after.tickets, after.turn) == (3, turn.turn + 1)
    with pytest.raises(LimitReached, match="share one limit"):
        circle.passed(left, "1-2")
    groups.join(sale_id, {"fan_ada", "fan_mina"})
    circle.passed(left, "1-2")  # within the group nothing is added
    found = groups.of(sale_id, "fan_mina")
    assert found
    assert found.tickets == 4
    assert circle.sweep().wrong_counts == []


class Unguarded(Database):
    """A database that forgets the conditions on tickets and on the limits of persons."""

    def update_(self, table: Any, key: Item, change: str, condition: str = "", *a: Any, **v: Any):  # type: ignore[no-untyped-def]
        if table is TICKETS and "ended" in v:
            condition = ":valid <> :owner"
        if table is LIMITS and "limit" in v:
            condition = ":limit > :none"
        return super().update_(table, key, change, condition, *a, **v)


def test_two_links_at_once_stay_within_the_friends_limit(db: Database) -> None:
    circle = Circle(db, limit=1)
    orders = [circle.bought(f"2-{n}") for n in (1, 2, 3)]
    links = [circle.offered(order, order.seat_ids[0]) for order in orders]
    got = rush(3, lambda n: persistently(lambda: circle.transfers.accept(*links[n], MINA, NOW)))
    assert sum(isinstance(one, Order) for one in got) == 1, got
    assert circle.count("fan_mina") == 1
    assert circle.sweep().faults == {}
    circle.on(Unguarded(db.client, db.prefix))  # the twin has no condition
    left = next(n for n, one in enumerate(got) if not isinstance(one, Order))
    circle.transfers.accept(*links[left], MINA, NOW)
    assert circle.sweep().over_limit == ["fan_mina"]


def test_a_ticket_is_used_or_passed_on_and_never_both(db: Database) -> None:
    circle = Circle(db, limit=8)
    for number in range(1, 5):
        order = circle.bought(f"2-{number}")
        link = circle.offered(order, f"2-{number}")
        inside, theirs = rush(
            2,
            lambda n, link=link: (
                let_in(circle.true, link[0])
                if n == 0
                else persistently(lambda: circle.transfers.accept(*link, MINA, NOW))
            ),
        )
        assert bool(inside) is isinstance(theirs, FairTicketError), (inside, theirs)
    assert circle.sweep().faults == {}


def test_who_goes_in_while_the_friend_accepts_keeps_the_ticket_and_without_the_guard_would_not(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle = Circle(db)
    for guarded, seat_id in ((True, "1-1"), (False, "1-2")):
        order = circle.bought(seat_id)
        link = circle.offered(order, seat_id)
        circle.on(db if guarded else Unguarded(db.client, db.prefix))
        accept = TransferStore.accept

        def late(self: TransferStore, *args: Any, link: Any = link, do: Any = accept) -> Order:
            let_in(circle.true, link[0])
            return do(self, *args)

        with monkeypatch.context() as patch:
            patch.setattr(TransferStore, "accept", late)
            if guarded:
                with pytest.raises(Conflict, match="used"):
                    circle.transfers.accept(*link, MINA, NOW)
            else:
                circle.transfers.accept(*link, MINA, NOW)
        ticket = circle.ticket(order, seat_id)
        assert ticket.entered_us is not None
        assert ticket.state == ("valid" if guarded else "passed_on")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_leaves_it_passed_on_once_or_not_at_all(
    db: Database, fault: str
) -> None:
    circle = Circle(db)
    for at in range(1, 9):
        circle.on(db)
        order = circle.bought(f"2-{at}", person=f"{fault}{at}")
        link = circle.offered(order, f"2-{at}")
        friend = Friend(f"acc_f{at}", f"fan_f{at}", f"fan_f{at}")
        bad, _ = faulty(db, fault, at)
        circle.on(bad)
        theirs = persistently(lambda link=link, f=friend: circle.transfers.accept(*link, f, NOW))
        assert theirs.state == "paid"
    circle.on(db)
    assert circle.sweep().faults == {}
    valid = [t for t in map(Ticket.of, db.scan(TICKETS)) if t.sale_id == circle.sale.sale_id]
    assert sum(t.state == "valid" for t in valid) == 8
