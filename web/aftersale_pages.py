"""The pages of what comes after: giving seats back, the waiting list, the organiser's orders."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.resales.model import BOUGHT, LONGEST
from web import aftersale_service, facts, order_pages, organiser_service, reading, resale_service
from web.access import Access, door
from web.aftersale_documents import (
    STATES,
    CalledOff,
    GivenBack,
    NewReturnRules,
    NewWish,
    SaleOrdersQuery,
)
from web.forms import again_on

bp = Blueprint("aftersale_pages", __name__)
MOST = 100  # orders shown on one page


@bp.post("/orders/<id:order_id>/return")
@door(Access.FAN)
@again_on(order_pages.one)
def give_back(order_id: str) -> ResponseReturnValue:
    """Give the seats that were ticked back."""
    body = reading.checked(GivenBack, {"seats": request.form.getlist("seats")})
    aftersale_service.give_back(order_id, body.seats)
    return redirect(f"/orders/{order_id}", 303)


@bp.get("/sales/<id:sale_id>/waiting-list")
@door(Access.FAN)
def waiting_list(sale_id: str) -> ResponseReturnValue:
    """Show what the reader waits for, or the form to be put down."""
    known = facts.of_public_sale(sale_id)
    return render_template(
        "waiting_list.html",
        known=known,
        sale=known.sale,
        standing=aftersale_service.standing(sale_id),
        left=aftersale_service.left(sale_id, ()),
        rules=aftersale_service.rules(sale_id),
        limit=known.sale.manifest.limit_per_person,
    )


@bp.post("/sales/<id:sale_id>/waiting-list")
@door(Access.FAN)
@again_on(waiting_list)
def put_down(sale_id: str) -> ResponseReturnValue:
    """Put the reader on the waiting list."""
    fields = {"count": request.form.get("count", ""), "tiers": request.form.getlist("tiers")}
    aftersale_service.put_down(sale_id, reading.checked(NewWish, fields))
    return redirect(f"/sales/{sale_id}/waiting-list", 303)


@bp.post("/sales/<id:sale_id>/waiting-list/leave")
@door(Access.FAN)
@again_on(waiting_list)
def leave(sale_id: str) -> ResponseReturnValue:
    """Take the reader off the waiting list."""
    aftersale_service.leave(sale_id)
    return redirect(f"/sales/{sale_id}/waiting-list", 303)


@bp.get("/organiser/sales/<id:sale_id>/orders")
@door(Access.ORGANISER, query=SaleOrdersQuery)
def orders(sale_id: str, query: SaleOrdersQuery | None = None) -> ResponseReturnValue:
    """Show the orders of a sale, found by words and state, and the rules of returns."""
    query = query or SaleOrdersQuery()
    organiser_service.own_sale(sale_id)
    state = aftersale_service.checked_state(query.state)
    found = aftersale_service.orders_of(sale_id, query.q, state)
    known = facts.of_sale(sale_id)
    return render_template(
        "organiser/orders.html",
        known=known,
        sale=known.sale,
        orders=found[:MOST],
        count=len(found),
        states=(*STATES, "partly"),
        query=query,
        reports=resale_service.standing(sale_id),
        bought=BOUGHT,
        longest=LONGEST,
        rules=aftersale_service.rules(sale_id),
    )


@bp.post("/organiser/sales/<id:sale_id>/returns")
@door(Access.ORGANISER)
@again_on(orders)
def set_rules(sale_id: str) -> ResponseReturnValue:
    """Set when tickets are taken back."""
    organiser_service.own_sale(sale_id)
    form = request.form
    fields: dict[str, object] = {"mode": form.get("mode", ""), "until": form.get("until") or None}
    fields |= {"fee_cents": _minor(form.get("fee", "")), "offer_s": _hours(form.get("hours", ""))}
    aftersale_service.set_rules(sale_id, reading.checked(NewReturnRules, fields))
    return redirect(f"/organiser/sales/{sale_id}/orders#returns", 303)


def _minor(typed: str) -> object:
    """Return an amount typed as 5 or 5.00 in minor units; as it is when it is no number."""
    try:
        return round(float(typed.strip().replace(",", ".") or 0) * 100)
    except (ValueError, OverflowError):
        return typed


def _hours(typed: str) -> object:
    try:
        return round(float(typed.strip() or 2) * 3_600)
    except (ValueError, OverflowError):
        return typed


@bp.post("/organiser/sales/<id:sale_id>/orders/<id:order_id>/call-off")
@door(Access.ORGANISER)
@again_on(orders)
def call_off(sale_id: str, order_id: str) -> ResponseReturnValue:
    """Call an order off, with the reason that the fan reads."""
    organiser_service.own_sale(sale_id)
    aftersale_service.call_off(order_id, reading.form(CalledOff).reason)
    return redirect(f"/organiser/sales/{sale_id}/orders", 303)
