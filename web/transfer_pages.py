"""The pages of tickets that are passed on: the sender's link, the friend's answer, the rules."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.transfers.model import Transfer
from web import (
    aftersale_pages,
    facts,
    gate_service,
    order_pages,
    organiser_service,
    reading,
    services,
    transfer_service,
)
from web.access import Access, door
from web.forms import again_on
from web.transfer_service import NewTransfer, NewTransferRules

bp = Blueprint("transfer_pages", __name__)


@bp.app_context_processor
def helpers() -> dict[str, object]:
    """Give the pages of orders what they show about friends; they ask only where it is shown."""
    return {
        "may_pass_on": transfer_service.may_pass_on,
        "offer_stands": transfer_service.stands,
        "transfers_of": transfer_service.of_order,
        "transfer_rules": transfer_service.rules,
    }


@bp.post("/orders/<id:order_id>/transfer")
@door(Access.FAN)
@again_on(order_pages.one)
def offer(order_id: str) -> ResponseReturnValue:
    """Show the link for the friend: here and once, because it is kept nowhere."""
    offered = transfer_service.offer(order_id, reading.form(NewTransfer))
    return render_template("transfer_link.html", offered=offered, **_about(offered.transfer))


@bp.post("/orders/<id:order_id>/transfer/<id:ticket_id>/withdraw")
@door(Access.FAN)
@again_on(order_pages.one)
def withdraw(order_id: str, ticket_id: str) -> ResponseReturnValue:
    """Take an offer back."""
    transfer_service.withdraw(ticket_id)
    return redirect(f"/orders/{order_id}", 303)


@bp.get("/transfers/<id:ticket_id>/<id:token>")
@door(Access.FAN)
def answer(ticket_id: str, token: str) -> ResponseReturnValue:
    """Show a friend what they are offered."""
    found = transfer_service.look(ticket_id, token)
    if found.state == "accepted":
        return redirect(f"/orders/{found.to_order}", 303)
    sender = services.accounts().get(found.from_account).name
    return render_template("transfer.html", transfer=found, sender=sender, **_about(found))


@bp.post("/transfers/<id:ticket_id>/<id:token>")
@door(Access.FAN)
@again_on(answer)
def accept(ticket_id: str, token: str) -> ResponseReturnValue:
    """Make the ticket the reader's."""
    return redirect(f"/orders/{transfer_service.accept(ticket_id, token).order_id}", 303)


@bp.post("/organiser/sales/<id:sale_id>/transfers")
@door(Access.ORGANISER)
@again_on(aftersale_pages.orders)
def set_rules(sale_id: str) -> ResponseReturnValue:
    """Set whether tickets may be passed on."""
    organiser_service.own_sale(sale_id)
    fields = {"mode": request.form.get("pass_on", ""), "until": request.form.get("pass_until")}
    body = reading.checked(NewTransferRules, {k: v for k, v in fields.items() if v})
    transfer_service.set_rules(sale_id, body)
    return redirect(f"/organiser/sales/{sale_id}/orders#transfers", 303)


def _about(transfer: Transfer) -> dict[str, object]:
    known = facts.of_public_sale(transfer.sale_id)
    return {"known": known, "seat": gate_service.seat_words(known.plan(), transfer.seat_id)}
