from __future__ import annotations

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders.model import Best, Request
from boxoffice.tables import LIMITS
from fairness.errors import Conflict, Forbidden, Invalid, NotFound
from tests.boxoffice.shop import HOLD, LATE, NOW, SECOND, Shop


@pytest.fixture
def shop(db: Database) -> Shop:
    return Shop(db)


def test_seats_are_held_with_their_prices_until_the_hold_ends(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.allocate(shop.request("1-3", "2-3"))
    assert order.state == "held"
    assert order.total_cents == 9_000 + 4_500
    assert order.held_until_us == NOW + HOLD
    assert shop.orders.find(order.order_id) == order
    assert shop.outbox("ledger", order) == ["seats_held"]
    assert shop.cache.seats == dict.fromkeys(["1-3", "2-3"], f"held:{NOW + HOLD}")
    assert shop.sweep().faults == {}


def test_a_taken_seat_is_named_and_nothing_is_held(any_db: Database) -> None:
    shop = Shop(any_db)
    shop.hold("1-2")
    order = shop.allocate(shop.request("1-1", "1-2", "1-3"))
    assert order.state == "refused"
    assert order.problem is not None
    assert order.problem["error"] == "SeatsTaken"
    assert order.problem["seats"] == ["1-2"]
    assert order.problem["remedy"]
    assert shop.state("1-1") == shop.state("1-3") == "free"
    assert shop.orders.find(order.order_id) == order
    assert shop.sweep().faults == {}


def test_asking_again_returns_the_order_that_stands(any_db: Database) -> None:
    shop = Shop(any_db)
    request = shop.request("1-1", order_id="ord_once")
    first = shop.allocate(request)
    assert shop.allocate(request, NOW + SECOND) == first

    second = shop.request("1-1", order_id="ord_no")
    refused = shop.allocate(second)
    shop.orders.cancel("ord_once", first.account_id, NOW)
    assert shop.allocate(second) == refused


def test_another_accounts_order_id_is_not_answered(shop: Shop) -> None:
    shop.allocate(shop.request("1-1", order_id="ord_1", person="ada"))
    with pytest.raises(Forbidden):
        shop.allocate(shop.request("1-2", order_id="ord_1", person="ben"))
    assert shop.state("1-2") == "free"


def test_the_best_seats_are_held_and_the_next_best_after_them(shop: Shop) -> None:
    first, second = (shop.allocate(shop.request(best=Best(2, "A"))) for _ in range(2))
    assert first.seat_ids == ["1-5", "1-6"]
    assert not set(first.seat_ids) & set(second.seat_ids)
    assert {seat.tier for seat in (*first.seats, *second.seats)} == {"A"}


def test_a_cache_that_knows_nothing_costs_tries_and_no_seats(any_db: Database) -> None:
    """The cache says all is free; the table refuses, and the next best is taken."""
    shop = Shop(any_db)
    shop.allocate(shop.request(best=Best(3, "A")))
    shop.cache.seats.clear()
    order = shop.allocate(shop.request(best=Best(3, "A")))
    assert order.state == "held"
    assert shop.sweep().held == 6
    assert shop.sweep().faults == {}


def test_a_cache_that_says_all_is_taken_is_not_believed(shop: Shop) -> None:
    shop.cache.seats.update({seat.seat_id: "sold" for seat in shop.plan.seats})
    assert shop.allocate(shop.request(best=Best(2))).state == "held"


def test_a_dead_cache_does_not_stop_a_sale(shop: Shop) -> None:
    shop.cache.dead = True
    assert shop.allocate(shop.request(best=Best(2))).state == "held"


def test_no_seats_left_is_a_refusal_with_a_way_on(shop: Shop) -> None:
    for _ in range(3):
        shop.allocate(shop.request(best=Best(3, "A")))
    order = shop.allocate(shop.request(best=Best(2, "A")))
    assert order.state == "refused"
    assert order.problem is not None
    assert order.problem["error"] == "Conflict"
    assert order.problem["detail"] == "not as many such seats are left as were asked for"
    apart = shop.allocate(shop.request(best=Best(1, "A", together=False)))
    assert apart.state == "held"


@pytest.mark.parametrize(
    ("wish", "error"),
    [({"best": Best(2, "Z")}, "Invalid"), ({"seats": ("9-9", "1-1")}, "NotFound")],
)
def test_what_is_not_on_sale_is_refused(shop: Shop, wish: dict[str, object], error: str) -> None:
    request = Request("ord_1", shop.sale.sale_id, "acc_1", "fan_1", "fan_1", **wish)  # type: ignore[arg-type]
    order = shop.allocate(request)
    assert order.problem is not None
    assert order.problem["error"] == error
    assert order.problem["remedy"]


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"seats": ()},
        {"seats": ("1-1", "1-1")},
        {"seats": ("1-1",), "best": Best(1)},
        {"best": Best(0)},
        {"best": Best(21)},
    ],
)
def test_a_request_that_makes_no_sense_is_invalid(wish: dict[str, object]) -> None:
    with pytest.raises(Invalid) as caught:
        Request("ord_1", "sale_1", "acc_1", "fan_1", "fan_1", **wish)  # type: ignore[arg-type]
    assert caught.value.remedy


def test_the_limit_counts_all_orders_and_accounts_of_a_person(any_db: Database) -> None:
    shop = Shop(any_db)
    shop.hold("1-1", "1-2", "1-3", person="ada")
    refused = shop.allocate(shop.request("2-1", "2-2", person="ada"))
    assert refused.problem is not None
    assert refused.problem["error"] == "LimitReached"
    assert shop.hold("2-1", person="ada").state == "held"
    assert shop.sweep().faults == {}


def test_more_than_the_limit_at_once_is_refused_also_for_a_newcomer(shop: Shop) -> None:
    refused = shop.allocate(shop.request(best=Best(5)))
    assert refused.problem is not None
    assert refused.problem["error"] == "LimitReached"


def test_a_lapsed_hold_is_free_without_any_sweeper(any_db: Database) -> None:
    shop = Shop(any_db)
    shop.hold("1-1")
    assert shop.hold("1-1", now_us=NOW + HOLD).state == "held"
    assert shop.sweep(NOW + HOLD).faults == {}


def test_a_lapsed_hold_gives_seats_and_count_back_exactly_once(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1", "1-2", "1-3", "1-4", person="ada")
    sale_id = shop.sale.sale_id
    assert shop.orders.expire_due(sale_id, NOW + HOLD - 1) == []

    expired = shop.orders.expire_due(sale_id, LATE)

    assert [(o.order_id, o.state) for o in expired] == [(order.order_id, "expired")]
    assert shop.orders.expire_due(sale_id, LATE) == []
    assert any_db.get(LIMITS, person=f"{sale_id}#{order.person}") == {
        "person": f"{sale_id}#{order.person}",
        "tickets": 0,
    }
    assert shop.outbox("ledger", order) == ["seats_held", "seats_released"]
    assert shop.hold("1-1", "1-2", "1-3", "1-4", person="ada", now_us=LATE).state == "held"
    assert shop.sweep(LATE).faults == {}


def test_a_lapsed_hold_does_not_free_seats_that_someone_else_took_over(any_db: Database) -> None:
    shop = Shop(any_db)
    shop.hold("1-1", "1-2")
    other = shop.hold("1-2", now_us=LATE)
    shop.orders.expire_due(shop.sale.sale_id, LATE)
    assert shop.state("1-1", LATE) == "free"
    assert shop.state("1-2", LATE) == "held"
    assert shop.orders.pay(other.order_id, shop.card(), LATE).state == "paid"
    assert shop.sweep(LATE).faults == {}


def test_a_cancelled_order_gives_everything_back_at_once(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1", person="ada")
    for _ in range(2):
        assert shop.orders.cancel(order.order_id, "acc_ada", NOW).state == "cancelled"
    assert shop.hold("1-1").state == "held"
    assert shop.orders.expire_due(shop.sale.sale_id, LATE)[0].seat_ids == ["1-1"]
    assert shop.sweep(LATE).faults == {}


def test_only_the_owner_sees_and_cancels_an_order(shop: Shop) -> None:
    order = shop.hold("1-1", person="ada")
    assert shop.orders.get(order.order_id, "acc_ada") == order
    with pytest.raises(Forbidden):
        shop.orders.get(order.order_id, "acc_ben")
    with pytest.raises(Forbidden):
        shop.orders.cancel(order.order_id, "acc_ben", NOW)
    with pytest.raises(NotFound):
        shop.orders.get("ord_none", "acc_ada")


def test_a_paid_order_has_seats_tickets_mail_and_entry_together(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1", "1-2")
    paid = shop.orders.pay(order.order_id, shop.card(), NOW + SECOND)
    assert paid.state == "paid"
    assert shop.state("1-1") == "sold"
    assert [t.seat_id for t in shop.tickets.of_order(order)] == ["1-1", "1-2"]
    assert shop.outbox("mail", order) == ["order_confirmed"]
    assert shop.outbox("ledger", order) == ["seats_held", "seats_sold"]
    assert shop.orders.expire_due(shop.sale.sale_id, LATE) == []
    assert shop.sweep(LATE).faults == {}


def test_paying_twice_is_paying_once(any_db: Database) -> None:
    shop = Shop(any_db)
    order, card = shop.hold("1-1"), shop.card()
    first = shop.orders.pay(order.order_id, card, NOW)
    assert shop.orders.pay(order.order_id, card, NOW + SECOND) == first
    assert shop.orders.pay(order.order_id, shop.card(), NOW + SECOND) == first
    assert [charge["cents"] for charge in shop.charges()] == [9_000]
    assert shop.outbox("mail", order) == ["order_confirmed"]
    with pytest.raises(Conflict, match="paid"):
        shop.orders.cancel(order.order_id, order.account_id, NOW)


def test_a_declined_card_leaves_the_seats_and_says_why_and_another_card_pays(shop: Shop) -> None:
    order = shop.hold("1-1")
    declined = shop.orders.pay(order.order_id, shop.bad_card(), NOW)
    assert declined.state == "held"
    assert declined.problem is not None
    assert declined.problem["error"] == "PaymentDeclined"
    assert shop.orders.find(order.order_id) == declined

    paid = shop.orders.pay(order.order_id, shop.card(), NOW + SECOND)

    assert paid.state == "paid"
    assert paid.problem is None
    assert shop.orders.find(order.order_id) == paid


def test_a_hold_that_is_over_is_not_charged(shop: Shop) -> None:
    order = shop.hold("1-1")
    assert shop.orders.pay(order.order_id, shop.card(), LATE).state == "expired"
    assert shop.orders.pay(order.order_id, shop.card(), LATE).state == "expired"
    assert shop.charges() == []
    assert shop.orders.find(order.order_id).held_until_us == order.held_until_us  # type: ignore[union-attr]


def test_a_refused_order_is_not_charged(shop: Shop) -> None:
    shop.hold("1-1")
    refused = shop.allocate(shop.request("1-1"))
    assert shop.orders.pay(refused.order_id, shop.card(), NOW).state == "refused"
    assert shop.charges() == []


def test_a_late_payment_gets_the_seats_when_they_are_free(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1")
    payment = shop.charged(order)
    shop.orders._store.give_back(order, "expired", LATE)  # a sweep that saw no payment yet

    paid = shop.orders.confirm(order.order_id, payment, LATE)

    assert paid.state == "paid"
    assert shop.state("1-1", LATE) == "sold"
    assert shop.sweep(LATE).faults == {}


@pytest.mark.parametrize("swept", [False, True])
def test_a_late_payment_is_refunded_with_an_apology_when_the_seats_are_gone(
    any_db: Database, swept: bool
) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1", "1-2")
    payment = shop.charged(order)
    if swept:
        shop.orders._store.give_back(order, "expired", LATE)
    other = shop.hold("1-2", now_us=LATE)

    for _ in range(2):
        refunded = shop.orders.confirm(order.order_id, payment, LATE)
        assert refunded.state == "refunded"

    assert refunded.problem is not None
    assert refunded.problem["seats"] == ["1-2"]
    assert [(c["status"], c["refunded_cents"]) for c in shop.charges()] == [("refunded", 18_000)]
    assert shop.outbox("mail", order) == ["sorry_refunded"]
    assert shop.state("1-1", LATE) == "free"
    assert shop.orders.pay(other.order_id, shop.card(), LATE).state == "paid"
    assert shop.sweep(LATE).faults == {}


def test_a_late_payment_that_would_break_the_limit_is_refunded(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1", "1-2", person="ada")
    payment = shop.charged(order)
    shop.orders._store.give_back(order, "expired", LATE)
    shop.hold("2-1", "2-2", "2-3", person="ada", now_us=LATE)
    refunded = shop.orders.confirm(order.order_id, payment, LATE)
    assert refunded.state == "refunded"
    assert refunded.problem is not None
    assert refunded.problem["error"] == "LimitReached"
    assert shop.sweep(LATE).faults == {}


def test_the_sweep_confirms_a_charge_whose_worker_died(any_db: Database) -> None:
    """Killed between the charge at the provider and its record: the money is not forgotten."""
    shop = Shop(any_db)
    order = shop.hold("1-1")
    card = shop.card()
    pending = shop.payments._claim(order.order_id, order.total_cents, "EUR", card, NOW)
    shop.provider.charge(pending.key, order.total_cents, "EUR", card)

    changed = shop.orders.expire_due(shop.sale.sale_id, LATE)

    assert [o.state for o in changed] == ["paid"]
    assert shop.sweep(LATE).faults == {}


def test_a_charge_that_comes_after_the_sweep_and_whose_worker_died_is_found(
    any_db: Database,
) -> None:
    """Nobody tells the order about the charge: the sweep goes on looking for it."""
    shop = Shop(any_db)
    order, card, sale_id = shop.hold("1-1"), shop.card(), shop.sale.sale_id
    pending = shop.payments._claim(order.order_id, order.total_cents, "EUR", card, NOW)
    assert [o.state for o in shop.orders.expire_due(sale_id, LATE)] == ["expired"]
    assert shop.orders.expire_due(sale_id, LATE + 60 * SECOND) == []
    shop.provider.charge(pending.key, order.total_cents, "EUR", card)
    shop.hold("1-1", now_us=LATE)

    changed = shop.orders.expire_due(sale_id, LATE + 120 * SECOND)

    assert [o.state for o in changed] == ["refunded"]
    assert [c["status"] for c in shop.charges()] == ["refunded"]
    assert shop.sweep(LATE).faults == {}


def test_a_charge_that_never_came_is_not_looked_for_for_ever(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1")
    shop.payments._claim(order.order_id, order.total_cents, "EUR", shop.card(), NOW)
    for hour in (1, 2):
        shop.orders.expire_due(shop.sale.sale_id, NOW + 3600 * hour * SECOND)
    assert shop.orders._store.due(shop.sale.sale_id, NOW + 10**12, 10) == []


def test_a_refund_whose_worker_died_is_finished_by_the_sweep(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1")
    shop.charged(order)
    shop.orders._store.give_back(order, "refunded", NOW, {"detail": "gone"}, due_us=NOW)
    assert [c["status"] for c in shop.charges()] == ["charged"]

    assert [o.state for o in shop.orders.expire_due(shop.sale.sale_id, NOW)] == ["refunded"]

    assert [c["status"] for c in shop.charges()] == ["refunded"]
    assert shop.orders.expire_due(shop.sale.sale_id, LATE) == []


def test_a_payment_for_a_cancelled_order_goes_back(any_db: Database) -> None:
    shop = Shop(any_db)
    order = shop.hold("1-1")
    payment = shop.charged(order)
    with pytest.raises(Conflict, match="being paid"):
        shop.orders.cancel(order.order_id, order.account_id, NOW)
    shop.orders._store.give_back(order, "cancelled", NOW)  # both at the same moment
    assert shop.orders.confirm(order.order_id, payment, NOW).state == "refunded"
    assert [c["status"] for c in shop.charges()] == ["refunded"]
    assert shop.sweep().faults == {}


def test_a_payment_of_another_order_confirms_nothing(shop: Shop) -> None:
    order, other = shop.hold("1-1"), shop.hold("1-2")
    with pytest.raises(Conflict):
        shop.orders.confirm(order.order_id, shop.charged(other), NOW)
    with pytest.raises(NotFound):
        shop.orders.pay("ord_none", shop.card(), NOW)


def test_orders_are_listed_for_their_account_and_sale(any_db: Database) -> None:
    shop = Shop(any_db)
    first = shop.hold("1-1", person="ada")
    second = shop.hold("1-2", person="ada", now_us=NOW + SECOND)
    other = shop.hold("1-3")
    assert shop.orders.of_account("acc_ada") == [second, first]
    assert {o.order_id for o in shop.orders.of_sale(shop.sale.sale_id)} == {
        o.order_id for o in (first, second, other)
    }
