"""How fans pay: what a page and the API need for it, with the provider of this deployment."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from flask import g

from boxoffice.orders.model import Order
from boxoffice.payments.amounts import stripe_amount
from boxoffice.payments.model import Card
from fairness.errors import FairTicketError, Invalid
from web import bodies, order_service, reading
from web.answers import Accepted, PaymentAnswer
from workers import clients, steps
from workers.payment_keys import STRIPE
from workers.settings import settings

SOON_MS = 500  # the provider is asked meanwhile


def by_stripe() -> bool:
    """Return whether Stripe takes the payments of this deployment."""
    return settings().payment_provider == STRIPE


def token_of(body: bodies.Payment) -> str:
    """Return the token of what a caller pays with; Invalid when it is not what is taken here."""
    if by_stripe():
        if body.payment_method and not body.card:
            return body.payment_method
        raise Invalid(
            "this is paid with a payment method of Stripe",
            field="card" if body.card else "payment_method",
            rule="payment_method: what Stripe made of the card in the browser (pm_…), no card",
            remedy="make one with the publishable key from the order's payment",
        )
    if body.card and not body.payment_method:
        return token_of_card(body.card)
    raise Invalid(
        "this is paid with a card of the test provider",
        field="payment_method" if body.payment_method else "card",
        rule="card: number, expiry and cvc, and no payment method",
        remedy="send card",
    )


def token_of_card(card: bodies.Card) -> str:
    """Return the test provider's token of a card; Invalid names what is wrong with it."""
    expiry = re.sub(" ", "", card.expiry)
    return clients.payments().tokenise(Card(card.number, expiry, card.cvc))


def token_of_form() -> str:
    """Return the token of what the form on the page says; Invalid names the field."""
    if by_stripe():
        return reading.form(bodies.PaymentForm).payment_method
    return token_of_card(reading.form(bodies.Card))


def on_page(order: Order | None) -> dict[str, Any]:
    """Return what the page of an order needs for paying, and let the page load Stripe's script."""
    if not by_stripe() or order is None or order.state != "held":
        return {"test_cards": not by_stripe()}
    g.loads_stripe = True
    secret = ""
    if (order.problem or {}).get("error") == "ConfirmPayment":
        with suppress(FairTicketError):  # without it the page still offers another card
            secret = clients.payments().confirmation(order.order_id)
    return {
        "test_cards": False,
        "stripe_key": settings().stripe_publishable_key,
        "stripe_amount": stripe_amount(order.total_cents, order.currency),
        "client_secret": secret,
    }


def look(order_id: str) -> Accepted:
    """Have the provider asked what became of the payment of an order of the caller's."""
    found = order_service.find(order_id)
    steps.send(steps.LOOK_AT_PAYMENT, order_id)
    return {"order_id": order_id, "state": found.state, "look_again_ms": SOON_MS}


def document(order_id: str) -> PaymentAnswer:
    """Return how the payment of an order of the caller's stands."""
    order_service.find(order_id)
    payments = clients.payments()
    payment = payments.of_order(order_id)
    return {
        "order_id": order_id,
        "state": payment.state if payment else "none",
        "reason": payment.reason if payment else "",
        "provider": settings().payment_provider,
        "publishable_key": settings().stripe_publishable_key or None,
        "client_secret": payments.confirmation(order_id) or None,
    }
