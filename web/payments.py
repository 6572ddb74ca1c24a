"""Payments that take more than one step: confirmed with a bank, told by the provider's webhook."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from fairness.errors import NotFound
from web import order_service, payment_service
from web.access import Access, door
from web.answers import Accepted, Done, PaymentAnswer
from web.forms import again_on
from web.order_pages import one
from workers import steps
from workers.settings import settings

bp = Blueprint("payments", __name__)
api = Blueprint("payments_api", __name__, url_prefix="/api/v1")
hooks = Blueprint("payment_hooks", __name__)


@bp.post("/orders/<id:order_id>/payment")
@door(Access.FAN)
@again_on(one)
def go_on(order_id: str) -> ResponseReturnValue:
    """Go on when the fan was at their bank: ask what it said."""
    order = order_service.find(order_id).order
    payment_service.look(order_id)
    return redirect(f"/orders/{order_id}?paid_at={order.changed_us if order else 0}", 303)


@api.get("/orders/<id:order_id>/payment")
@door(Access.FAN, answer=PaymentAnswer)
def see(order_id: str) -> ResponseReturnValue:
    """Give how the payment of one of my orders stands, and what my browser needs for it."""
    return dict(payment_service.document(order_id))


@api.post("/orders/<id:order_id>/payment/look")
@door(Access.FAN, answer=Accepted, status=202)
def look(order_id: str) -> ResponseReturnValue:
    """Have the provider asked again, after the fan confirmed the payment with their bank."""
    return dict(payment_service.look(order_id))


@hooks.post("/webhooks/stripe")
@door(Access.PUBLIC, answer=Done)
def stripe() -> ResponseReturnValue:
    """Take an event that Stripe signed. It only says when to ask; twice or late does no harm."""
    if not payment_service.by_stripe():
        raise NotFound("payments do not go through Stripe here", field="path")
    # Here, because its SDK takes half a second to load, and other deployments have no use for it.
    from boxoffice.payments.stripe_provider import order_of

    signature = request.headers.get("Stripe-Signature", "")
    order_id = order_of(request.get_data(), signature, settings().stripe_webhook_secret)
    if order_id:
        steps.send(steps.LOOK_AT_PAYMENT, order_id)
    return {"done": True}
