"""Orders that are paid through Stripe: what its webhooks, banks and lost hours do to them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from boxoffice.dynamo import Database, connect
from boxoffice.orders.service import WATCH_US, Orders
from boxoffice.payments.service import Payments
from boxoffice.payments.stripe_provider import StripeProvider
from boxoffice.tickets.service import Tickets
from fairness.errors import Misconfigured, Unavailable
from tests.boxoffice.shop import LATE, NOW, SECOND, Shop, rush
from tests.localstripe import ASKS_BANK, DECLINED, SECRET_KEY, Stripe


@pytest.fixture(scope="module")
def db(endpoint: str) -> Iterator[Database]:
    """One database for all: every test has a sale of its own."""
    database = connect(endpoint, "eu-central-1", f"s{secrets.token_hex(4)}-")
    database.create_tables()
    yield database
    database.client.close()


@pytest.fixture
def shop(db: Database, stripe: Stripe) -> Shop:
    shop = Shop(db)
    on(shop, StripeProvider(db, SECRET_KEY, "pepper", stripe.url))
    return shop


def on(shop: Shop, provider: StripeProvider) -> None:
    shop.payments = Payments(shop.true, provider)
    shop.orders = Orders(shop.true, shop.payments, Tickets(shop.true, bytes(32)))


def moved(shop: Shop, order_id: str, now_us: int = NOW) -> Any:
    """Do what a webhook sets off."""
    return shop.orders.look_at_payment(order_id, now_us)


def test_a_paid_order_hears_of_it_as_often_as_stripe_likes(shop: Shop, stripe: Stripe) -> None:
    order = shop.hold("1-1", "1-2")
    paid = shop.orders.pay(order.order_id, stripe.method(), NOW)
    assert paid.state == "paid"
    for _ in range(2):
        assert moved(shop, order.order_id).state == "paid"
    assert shop.outbox("mail", order) == ["order_confirmed"]
    assert not shop.sweep().faults


def test_the_webhook_may_come_before_the_answer(shop: Shop, stripe: Stripe) -> None:
    order = shop.hold("1-1")
    real = shop.payments._provider.charge

    def charged_and_told(*asked: Any) -> Any:
        charge = real(*asked)
        assert moved(shop, order.order_id).state == "paid"
        return charge

    shop.payments._provider.charge = charged_and_told  # type: ignore[method-assign]
    assert shop.orders.pay(order.order_id, stripe.method(), NOW).state == "paid"
    assert shop.outbox("mail", order) == ["order_confirmed"]


def test_the_webhook_finishes_what_a_dead_worker_began(shop: Shop, stripe: Stripe) -> None:
    order = shop.hold("1-1")
    hasty = StripeProvider(shop.true, SECRET_KEY, "pepper", stripe.url, retries=0)
    on(shop, hasty)
    stripe.go_wrong("lost reply", 2)  # the money has moved, and nobody here knows
    with pytest.raises(Unavailable):
        shop.orders.pay(order.order_id, stripe.method(), NOW)
    assert moved(shop, order.order_id).state == "paid"


def test_ten_webhooks_and_the_worker_at_once_are_one_sale(shop: Shop, stripe: Stripe) -> None:
    order, method = shop.hold("1-1"), stripe.method()

    def one(number: int) -> Any:
        if number == 0:
            return shop.orders.pay(order.order_id, method, NOW)
        return moved(shop, order.order_id)

    found = rush(6, one)
    assert all(getattr(o, "state", "") in ("held", "paid") for o in found), found
    assert moved(shop, order.order_id).state == "paid"
    assert shop.outbox("mail", order) == ["order_confirmed"]


def test_a_webhook_about_nothing_changes_nothing(shop: Shop) -> None:
    order = shop.hold("1-1")
    assert moved(shop, order.order_id) == order


def test_a_declined_card_leaves_the_seats_and_is_said_once(shop: Shop, stripe: Stripe) -> None:
    order = shop.hold("1-1")
    declined = shop.orders.pay(order.order_id, stripe.method(DECLINED), NOW)
    assert (declined.state, declined.problem and declined.problem["error"]) == (
        "held", "PaymentDeclined",
    )  # fmt: skip
    assert moved(shop, order.order_id, NOW + SECOND).changed_us == declined.changed_us
    assert shop.orders.pay(order.order_id, stripe.method(), NOW).state == "paid"


def test_a_bank_that_asks_is_told_to_the_fan_and_then_the_order_is_paid(
    shop: Shop, stripe: Stripe
) -> None:
    order = shop.hold("1-1")
    asked = shop.orders.pay(order.order_id, stripe.method(ASKS_BANK), NOW)
    assert (asked.state, asked.problem and asked.problem["error"]) == ("held", "ConfirmPayment")
    assert moved(shop, order.order_id).state == "held"
    stripe.authenticate(shop.payments.confirmation(order.order_id))
    paid = moved(shop, order.order_id)
    assert (paid.state, paid.problem) == ("paid", None)


def test_a_fan_who_gives_the_seats_back_cannot_be_charged_afterwards(
    shop: Shop, stripe: Stripe
) -> None:
    order = shop.hold("1-1")
    shop.orders.pay(order.order_id, stripe.method(ASKS_BANK), NOW)
    secret = shop.payments.confirmation(order.order_id)
    assert shop.orders.cancel(order.order_id, order.account_id, NOW).state == "cancelled"
    with pytest.raises(Exception, match="400"):
        stripe.authenticate(secret)
    assert shop.state("1-1") == "free"


@pytest.mark.parametrize("free", [True, False])
def test_a_confirmation_after_the_hold_gets_free_seats_or_the_money_back(
    shop: Shop, stripe: Stripe, free: bool
) -> None:
    order = shop.hold("1-1")
    shop.orders.pay(order.order_id, stripe.method(ASKS_BANK), NOW)
    assert [o.state for o in shop.orders.expire_due(shop.sale.sale_id, LATE)] == ["expired"]
    if not free:
        other = shop.hold("1-1", now_us=LATE)
        assert shop.orders.pay(other.order_id, stripe.method(), LATE).state == "paid"
    stripe.authenticate(shop.payments.confirmation(order.order_id))
    late = moved(shop, order.order_id, LATE)
    payment = shop.payments.of_order(order.order_id)
    assert payment
    if free:
        assert (late.state, payment.state) == ("paid", "charged")
    else:
        assert (late.state, payment.state) == ("refunded", "refunded")
        assert shop.outbox("mail", order) == ["sorry_refunded"]
    assert not shop.sweep(LATE).faults


def test_a_confirmation_that_never_comes_is_cancelled_after_an_hour(
    shop: Shop, stripe: Stripe
) -> None:
    order = shop.hold("1-1")
    shop.orders.pay(order.order_id, stripe.method(ASKS_BANK), NOW)
    secret = shop.payments.confirmation(order.order_id)
    shop.orders.expire_due(shop.sale.sale_id, LATE)
    shop.orders.expire_due(shop.sale.sale_id, NOW + WATCH_US + SECOND)
    with pytest.raises(Exception, match="400"):
        stripe.authenticate(secret)
    payment = shop.payments.of_order(order.order_id)
    assert payment
    assert payment.state == "declined"


def test_a_wrong_key_of_ours_is_told_to_the_fan_and_does_not_stop_the_next_try(
    shop: Shop, stripe: Stripe
) -> None:
    order = shop.hold("1-1")
    right = shop.payments._provider
    on(shop, StripeProvider(shop.true, "wrong", "pepper", stripe.url))
    with pytest.raises(Misconfigured):
        shop.orders.pay(order.order_id, stripe.method(), NOW)
    told = shop.orders.find(order.order_id)
    assert told
    assert told.problem
    assert told.problem["error"] == "PaymentsDown"
    on(shop, right)  # type: ignore[arg-type]
    assert shop.orders.pay(order.order_id, stripe.method(), NOW).state == "paid"


def test_many_orders_are_paid_together(shop: Shop, stripe: Stripe) -> None:
    plain, broke = shop.hold("1-1"), shop.hold("1-2")
    wanted = [(plain.order_id, stripe.method()), (broke.order_id, stripe.method(DECLINED))]
    found: Any = shop.orders.pay_all(wanted, NOW)
    assert [o.state for o in found] == ["paid", "held"]
