"""The API of what comes after: returns, the waiting list, the organiser's orders."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from web import aftersale_export, aftersale_service, order_service
from web.access import Access, door
from web.aftersale_documents import (
    CalledOff,
    GivenBack,
    NewReturnRules,
    NewWish,
    ReturnsAnswer,
    RulesAnswer,
    SaleOrdersQuery,
    WishAnswer,
)
from web.answers import Done, OrderAnswer

bp = Blueprint("aftersale", __name__, url_prefix="/api/v1")
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


@bp.get("/orders/<id:order_id>/returns")
@door(Access.FAN, answer=ReturnsAnswer)
def see_returns(order_id: str) -> ResponseReturnValue:
    """Give what came back of my order, and what became of the money."""
    order = aftersale_service.my_order(order_id)
    return dict(aftersale_service.returns_document(order, aftersale_service.returns_of(order_id)))


@bp.post("/orders/<id:order_id>/returns")
@door(Access.FAN, body=GivenBack, answer=ReturnsAnswer)
def give_back(order_id: str, body: GivenBack) -> ResponseReturnValue:
    """Give seats of my order back at their price. The same request again changes nothing."""
    order = aftersale_service.give_back(order_id, body.seats)
    return dict(aftersale_service.returns_document(order, aftersale_service.returns_of(order_id)))


@bp.get("/sales/<id:sale_id>/returns")
@door(Access.FAN, answer=RulesAnswer)
def see_rules(sale_id: str) -> ResponseReturnValue:
    """Give when tickets of a sale are taken back, and when their money goes back."""
    return dict(aftersale_service.rules_document(aftersale_service.rules(sale_id)))


@bp.get("/sales/<id:sale_id>/wish")
@door(Access.FAN, answer=WishAnswer)
def see_wish(sale_id: str) -> ResponseReturnValue:
    """Give what I wait for on the waiting list, and how many wait before me."""
    return dict(aftersale_service.wish_document(aftersale_service.standing(sale_id)))


@bp.put("/sales/<id:sale_id>/wish")
@door(Access.FAN, body=NewWish, answer=WishAnswer)
def put_down(sale_id: str, body: NewWish) -> ResponseReturnValue:
    """Put me on the waiting list of a sale that is sold out, or change what I wait for."""
    aftersale_service.put_down(sale_id, body)
    return dict(aftersale_service.wish_document(aftersale_service.standing(sale_id)))


@bp.delete("/sales/<id:sale_id>/wish")
@door(Access.FAN, answer=Done)
def leave(sale_id: str) -> ResponseReturnValue:
    """Take me off the waiting list."""
    aftersale_service.leave(sale_id)
    return {"done": True}


@bp.put("/organiser/sales/<id:sale_id>/returns")
@door(Access.ORGANISER, body=NewReturnRules, answer=RulesAnswer)
def set_rules(sale_id: str, body: NewReturnRules) -> ResponseReturnValue:
    """Set when tickets are taken back, until when, and the fee. It is logged."""
    return dict(aftersale_service.rules_document(aftersale_service.set_rules(sale_id, body)))


@bp.post("/organiser/orders/<id:order_id>/call-off")
@door(Access.ORGANISER, body=CalledOff, answer=OrderAnswer)
def call_off(order_id: str, body: CalledOff) -> ResponseReturnValue:
    """Call a paid order off with a reason: its tickets die, all of its money goes back."""
    order = aftersale_service.call_off(order_id, body.reason)
    return dict(order_service.document(order_service.Found(order_id, order)))


@bp.get("/organiser/sales/<id:sale_id>/orders/export")
@door(Access.ORGANISER, query=SaleOrdersQuery)
def export(sale_id: str, query: SaleOrdersQuery) -> ResponseReturnValue:
    """Give the sale's orders as a CSV or JSON file, found by words and state."""
    state = aftersale_service.checked_state(query.state)
    orders = aftersale_service.orders_of(sale_id, query.q, state)
    body = aftersale_export.export(orders, query.format)
    response = Response(body, content_type=TYPES[query.format])
    name = f"orders-{sale_id}.{query.format}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
