"""Stripe as the provider, against a real server of its API."""

from __future__ import annotations

import hmac
import secrets
import time
from collections.abc import Callable, Iterator
from hashlib import sha1, sha256
from typing import Any

import pytest

from boxoffice.dynamo import Database, connect
from boxoffice.payments.amounts import stripe_amount
from boxoffice.payments.model import Card, Payment
from boxoffice.payments.service import Payments
from boxoffice.payments.stripe_provider import StripeProvider, order_of
from boxoffice.tables import CHARGES, PAYMENTS
from fairness.errors import Forbidden, Invalid, Misconfigured, NotFound, Unavailable
from tests.boxoffice.shop import NOW, SECOND, persistently, rush
from tests.localstripe import (
    ASKS_BANK,
    ASKS_BANK_AND_DECLINES,
    DECLINED,
    MASTERCARD,
    SECRET_KEY,
    VISA,
    WEBHOOK_SECRET,
    Stripe,
)


@pytest.fixture(scope="module")
def db(endpoint: str) -> Iterator[Database]:
    """One database for all: every test has orders of its own."""
    database = connect(endpoint, "eu-central-1", f"s{secrets.token_hex(4)}-")
    database.create_tables()
    yield database
    database.client.close()


@pytest.fixture
def provider(db: Database, stripe: Stripe) -> StripeProvider:
    return StripeProvider(db, SECRET_KEY, "pepper", stripe.url)


@pytest.fixture
def payments(db: Database, provider: StripeProvider) -> Payments:
    return Payments(db, provider)


def new_order() -> str:
    return f"ord_{secrets.token_hex(6)}"


def test_a_card_is_charged_once_however_often_it_is_asked(
    payments: Payments, stripe: Stripe
) -> None:
    order_id, method = new_order(), stripe.method()
    first = payments.charge(order_id, 9_050, "EUR", method, NOW)
    assert (first.state, first.charge_id[:3]) == ("charged", "pi_")
    assert payments.charge(order_id, 9_050, "EUR", method, NOW + SECOND) == first
    assert payments.charge(order_id, 9_050, "EUR", stripe.method(), NOW + SECOND) == first
    assert stripe.relay.calls.count("POST /v1/payment_intents") == 1


def test_stripe_gets_whole_minor_units_and_nobodys_name(
    provider: StripeProvider, stripe: Stripe
) -> None:
    charge = provider.charge("ord_1/1", 9_050, "JPY", stripe.method())
    intent = provider._intent(charge.charge_id)
    assert (intent.amount, intent.currency) == (9_050, "jpy")
    noted: Any = intent.metadata
    assert noted.to_dict() == {"order": "ord_1"}


def test_amounts_are_those_of_stripe() -> None:
    assert stripe_amount(1_999, "EUR") == 1_999
    assert stripe_amount(2_000, "JPY") == 2_000  # yen, not hundredths of one
    assert stripe_amount(20, "ISK") == stripe_amount(20, "UGX") == 2_000
    assert stripe_amount(12_340, "KWD") == 12_340
    with pytest.raises(Invalid, match="thousandths of KWD"):
        stripe_amount(12_345, "KWD")


def test_a_declined_card_is_told_kindly_and_another_may_be_tried(
    payments: Payments, stripe: Stripe
) -> None:
    order_id = new_order()
    declined = payments.charge(order_id, 9_000, "EUR", stripe.method(DECLINED), NOW)
    assert declined.state == "declined"
    assert declined.reason.startswith("The bank declined the card.")
    assert payments.charge(order_id, 9_000, "EUR", stripe.method(), NOW).state == "charged"


def test_nobody_can_pay_an_intent_that_we_call_declined(
    payments: Payments, provider: StripeProvider, stripe: Stripe
) -> None:
    declined = payments.charge(new_order(), 9_000, "EUR", stripe.method(DECLINED), NOW)
    assert provider._intent(declined.charge_id).status == "canceled"


def test_what_is_no_card_of_stripes_is_declined_and_a_number_is_refused(
    payments: Payments,
) -> None:
    strange = payments.charge(new_order(), 9_000, "EUR", "pm_none", NOW)
    assert (strange.state, strange.reason) == (
        "declined", "The card could not be read. Please enter it again.",
    )  # fmt: skip
    with pytest.raises(Invalid) as caught:
        payments.tokenise(Card(VISA, "08/29", "123"))
    assert VISA not in str(caught.value)


def test_a_bank_that_asks_is_answered_by_the_fan(payments: Payments, stripe: Stripe) -> None:
    order_id = new_order()
    open_ = payments.charge(order_id, 9_000, "EUR", stripe.method(ASKS_BANK), NOW)
    assert open_.state == "pending"
    assert payments.recover(order_id, NOW) == open_
    stripe.authenticate(payments.confirmation(order_id))
    paid = payments.recover(order_id, NOW + SECOND)
    assert paid is not None
    assert paid.state == "charged"
    assert payments.confirmation(order_id) == ""


@pytest.mark.parametrize(
    ("card", "confirms", "reason"),
    [
        (ASKS_BANK, False, "Your bank could not confirm that it was you."),
        (ASKS_BANK_AND_DECLINES, True, "The bank declined the card."),
    ],
)
def test_a_bank_that_asks_may_still_say_no(
    payments: Payments, stripe: Stripe, card: str, confirms: bool, reason: str
) -> None:
    order_id = new_order()
    payments.charge(order_id, 9_000, "EUR", stripe.method(card), NOW)
    stripe.authenticate(payments.confirmation(order_id), success=confirms)
    payment = payments.recover(order_id, NOW)
    assert payment is not None
    assert payment.state == "declined"
    assert payment.reason.startswith(reason)


def test_a_fan_who_does_not_confirm_may_use_another_card_or_stop(
    payments: Payments, provider: StripeProvider, stripe: Stripe
) -> None:
    order_id = new_order()
    open_ = payments.charge(order_id, 9_000, "EUR", stripe.method(ASKS_BANK), NOW)
    secret = payments.confirmation(order_id)
    assert payments.charge(order_id, 9_000, "EUR", stripe.method(), NOW).state == "charged"
    with pytest.raises(Exception, match="400"):  # the first one can be confirmed no more
        stripe.authenticate(secret)
    assert provider.find(open_.key).status == "declined"  # type: ignore[union-attr]

    other = new_order()
    payments.charge(other, 9_000, "EUR", stripe.method(ASKS_BANK), NOW)
    stopped = payments.stop(other, NOW)
    assert stopped is not None
    assert (stopped.state, stopped.reason) == (
        "declined", "The payment was not confirmed in time.",
    )  # fmt: skip


def test_what_is_paid_cannot_be_stopped(payments: Payments, stripe: Stripe) -> None:
    order_id = new_order()
    payments.charge(order_id, 9_000, "EUR", stripe.method(ASKS_BANK), NOW)
    stripe.authenticate(payments.confirmation(order_id))
    payment = payments.stop(order_id, NOW)
    assert payment is not None
    assert payment.state == "charged"


def test_a_charge_that_is_stopped_before_it_began_never_takes_money(
    db: Database, payments: Payments, provider: StripeProvider, stripe: Stripe
) -> None:
    order_id = new_order()
    began = payments._claim(order_id, 9_000, "EUR", stripe.method(), NOW)  # and its worker froze
    stopped = payments.stop(order_id, NOW)
    assert stopped is not None
    assert stopped.state == "declined"
    late = provider.charge(began.key, 9_000, "EUR", began.card_token)
    assert late.status == "declined"
    assert payments.charge(order_id, 9_000, "EUR", stripe.method(), NOW).state == "charged"
    assert stripe.relay.calls.count(f"POST /v1/payment_intents/{late.charge_id}/confirm") == 0


def test_a_worker_that_thaws_between_its_steps_takes_no_money_either(
    provider: StripeProvider, stripe: Stripe
) -> None:
    key, method = f"{new_order()}/1", stripe.method()
    real = provider._api.payment_intents.create

    def create_and_freeze(*asked: Any) -> Any:
        made = real(*asked)
        assert provider.stop(key).status == "declined"  # type: ignore[union-attr]
        return made

    provider._api.payment_intents.create = create_and_freeze  # type: ignore[method-assign]
    assert provider.charge(key, 9_000, "EUR", method).status == "declined"
    assert [c for c in stripe.relay.calls if c.endswith("/confirm")] == []


def test_ten_charges_at_once_are_one(payments: Payments, stripe: Stripe) -> None:
    order_id, method = new_order(), stripe.method()
    found = rush(10, lambda _: persistently(lambda: _charge(payments, order_id, method)))
    assert {getattr(payment, "state", payment) for payment in found} == {"charged"}
    assert len({payment.charge_id for payment in found if isinstance(payment, Payment)}) == 1


def _charge(payments: Payments, order_id: str, method: str) -> Payment:
    return payments.charge(order_id, 9_000, "EUR", method, NOW)


# The calls of one charge: make the intent, look at it, confirm it, look again.
@pytest.mark.parametrize("wrong", ["lost reply", "refused", "busy", "dies"])
@pytest.mark.parametrize("at", range(4))
def test_whatever_goes_wrong_at_any_call_the_card_is_charged_once(
    db: Database, stripe: Stripe, wrong: str, at: int
) -> None:
    provider = StripeProvider(db, SECRET_KEY, "pepper", stripe.url, retries=0)
    order_id, method = new_order(), stripe.method()
    stripe.go_wrong(wrong, at)
    with pytest.raises(Unavailable):
        _charge(Payments(db, provider), order_id, method)
    other_worker = Payments(db, StripeProvider(db, SECRET_KEY, "pepper", stripe.url))
    payment = _charge(other_worker, order_id, method)
    assert payment.state == "charged"
    confirms = {c for c in stripe.relay.calls if c.endswith("/confirm")}
    assert confirms == {f"POST /v1/payment_intents/{payment.charge_id}/confirm"}


def test_without_idempotency_keys_a_lost_reply_makes_a_second_intent(
    db: Database, stripe: Stripe
) -> None:
    """The control: this is what the keys and the two steps are for."""
    stripe.relay.kept = _Forgetful()
    provider = StripeProvider(db, SECRET_KEY, "pepper", stripe.url, retries=0)
    key, method = f"{new_order()}/1", stripe.method()
    stripe.go_wrong("lost reply", 0)
    with pytest.raises(Unavailable):
        provider.charge(key, 9_000, "EUR", method)
    made_twice = provider.charge(key, 9_000, "EUR", method)
    assert made_twice.status == "charged"  # yet only one of the two could take money
    assert stripe.relay.calls.count("POST /v1/payment_intents") == 2
    assert len([c for c in stripe.relay.calls if c.endswith("/confirm")]) == 1


class _Forgetful(dict[str, tuple[bytes, int, bytes]]):
    def __contains__(self, key: object) -> bool:
        return False


def test_the_sdk_asks_again_under_the_same_key(payments: Payments, stripe: Stripe) -> None:
    stripe.go_wrong("lost reply", 2)  # of the confirmation: the money has moved
    assert _charge(payments, new_order(), stripe.method()).state == "charged"


def test_a_refund_gives_everything_back_once(
    payments: Payments, provider: StripeProvider, stripe: Stripe
) -> None:
    order_id = new_order()
    payment = _charge(payments, order_id, stripe.method())
    for _ in range(2):
        assert payments.refund(order_id, NOW).state == "refunded"
        provider.refund(payment.charge_id)
    assert _given_back(provider, payment) == 9_000
    with pytest.raises(NotFound):
        provider.refund("pi_none")


def test_a_refund_whose_reply_is_lost_is_made_once(
    db: Database, payments: Payments, provider: StripeProvider, stripe: Stripe
) -> None:
    order_id = new_order()
    payment = _charge(payments, order_id, stripe.method())
    hasty = Payments(db, StripeProvider(db, SECRET_KEY, "pepper", stripe.url, retries=0))
    stripe.go_wrong("lost reply", 1)
    with pytest.raises(Unavailable):
        hasty.refund(order_id, NOW)
    assert payments.refund(order_id, NOW).state == "refunded"
    assert _given_back(provider, payment) == 9_000


def test_parts_are_given_back_once_each_and_never_more_than_was_paid(
    payments: Payments, provider: StripeProvider, stripe: Stripe
) -> None:
    order_id = new_order()
    payment = _charge(payments, order_id, stripe.method())
    assert payments.refund_part(order_id, 4_000, "ret_1", NOW)
    stripe.relay.kept.clear()  # Stripe forgets its keys after a day
    assert payments.refund_part(order_id, 4_000, "ret_1", NOW)
    assert _given_back(provider, payment) == 4_000
    assert not payments.refund_part(order_id, 5_001, "ret_2", NOW)
    assert payments.refund_part(order_id, 2_000, "ret_3", NOW)
    assert payments.refund(order_id, NOW).state == "refunded"  # what is left
    assert _given_back(provider, payment) == 9_000


def _given_back(provider: StripeProvider, payment: Payment) -> int:
    latest: Any = provider._intent(payment.charge_id).latest_charge
    return int(latest.amount_refunded)


def test_a_card_is_known_again_and_neither_it_nor_stripes_fingerprint_is_kept(
    db: Database, payments: Payments, stripe: Stripe
) -> None:
    prints = [
        _charge(payments, new_order(), stripe.method(n)).fingerprint
        for n in (VISA, VISA, MASTERCARD)
    ]
    assert prints[0] == prints[1] != prints[2]
    theirs = sha1(VISA.encode()).hexdigest()[:16]
    assert prints[0] == hmac.new(b"pepper", theirs.encode(), sha256).hexdigest()[:24]
    kept = str([list(db.scan(table)) for table in (CHARGES, PAYMENTS)])
    assert theirs not in kept
    assert VISA not in kept


def test_many_are_charged_side_by_side_and_what_is_not_plain_is_left(
    payments: Payments, stripe: Stripe
) -> None:
    plain, broke, asks = new_order(), new_order(), new_order()
    wanted = [
        (plain, 100, "EUR", stripe.method()),
        (broke, 100, "EUR", stripe.method(DECLINED)),
        (asks, 100, "EUR", stripe.method(ASKS_BANK)),
    ]
    assert set(payments.charge_all(wanted, NOW)) == {plain}
    assert payments.charge(*wanted[1], NOW).state == "declined"
    assert payments.charge(*wanted[2], NOW).state == "pending"


def test_a_wrong_key_of_ours_is_said_to_be_one(db: Database, stripe: Stripe) -> None:
    provider = StripeProvider(db, "not-a-key", "pepper", stripe.url)
    with pytest.raises(Misconfigured, match="does not know our key") as caught:
        provider.charge(f"{new_order()}/1", 100, "EUR", "pm_1")
    assert caught.value.field == "FAIRTICKET_STRIPE_SECRET_KEY"


def test_a_stripe_that_is_away_is_unavailable(db: Database) -> None:
    provider = StripeProvider(db, SECRET_KEY, "pepper", "http://127.0.0.1:9", retries=0)
    with pytest.raises(Unavailable, match="Stripe does not answer"):
        provider.charge(f"{new_order()}/1", 100, "EUR", "pm_1")


def signed(body: bytes, at_s: int, secret: str = WEBHOOK_SECRET) -> str:
    tag = hmac.new(secret.encode(), b"%d.%s" % (at_s, body), sha256).hexdigest()
    return f"t={at_s},v1={tag}"


EVENT = (
    b'{"id": "evt_1", "object": "event", "type": "payment_intent.succeeded", "data": '
    b'{"object": {"id": "pi_1", "object": "payment_intent", "metadata": {"order": "ord_1"}}}}'
)


def test_an_event_that_stripe_signed_names_its_order() -> None:
    now = int(time.time())
    assert order_of(EVENT, signed(EVENT, now), WEBHOOK_SECRET) == "ord_1"
    other = EVENT.replace(b"payment_intent.succeeded", b"customer.created")
    assert order_of(other, signed(other, now), WEBHOOK_SECRET) is None


BAD: dict[str, Callable[[int], tuple[bytes, str]]] = {
    "unsigned": lambda now: (EVENT, ""),
    "another secret": lambda now: (EVENT, signed(EVENT, now, "whsec_theirs")),
    "another body": lambda now: (EVENT.replace(b"ord_1", b"ord_2"), signed(EVENT, now)),
    "replayed too late": lambda now: (EVENT, signed(EVENT, now - 301)),
    "no JSON": lambda now: (b"{", signed(b"{", now)),
    "no signature at all": lambda now: (EVENT, "v1=,t="),
}


@pytest.mark.parametrize("bad", BAD)
def test_an_event_that_is_not_from_stripe_is_refused(bad: str) -> None:
    body, signature = BAD[bad](int(time.time()))
    with pytest.raises(Forbidden, match="not from Stripe"):
        order_of(body, signature, WEBHOOK_SECRET)
