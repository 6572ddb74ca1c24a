"""My orders, one order from hold to tickets, and a ticket."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from boxoffice.orders.model import Order
from boxoffice.tickets.model import Ticket
from web import bodies, facts, order_service, reading, services
from web.access import Access, door
from web.forms import again_on
from web.texts import _
from workers.settings import settings

bp = Blueprint("orders", __name__)


@bp.get("/orders")
@door(Access.FAN, query=bodies.OrderQuery)
def mine(query: bodies.OrderQuery) -> ResponseReturnValue:
    """Show my orders, found by words."""
    return render_template("orders.html", orders=order_service.mine(query.q), query=query)


@bp.get("/orders/<id:order_id>")
@door(Access.FAN)
def one(order_id: str) -> ResponseReturnValue:
    """Show one order: on its way, held, paid, or why not."""
    found = order_service.find(order_id)
    order = found.order
    paid = order is not None and order.state == "paid"
    tickets = services.tickets().of_order(order_id) if paid else []
    known = facts.of_sale(order.sale_id) if order else None
    return render_template(
        "order.html",
        found=found,
        order=order,
        known=known,
        names=_names(known, order),
        again=known is not None and known.has_line,
        tickets=[(ticket, _qr(ticket)) for ticket in tickets],
        paying=order is not None and _is_paying(order),
        test_cards=settings().dynamodb_endpoint is not None,
    )


@bp.post("/orders/<id:order_id>/pay")
@door(Access.FAN)
@again_on(one)
def pay(order_id: str) -> ResponseReturnValue:
    """Pay a held order by card."""
    order = order_service.find(order_id).order
    order_service.pay(order_id, reading.form(bodies.Card))
    return redirect(f"/orders/{order_id}?paid_at={order.changed_us if order else 0}", 303)


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
        qr=_qr(found),
        code=services.tickets().code(found),
        known=known,
        seat=known.plan().by_id.get(found.seat_id),
    )


def _is_paying(order: Order) -> bool:
    """Say whether a payment was sent and the order has not changed since."""
    return order.state == "held" and request.args.get("paid_at") == str(order.changed_us)


def _names(known: facts.Facts | None, order: Order | None) -> dict[str, str]:
    """Return what people call the seats of an order, and those that others were faster with."""
    if known is None or order is None:
        return {}
    wanted = [*order.seat_ids, *(order.problem or {}).get("seats", ())]
    seats = known.plan().by_id
    return {
        seat_id: _("{zone}, row {row}, seat {number}", zone=s.zone, row=s.row, number=s.number)
        for seat_id in wanted
        if (s := seats.get(seat_id))
    }


def _qr(ticket: Ticket) -> Markup:
    return Markup(services.tickets().svg(ticket))  # noqa: S704 - made by us, nothing typed in it
