"""The API of the box office: accounts, events, seats, orders, tickets."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify
from flask.typing import ResponseReturnValue

from web import (
    accounts_service,
    auth,
    bodies,
    events_service,
    idempotency,
    leaving_service,
    order_service,
    payment_service,
    seats_service,
)
from web.access import Access, door
from web.answers import (
    Accepted,
    CodesAnswer,
    Done,
    EventAnswer,
    EventsAnswer,
    Made,
    OrderAnswer,
    OrdersAnswer,
    SaleAnswer,
    SeatsAnswer,
    TicketAnswer,
    Token,
)

bp = Blueprint("boxoffice", __name__, url_prefix="/api/v1")


@bp.post("/accounts")
@door(Access.PUBLIC, body=bodies.SignUp, answer=Made, status=201)
def sign_up(body: bodies.SignUp) -> ResponseReturnValue:
    """Make an account."""
    return {"id": accounts_service.sign_up(body).account_id}


@bp.post("/sessions")
@door(Access.PUBLIC, body=bodies.SignIn, answer=Token, status=201)
def sign_in(body: bodies.SignIn) -> ResponseReturnValue:
    """Sign in: gives the bearer token. An account that was to be removed stays."""
    account = accounts_service.sign_in(body)
    leaving_service.welcome_back(account)
    token = auth.issue(account.account_id, account.role, auth.device_id())
    response = jsonify(token=token, account_id=account.account_id, role=account.role)
    response.status_code = 201
    return response


@bp.get("/events")
@door(Access.PUBLIC, query=bodies.EventQuery, answer=EventsAnswer)
def find_events(query: bodies.EventQuery) -> ResponseReturnValue:
    """Find events by words, city and date."""
    return {"events": [events_service.document(hit) for hit in events_service.find(query)]}


@bp.get("/events/<id:event_id>")
@door(Access.PUBLIC, answer=EventAnswer)
def see_event(event_id: str) -> ResponseReturnValue:
    """Give one event with its dates and sales."""
    return dict(events_service.document(events_service.one(event_id)))


@bp.get("/events/<id:event_id>/also-like")
@door(Access.PUBLIC, answer=EventsAnswer)
def also_like(event_id: str) -> ResponseReturnValue:
    """Give events that someone who likes this one may like."""
    return {"events": [events_service.document(h) for h in events_service.also_like(event_id)]}


@bp.get("/sales/<id:sale_id>")
@door(Access.PUBLIC, answer=SaleAnswer)
def see_sale(sale_id: str) -> ResponseReturnValue:
    """Give a sale: its window, full prices, limits, and the rules it promised."""
    return dict(seats_service.sale_document(sale_id))


@bp.get("/sales/<id:sale_id>/seats")
@door(Access.PUBLIC, answer=SeatsAnswer)
def see_seats(sale_id: str) -> ResponseReturnValue:
    """Give every seat with its price and whether it can be had; at most a second old."""
    response = Response(seats_service.seats_json(sale_id), content_type="application/json")
    response.headers["Cache-Control"] = "public, max-age=1"
    return response


@bp.post("/sales/<id:sale_id>/orders")
@door(Access.PASS, body=bodies.NewOrder, answer=Accepted, status=202)
def order_seats(sale_id: str, body: bodies.NewOrder) -> ResponseReturnValue:
    """Ask for seats, by name or the best available.

    The same Idempotency-Key is the same order; with another body it is refused (422).
    """
    return dict(order_service.ask(sale_id, body, g.turn, idempotency.key_of(body)))


@bp.get("/orders")
@door(Access.FAN, query=bodies.OrderQuery, answer=OrdersAnswer)
def my_orders(query: bodies.OrderQuery) -> ResponseReturnValue:
    """Give my orders, the newest first; `q` searches them, `state` filters them."""
    return {"orders": [order_service.document(found) for found in _mine(query)]}


def _mine(query: bodies.OrderQuery) -> list[order_service.Found]:
    return order_service.mine(query.q, query.state)


@bp.get("/orders/<id:order_id>")
@door(Access.FAN, answer=OrderAnswer)
def see_order(order_id: str) -> ResponseReturnValue:
    """Give one of my orders. "pending" means that it is still on its way: ask again."""
    return dict(order_service.document(order_service.find(order_id)))


@bp.post("/orders/<id:order_id>/payment")
@door(Access.FAN, body=bodies.Payment, answer=Accepted, status=202)
def pay(order_id: str, body: bodies.Payment) -> ResponseReturnValue:
    """Pay a held order by card. Ask for the order to see what became of it."""
    return dict(order_service.pay(order_id, payment_service.token_of(body)))


@bp.post("/orders/<id:order_id>/extension")
@door(Access.FAN, body=bodies.Extension, answer=OrderAnswer)
def extend(order_id: str, body: bodies.Extension) -> ResponseReturnValue:
    """Keep held seats up to two minutes from now. `n` is one more than the order's extensions."""
    return dict(order_service.document(order_service.extend(order_id, body.n)))


@bp.delete("/orders/<id:order_id>")
@door(Access.FAN, answer=Done)
def cancel(order_id: str) -> ResponseReturnValue:
    """Give the held seats of an order back."""
    order_service.cancel(order_id)
    return {"done": True}


@bp.get("/tickets/<id:ticket_id>")
@door(Access.FAN, answer=TicketAnswer)
def see_ticket(ticket_id: str) -> ResponseReturnValue:
    """Give one of my tickets with the code of this moment; its last part changes every 30 s."""
    return dict(order_service.ticket_document(order_service.my_ticket(ticket_id)))


@bp.get("/tickets/<id:ticket_id>/codes")
@door(Access.FAN, answer=CodesAnswer)
def see_codes(ticket_id: str) -> ResponseReturnValue:
    """Give the codes of one of my tickets for the next ten minutes, each with its drawing."""
    return dict(order_service.codes_document(order_service.my_ticket(ticket_id)))
