"""The API of tickets that are passed on to friends. No body has a price."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web import transfer_service
from web.access import Access, door
from web.transfer_service import (
    Acceptance,
    AcceptedAnswer,
    NewTransfer,
    NewTransferRules,
    OfferAnswer,
    TransferAnswer,
    TransferRulesAnswer,
)

bp = Blueprint("transfers", __name__, url_prefix="/api/v1")


@bp.get("/sales/<id:sale_id>/transfers")
@door(Access.FAN, answer=TransferRulesAnswer)
def see_rules(sale_id: str) -> ResponseReturnValue:
    """Give whether tickets of a sale may be passed on, and until when."""
    return dict(transfer_service.rules_document(transfer_service.rules(sale_id)))


@bp.put("/organiser/sales/<id:sale_id>/transfers")
@door(Access.ORGANISER, body=NewTransferRules, answer=TransferRulesAnswer)
def set_rules(sale_id: str, body: NewTransferRules) -> ResponseReturnValue:
    """Set whether tickets may be passed on, and until when. It is logged."""
    return dict(transfer_service.rules_document(transfer_service.set_rules(sale_id, body)))


@bp.get("/orders/<id:order_id>/transfers")
@door(Access.FAN, answer=list[TransferAnswer])
def see_transfers(order_id: str) -> ResponseReturnValue:
    """Give what became of the tickets of my order that I offered to friends."""
    return [dict(transfer_service.document(o)) for o in transfer_service.of_order(order_id)]


@bp.post("/orders/<id:order_id>/transfers")
@door(Access.FAN, body=NewTransfer, answer=OfferAnswer, status=201)
def offer(order_id: str, body: NewTransfer) -> ResponseReturnValue:
    """Offer a ticket of my order to a friend. The link is told once; a new offer ends the old."""
    return dict(transfer_service.offer_document(transfer_service.offer(order_id, body)))


@bp.delete("/tickets/<id:ticket_id>/transfer")
@door(Access.FAN, answer=TransferAnswer)
def withdraw(ticket_id: str) -> ResponseReturnValue:
    """Take an offer back that my friend has not accepted."""
    return dict(transfer_service.document(transfer_service.withdraw(ticket_id)))


@bp.post("/tickets/<id:ticket_id>/transfer/acceptance")
@door(Access.FAN, body=Acceptance, answer=AcceptedAnswer)
def accept(ticket_id: str, body: Acceptance) -> ResponseReturnValue:
    """Accept a ticket that a friend offers me. It counts for my limit; twice is once."""
    order = transfer_service.accept(ticket_id, body.token)
    return {"order_id": order.order_id, "seats": order.seat_ids}
