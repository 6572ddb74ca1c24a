"""My orders, one order from hold to tickets, and a ticket."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from boxoffice.orders import extending
from boxoffice.orders.model import Order
from boxoffice.tickets.model import Ticket
from fairness.clock import SECOND, now_us
from fairness.errors import Conflict, NotFound
from web import (
    aftersale_service,
    auth,
    bodies,
    facts,
    gate_service,
    order_service,
    payment_service,
    reading,
    services,
    views,
)
from web.access import Access, door
from web.forms import again_on
from web.texts import _
from workers import clients

bp = Blueprint("orders", __name__)


@bp.get("/orders")
@door(Access.FAN, query=bodies.OrderQuery)
def mine(query: bodies.OrderQuery) -> ResponseReturnValue:
    """Show my orders, found by words."""
    found = order_service.mine(query.q, query.state)
    me = auth.caller().account_id
    contact = clients.contacts().get_many([me]).get(me)
    away = contact is not None and contact.unreachable_us > 0
    return render_template("orders.html", orders=found, query=query, unreachable=away)


@bp.get("/orders/<id:order_id>")
@door(Access.FAN)
def one(order_id: str) -> ResponseReturnValue:
    """Show one order: on its way, held, paid, or why not."""
    found = order_service.find(order_id)
    order = found.order
    paid = order if order is not None and order.state == "paid" else None
    tickets = services.tickets().of_order(paid) if paid else []
    known = facts.of_sale(order.sale_id) if order else None
    return render_template(
        "order.html",
        found=found,
        order=order,
        known=known,
        names=_names(known, order),
        again=known is not None and known.has_line,
        tickets=[(ticket, _qr(ticket)) for ticket in tickets if ticket.state == "valid"],
        rules=aftersale_service.may_return(order),
        returns=services.returns().of_order(order_id) if order and order.returned else [],
        step_s=_step_s(known, order),
        paying=order is not None and _is_paying(order),
        **payment_service.on_page(order),
    )


@bp.post("/orders/<id:order_id>/pay")
@door(Access.FAN)
@again_on(one)
def pay(order_id: str) -> ResponseReturnValue:
    """Pay a held order by card."""
    order = order_service.find(order_id).order
    order_service.pay(order_id, payment_service.token_of_form())
    return redirect(f"/orders/{order_id}?paid_at={order.changed_us if order else 0}", 303)


@bp.get("/orders/<id:order_id>/receipt")
@door(Access.FAN)
def receipt(order_id: str) -> ResponseReturnValue:
    """Show what was paid for an order, and what went back, to print."""
    order = order_service.find(order_id).order
    payment = services.payments().of_order(order_id)
    if order is None or payment is None or payment.state not in ("charged", "refunded"):
        raise NotFound("this order has no payment", field="order_id", value=order_id)
    known = facts.of_sale(order.sale_id)
    returns = services.returns().of_order(order_id) if order.returned else []
    return render_template(
        "payment.html",
        order=order,
        payment=payment,
        known=known,
        names=_names(known, order),
        name=services.accounts().get(order.account_id).name,
        seats=(*order.seats, *order.returned),
        sent=[one for one in returns if one.state == "refunded" and one.refund_cents],
    )


@bp.post("/orders/<id:order_id>/extension")
@door(Access.FAN)
@again_on(one)
def extend(order_id: str) -> ResponseReturnValue:
    """Give the hold more time."""
    order_service.extend(order_id, reading.form(bodies.Extension).n)
    return redirect(f"/orders/{order_id}", 303)


@bp.post("/orders/<id:order_id>/cancel")
@door(Access.FAN)
@again_on(one)
def cancel(order_id: str) -> ResponseReturnValue:
    """Give the held seats back."""
    order_service.cancel(order_id)
    return redirect(f"/orders/{order_id}", 303)


@bp.get("/tickets/<id:ticket_id>")
@door(Access.FAN)
def ticket(ticket_id: str) -> ResponseReturnValue:
    """Show one ticket with its code."""
    found = order_service.my_ticket(ticket_id)
    known = facts.of_sale(found.sale_id)
    return render_template(
        "ticket.html",
        ticket=found,
        valid=found.state == "valid",
        qr=_qr(found),
        code=services.tickets().codes_from(found, now_us())[0],
        holder=services.accounts().get(found.account_id).name,
        printable=services.gates().rules(found.performance_id).printed,
        known=known,
        seat=known.plan().by_id.get(found.seat_id),
    )


@bp.get("/tickets/<id:ticket_id>/ticket.pdf")
@door(Access.FAN)
def print_ticket(ticket_id: str) -> ResponseReturnValue:
    """Give the ticket to print, where the organiser accepts paper."""
    found = order_service.my_ticket(ticket_id)
    if found.state != "valid":
        raise Conflict("this ticket is not valid any more", field="ticket_id", value=ticket_id)
    gate_service.may_print(found.performance_id)
    known = facts.of_sale(found.sale_id)
    when = datetime.fromtimestamp(known.performance.starts_at_us / SECOND, UTC)
    lines = [
        known.event.title,
        f"{known.venue.name}, {known.venue.city}",
        f"{when:%A} {when.day} {when:%B %Y, %H:%M} UTC",
        gate_service.seat_words(known.plan(), found.seat_id),
        services.accounts().get(found.account_id).name,
        f"{found.tier} · {views.money(found.cents, found.currency)}",
        f"{_('Order')} {found.order_id}",
        _("Whoever comes first with this code gets in: keep it to yourself."),
    ]
    name = {"Content-Disposition": f'attachment; filename="{ticket_id}.pdf"'}
    content = services.tickets().pdf(found, lines)
    return Response(content, content_type="application/pdf", headers=name)


def _step_s(known: facts.Facts | None, order: Order | None) -> int:
    """Return how many seconds an extension of this order gives; 0: there is none."""
    if known is None or order is None or not order_service.extensions_left(order):
        return 0
    return extending.step_us(known.sale.manifest.hold_us) // SECOND


def _is_paying(order: Order) -> bool:
    """Say whether a payment was sent and the order has not changed since."""
    return order.state == "held" and request.args.get("paid_at") == str(order.changed_us)


def _names(known: facts.Facts | None, order: Order | None) -> dict[str, str]:
    """Return what people call the seats of an order, and those that others were faster with."""
    if known is None or order is None:
        return {}
    wanted = [
        *order.seat_ids,
        *(s.seat_id for s in (*order.returned, *order.passed_on)),
        *(order.problem or {}).get("seats", ()),
    ]
    seats = known.plan().by_id
    return {
        seat_id: _("{zone}, row {row}, seat {number}", zone=s.zone, row=s.row, number=s.number)
        for seat_id in wanted
        if (s := seats.get(seat_id))
    }


def _qr(ticket: Ticket) -> Markup:
    tickets = services.tickets()
    code = tickets.codes_from(ticket, now_us())[0]
    return Markup(tickets.svg(code))  # noqa: S704 - made by us, nothing typed in it
