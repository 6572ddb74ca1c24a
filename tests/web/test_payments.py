"""Paying through Stripe: the page, the API, and the events that Stripe sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from boxoffice.orders.model import Order
from boxoffice.sales.model import Sale
from tests import localstripe
from tests.engines import wait_until
from tests.localstripe import ASKS_BANK, Stripe
from tests.web.site import CARD, Person, hold, pay
from tests.workers import stage
from web.security import CONTENT_POLICY
from workers import clients, orders, steps


@pytest.fixture
def site(site: stage.Mailbox, stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> stage.Mailbox:
    through_stripe(stripe, monkeypatch)
    return site


def through_stripe(stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Stripe take the payments of this process's deployment."""
    settings = {
        "PAYMENT_PROVIDER": "stripe",
        "STRIPE_SECRET_KEY": localstripe.SECRET_KEY,
        "STRIPE_PUBLISHABLE_KEY": localstripe.PUBLISHABLE_KEY,
        "STRIPE_WEBHOOK_SECRET": localstripe.WEBHOOK_SECRET,
        "STRIPE_URL": stripe.url,
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"FAIRTICKET_{name}", value)
    stage.forget()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The orders about which a worker was asked to look at the payment."""
    asked: list[str] = []

    def send(step: str, *args: Any) -> None:
        if step == steps.LOOK_AT_PAYMENT:
            asked.append(args[0])

    monkeypatch.setattr(steps, "send", send)
    return asked


@pytest.fixture
def order_id(sale: Sale, fan: Person) -> str:
    hold(sale, fan, "ord_mine", "A-1")
    return "ord_mine"


def order(order_id: str) -> Order:
    found = clients.orders().find(order_id)
    assert found
    return found


class Events:
    """What Stripe sent to our webhook, as it came."""

    def __init__(self) -> None:
        self.got: list[tuple[bytes, str]] = []

    def take(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        self.got.append((body, headers["Stripe-Signature"]))
        return 200, b"{}"

    def about(self, order_id: str) -> list[tuple[bytes, str]]:
        return [one for one in self.got if order_id.encode() in one[0]]


@pytest.fixture
def events(stripe: Stripe) -> Iterator[Events]:
    events = Events()
    with localstripe.listening(events.take) as url:
        hook = {"url": f"{url}/", "secret": localstripe.WEBHOOK_SECRET}
        localstripe.post(stripe.server, "/_config/webhooks/ours", hook)
        yield events


def deliver(app: Flask, event: tuple[bytes, str]) -> int:
    headers = {"Stripe-Signature": event[1], "Content-Type": "application/json"}
    return app.test_client().post("/webhooks/stripe", data=event[0], headers=headers).status_code


def test_an_event_of_stripes_pays_the_order_once_however_often_it_comes(
    app: Flask, order_id: str, stripe: Stripe, events: Events, sent: list[str]
) -> None:
    clients.orders().pay(order_id, stripe.method(ASKS_BANK), order(order_id).created_us)
    stripe.authenticate(clients.payments().confirmation(order_id))
    wait_until(lambda: events.about(order_id), what="Stripe's event")
    (event,) = events.about(order_id)
    assert [deliver(app, event), deliver(app, event)] == [200, 200]
    assert sent == [order_id] * 2
    for one in sent:
        orders.look_at_payment(one)
    assert order(order_id).state == "paid"

    body, signature = event
    assert deliver(app, (body.replace(b"succeeded", b"canceled", 1), signature)) == 403
    assert deliver(app, (body, "t=1,v1=00")) == 403
    assert sent == [order_id] * 2


def test_the_page_lets_stripe_read_the_card_and_nobody_else_in(
    fan: Person, order_id: str, stripe: Stripe
) -> None:
    answer = fan.browser().get(f"/orders/{order_id}")
    assert b"https://js.stripe.com/v3/" in answer.data
    assert b'data-amount="7500" data-currency="eur"' in answer.data
    assert b'name="number"' not in answer.data
    assert b"please turn it on for this page" in answer.data
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self' https://js.stripe.com https://*.js.stripe.com;" in policy
    assert "frame-src https://js.stripe.com" in policy
    assert localstripe.SECRET_KEY.encode() not in answer.data
    other = fan.browser().get("/orders").headers["Content-Security-Policy"]
    assert other == CONTENT_POLICY


def test_a_card_number_is_refused_and_a_payment_method_taken(
    fan: Person, order_id: str, stripe: Stripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/v1/orders/{order_id}/payment"
    refused = fan.call("POST", path, {"card": CARD})
    assert (refused.status_code, refused.json["field"]) == (422, "card")  # type: ignore[index]
    assert "4242" not in refused.text
    empty = fan.call("POST", path, {})
    assert (empty.status_code, empty.json["field"]) == (422, "payment_method")  # type: ignore[index]
    asked: list[Any] = []
    monkeypatch.setattr("workers.lanes.pay", lambda *args: asked.append(args) or 100)
    method = stripe.method()
    assert fan.call("POST", path, {"payment_method": method}).status_code == 202
    assert asked[0][1:] == (order_id, method)


def test_a_fan_whose_bank_asks_confirms_on_the_page_and_goes_on(
    fan: Person, order_id: str, stripe: Stripe, sent: list[str]
) -> None:
    pay(order_id, stripe.method(ASKS_BANK))
    page = fan.browser().get(f"/orders/{order_id}").text
    told: Any = fan.call("GET", f"/api/v1/orders/{order_id}/payment").json
    assert told["state"] == "pending"
    assert told["client_secret"] in page
    assert "Your bank asks you to confirm" in page
    stripe.authenticate(told["client_secret"])
    assert fan.call("POST", f"/api/v1/orders/{order_id}/payment/look").status_code == 202
    orders.look_at_payment(*sent)
    assert "Enjoy the show" in fan.browser().get(f"/orders/{order_id}").text
    told = fan.call("GET", f"/api/v1/orders/{order_id}/payment").json
    assert (told["state"], told["client_secret"]) == ("charged", None)


def test_the_payment_of_another_fan_is_nobodys_business(
    other: Person, order_id: str, sent: list[str]
) -> None:
    for method, path in (("GET", "payment"), ("POST", "payment/look")):
        answer = other.call(method, f"/api/v1/orders/{order_id}/{path}")
        assert answer.status_code == 403
    assert not sent


def test_screening_learns_that_two_fans_have_one_card(
    sale: Sale, fan: Person, other: Person, stripe: Stripe
) -> None:
    for number, person in enumerate((fan, other), 1):
        hold(sale, person, f"ord_{number}", f"A-{number}")
        pay(f"ord_{number}", stripe.method())
    cards = [clients.accounts().get(p.account.account_id).cards for p in (fan, other)]
    assert cards[0] == cards[1] != ()
