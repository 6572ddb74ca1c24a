"""A return beside a gate and beside a buyer; each with a twin that has no guard and must fail."""

from __future__ import annotations

from typing import Any

import pytest

from boxoffice.dynamo import Database, Item
from boxoffice.tables import TICKETS
from fairness.errors import FairTicketError
from tests.boxoffice.desk import Desk
from tests.boxoffice.shop import FAULTS, faulty, let_in, persistently, rush

ROUNDS = 6


class Unguarded(Database):
    """A database that forgets the conditions on tickets: what a return would be without them."""

    def update_(self, table: Any, key: Item, change: str, condition: str = "", *a: Any, **v: Any):  # type: ignore[no-untyped-def]
        if table is TICKETS:
            condition = ":valid <> :owner" if "owner" in v else ""
        return super().update_(table, key, change, condition, *a, **v)


def test_a_ticket_is_used_or_returned_and_never_both(db: Database) -> None:
    desk = Desk(db, rows=2)
    seen = set()
    for number in range(1, ROUNDS + 1):
        order = desk.bought(f"2-{number}")
        ticket = desk.ticket(order, f"2-{number}")
        inside, given = rush(
            2,
            lambda n, o=order, t=ticket: (
                let_in(desk.true, t.ticket_id) if n == 0 else desk.give(o, *o.seat_ids)
            ),
        )
        assert bool(inside) is isinstance(given, FairTicketError), (inside, given)
        seen.add(bool(inside))
    assert desk.sweep().faults == {}


def test_a_ticket_that_was_used_does_not_come_back_and_without_the_guard_it_would(
    db: Database,
) -> None:
    desk = Desk(db)
    order, twin = desk.bought("1-1"), desk.bought("1-2")
    desk.on(Unguarded(db.client, db.prefix))
    real_get = desk.returns._tickets.get
    for one in (order, twin):
        seat_id = one.seat_ids[0]

        def stale(ticket_id: str, desk: Desk = desk) -> Any:
            """The gate is faster than the return: it opens after the ticket was read."""
            found = real_get(ticket_id)
            if found and found.entered_us is None:
                let_in(desk.true, ticket_id)
            return found

        if one is order:
            desk.on(db)
            desk.returns._tickets.get = stale  # type: ignore[method-assign]
            with pytest.raises(FairTicketError, match="used at the gate"):
                desk.give(one, seat_id)
            assert desk.ticket(one, seat_id).state == "valid"
        else:
            desk.on(Unguarded(db.client, db.prefix))
            desk.returns._tickets.get = stale  # type: ignore[method-assign]
            desk.give(one, seat_id)
            assert desk.ticket(one, seat_id).entered_us is not None
            assert desk.ticket(one, seat_id).state == "returned"  # inside, and paid back


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_costs_nobody_a_ticket_or_money(db: Database, fault: str) -> None:
    desk, number, calls = Desk(db, rows=3), 0, 1
    while number < calls:
        seat = f"{number // 10 + 1}-{number % 10 + 1}"
        order = desk.bought(seat, person=f"p{number}")
        database, client = faulty(desk.true, fault, number)
        desk.on(database)
        after = persistently(lambda o=order, s=seat: desk.give(o, s))
        for _ in range(2):
            persistently(desk.pay_out)
        calls = max(calls, len(client.calls)) if number == 0 else calls
        desk.on(desk.true)
        desk.pay_out()
        assert after.state == "returned"
        assert sorted(desk.outbox("mail", order)) == ["order_confirmed", "returned_refunding"]
        number += 1
    assert number > 6
    assert desk.given_back() == sum(one.cents for one in desk.all_returns())
    assert {one.state for one in desk.all_returns()} == {"refunded"}
    assert desk.sweep().faults == {}
