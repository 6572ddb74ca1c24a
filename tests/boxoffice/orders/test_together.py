"""Many orders at once: what each would get alone, one after the other, in fewer transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders.holding import Outcome
from boxoffice.orders.model import Best, Order, Request
from boxoffice.tables import OUTBOX
from fairness.clock import SECOND
from fairness.errors import FairTicketError, Forbidden, NotFound, Unavailable
from tests.boxoffice.shop import FAULTS, LATE, NOW, Cache, Faulty, Shop, faulty


def hold_all(shop: Shop, requests: Sequence[Request], now_us: int = NOW) -> list[Outcome]:
    return shop.orders.allocate_all(requests, shop.sale, shop.plan, shop.cache, now_us)


def counting(shop: Shop) -> Faulty:
    database, client = faulty(shop.true)
    shop.on(database)
    return client


def states(outcomes: Sequence[Outcome]) -> list[str]:
    return [o.state if isinstance(o, Order) else type(o).__name__ for o in outcomes]


def test_a_batch_is_one_transaction_and_the_first_have_the_first_choice(any_db: Database) -> None:
    shop, alone = Shop(any_db), Shop(any_db)
    client = counting(shop)
    requests = [shop.request(best=Best(2, "A")) for _ in range(4)]

    held = hold_all(shop, requests)

    assert states(held) == ["held"] * 4
    assert client.calls == ["transact_write_items"]
    one_by_one = [alone.allocate(alone.request(best=Best(2, "A"))).seat_ids for _ in range(4)]
    assert [order.seat_ids for order in held if isinstance(order, Order)] == one_by_one
    assert shop.sweep().faults == {}
    rows = [row for row in any_db.query(OUTBOX, kind="ledger") if "entries" in row]
    assert [len(row["entries"]) for row in rows if len(row["entries"]) > 1] == [4]


def test_who_asks_for_taken_seats_is_refused_and_keeps_nobody_from_theirs(
    any_db: Database,
) -> None:
    shop = Shop(any_db, limit=2)
    shop.hold("1-1")
    requests = [
        shop.request("1-2"),
        shop.request("1-1", "1-3"),  # one is held
        shop.request("1-3", person="ada"),
        shop.request("1-4", "1-5", person="ada"),  # one too many for ada
        shop.request("1-3", "1-6"),  # ada has it now
        shop.request("9-9"),  # no such seat
        shop.request(best=Best(2, "A")),
    ]

    held = hold_all(shop, requests)

    expected = ["held", "refused", "held", "refused", "refused", "refused", "held"]
    assert states(held) == expected
    problems = [order.problem for order in held if isinstance(order, Order) and order.problem]
    assert [p["error"] for p in problems] == [
        "SeatsTaken",
        "LimitReached",
        "SeatsTaken",
        "NotFound",
    ]
    assert [p.get("seats") for p in problems] == [["1-1"], None, ["1-3"], None]
    assert shop.sweep().faults == {}


def test_the_same_request_ten_times_in_a_batch_is_one_order(any_db: Database) -> None:
    shop = Shop(any_db)
    request = shop.request(best=Best(2))
    first = hold_all(shop, [request] * 10)
    again = hold_all(shop, [request] * 3, NOW + SECOND)
    assert {order.order_id for order in first + again if isinstance(order, Order)} == {
        request.order_id
    }
    assert all(outcome == first[0] for outcome in first + again)
    assert shop.sweep().held == 2
    assert shop.sweep().faults == {}


def test_a_stranger_learns_nothing_of_an_order_with_the_same_id(any_db: Database) -> None:
    shop = Shop(any_db)
    mine = shop.request("1-1", order_id="ord_1", person="ada")
    theirs = shop.request("1-2", order_id="ord_1", person="ben")
    outcomes = hold_all(shop, [mine, theirs])
    assert states(outcomes[:1]) == ["held"]
    assert isinstance(outcomes[1], Forbidden)


def test_what_was_chosen_and_not_had_is_free_for_the_next(any_db: Database) -> None:
    """A no is only said after another look at the table."""
    shop = Shop(any_db, rows=1, seats=4)
    shop.cache.seats.clear()
    hidden = shop.request("1-2")  # the cache knows nothing of this hold
    shop.orders.allocate(hidden, shop.sale, shop.plan, Cache(), NOW)

    held = hold_all(
        shop, [shop.request("1-1", "1-2"), *(shop.request(best=Best(1)) for _ in "123")]
    )

    assert states(held) == ["refused", "held", "held", "held"]
    assert shop.sweep().held == 4


def test_many_payments_are_confirmed_together(any_db: Database) -> None:
    shop = Shop(any_db)
    orders = [shop.hold(f"1-{n}", f"2-{n}") for n in range(1, 6)]
    client = counting(shop)
    cards = [(order.order_id, shop.card()) for order in orders]

    paid = shop.orders.pay_all(cards, NOW + SECOND)
    calls = list(client.calls)

    assert states(paid) == ["paid"] * 5
    assert calls.count("transact_write_items") == 3, "begun, the provider's books, confirmed"
    assert calls.count("put_item") == 0
    assert [shop.orders.find(order.order_id) for order in orders] == paid
    assert shop.orders.pay_all(cards, NOW + SECOND) == paid, "twice is once"
    assert len(shop.charges()) == 5
    assert all(shop.outbox("mail", order) == ["order_confirmed"] for order in orders)
    assert shop.sweep().faults == {}


def test_a_payment_that_is_not_plain_goes_its_own_way(any_db: Database) -> None:
    shop = Shop(any_db)
    plain, declined, lapsed, cancelled = (shop.hold(f"1-{n}") for n in range(1, 5))
    late = shop.hold("2-1", now_us=NOW - 601 * SECOND)
    shop.charged(late)
    shop.orders.cancel(cancelled.order_id, cancelled.account_id, NOW)
    wanted = [
        (plain.order_id, shop.card()),
        (declined.order_id, shop.bad_card()),
        (late.order_id, shop.card()),
        (cancelled.order_id, shop.card()),
        ("ord_none", shop.card()),
        (lapsed.order_id, "card_forged.pays.x.y"),
        (plain.order_id, shop.card()),
    ]

    found = shop.orders.pay_all(wanted, NOW + SECOND)

    assert states(found) == ["paid", "held", "paid", "cancelled", "NotFound", "NotFound", "paid"]
    assert isinstance(found[1], Order)
    assert found[1].problem is not None
    assert isinstance(found[4], NotFound)
    assert len(shop.charges()) == 3
    assert shop.sweep(NOW + SECOND).faults == {}


def at_every_call(
    shop: Shop, fault: str, act: Callable[[int], list[Outcome]]
) -> list[list[Outcome]]:
    """Do `act(n)` with its call n going wrong, and again while it must be, as a worker does."""
    results, number = list[list[Outcome]](), 0
    while True:
        database, client = faulty(shop.true, fault, number)
        shop.on(database)
        outcomes = act(number)
        shop.on(shop.true)
        for _ in range(3):
            if any(isinstance(outcome, Unavailable) for outcome in outcomes):
                outcomes = act(number)
        results.append(outcomes)
        if len(client.calls) <= number:
            return results
        number += 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_of_a_batch_keeps_every_promise(any_db: Database, fault: str) -> None:
    shop = Shop(any_db, rows=4, seats=16)
    shop.hold("1-8")
    shop.cache.seats.clear()  # so that the batch is refused first

    def act(number: int) -> list[Outcome]:
        names = [f"p{number}-{n}" for n in range(3)]
        wanted = [shop.request(best=Best(2), order_id=f"ord_{p}", person=p) for p in names]
        return hold_all(shop, wanted)

    outcomes = at_every_call(shop, fault, act)

    assert len(outcomes) > 1
    assert {state for batch in outcomes for state in states(batch)} == {"held"}
    orders = [order for batch in outcomes for order in batch if isinstance(order, Order)]
    assert all(shop.outbox("ledger", order) == ["seats_held"] for order in orders)
    assert shop.sweep().held == 1 + 2 * len(orders)
    assert shop.sweep().faults == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_of_many_payments_keeps_every_promise(
    any_db: Database, fault: str
) -> None:
    shop = Shop(any_db, rows=2, seats=20)
    held = [[shop.hold(f"{row}-{n}") for row in (1, 2)] for n in range(1, 21)]
    card = shop.card()

    outcomes = at_every_call(
        shop,
        fault,
        lambda n: shop.orders.pay_all([(o.order_id, card) for o in held[n]], NOW + SECOND),
    )

    assert len(outcomes) > 4, "read, begun, charged, confirmed, and one at rest"
    assert {state for batch in outcomes for state in states(batch)} == {"paid"}
    orders = [order for batch in outcomes for order in batch if isinstance(order, Order)]
    assert len(shop.charges()) == len(orders)
    assert all(shop.outbox("mail", order) == ["order_confirmed"] for order in orders)
    assert all(shop.outbox("ledger", order)[1:] == ["seats_sold"] for order in orders)
    assert shop.sweep().faults == {}


def test_late_payments_in_a_batch_are_refunded_when_the_seats_are_gone(any_db: Database) -> None:
    shop = Shop(any_db)
    gone, free = shop.hold("1-1"), shop.hold("1-2")
    for order in (gone, free):
        shop.charged(order)
    shop.hold("1-1", now_us=LATE)
    found = shop.orders.pay_all([(gone.order_id, "x"), (free.order_id, "x")], LATE)
    assert states(found) == ["refunded", "paid"]
    assert not any(isinstance(outcome, FairTicketError) for outcome in found)
    assert shop.sweep(LATE).faults == {}
