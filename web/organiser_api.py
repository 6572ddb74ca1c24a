"""The API of the organiser: events, plans, sales, and steering a sale while it runs."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint
from flask.typing import ResponseReturnValue

from fairness import board
from web import bodies, desk_service, organiser_service, services, tour_console, transfer_service
from web.access import Access, door
from web.answers import Done, LiveSale, Made, MadePlan, OrdersAnswer, SaleState, SuspectsAnswer
from web.order_service import Found, document
from web.organiser_service import Stopped
from web.tour_documents import NewTour, TourMade

bp = Blueprint("organiser_api", __name__, url_prefix="/api/v1/organiser")


@bp.post("/events")
@door(Access.ORGANISER, body=bodies.NewEvent, answer=Made, status=201)
def add_event(body: bodies.NewEvent) -> ResponseReturnValue:
    """Add an event."""
    return {"id": organiser_service.add_event(body).event_id}


@bp.post("/venues")
@door(Access.ORGANISER, body=bodies.NewVenue, answer=Made, status=201)
def add_venue(body: bodies.NewVenue) -> ResponseReturnValue:
    """Add a venue."""
    return {"id": organiser_service.add_venue(body).venue_id}


@bp.post("/plans")
@door(Access.ORGANISER, body=bodies.NewPlan, answer=MadePlan, status=201)
def add_plan(body: bodies.NewPlan) -> ResponseReturnValue:
    """Add a seating plan. A plan with faults is refused, with every fault and its place."""
    plan = organiser_service.add_plan(body)
    return {"id": plan.plan_id, "seats": len(plan.seats), "categories": list(plan.categories)}


@bp.post("/performances")
@door(Access.ORGANISER, body=bodies.NewPerformance, answer=Made, status=201)
def add_performance(body: bodies.NewPerformance) -> ResponseReturnValue:
    """Add a date of an event."""
    return {"id": organiser_service.add_performance(body).performance_id}


@bp.post("/tours")
@door(Access.ORGANISER, body=NewTour, answer=Made, status=201)
def add_tour(body: NewTour) -> ResponseReturnValue:
    """Add a tour of several performances. Its limit is promised with each of their sales."""
    return {"id": tour_console.add(body).tour_id}


@bp.put("/tours/<id:tour_id>/dates/<id:performance_id>")
@door(Access.ORGANISER, answer=TourMade)
def add_tour_date(tour_id: str, performance_id: str) -> ResponseReturnValue:
    """Take a date into a tour, before its sale is scheduled. Twice is once."""
    tour = tour_console.add_date(tour_id, performance_id)
    return {"tour_id": tour_id, "performance_ids": list(tour.performance_ids)}


@bp.delete("/tours/<id:tour_id>/dates/<id:performance_id>")
@door(Access.ORGANISER, answer=TourMade)
def remove_tour_date(tour_id: str, performance_id: str) -> ResponseReturnValue:
    """Take a date out of a tour, before its sale is scheduled. Twice is once."""
    tour = tour_console.remove_date(tour_id, performance_id)
    return {"tour_id": tour_id, "performance_ids": list(tour.performance_ids)}


@bp.post("/sales")
@door(Access.ORGANISER, body=bodies.NewSale, answer=Made, status=201)
def add_sale(body: bodies.NewSale) -> ResponseReturnValue:
    """Add a sale, as a draft; schedule it to let the clock open it."""
    return {"id": transfer_service.add_sale(body).sale_id}


@bp.get("/sales/<id:sale_id>")
@door(Access.ORGANISER, answer=LiveSale)
def see_live(sale_id: str) -> ResponseReturnValue:
    """Give a sale as it runs: the line in numbers, the stock, how good past estimates were."""
    live = organiser_service.live(sale_id)
    return {
        "sale_id": sale_id,
        "state": live.facts.sale.state,
        "line": asdict(live.line) if live.line else None,
        "stock": [asdict(tier) for tier in live.stock],
        "estimates": board.estimates(services.redis(), sale_id),
    }


@bp.post("/sales/<id:sale_id>/acts/<act>")
@door(Access.ORGANISER, answer=SaleState)
def act(sale_id: str, act: str) -> ResponseReturnValue:
    """Schedule, open, pause, resume, close or discard a sale. Doing it twice is doing it once."""
    sale = organiser_service.act(sale_id, act)
    return {"sale_id": sale_id, "state": "discarded" if act == "discard" else sale.state}


@bp.put("/sales/<id:sale_id>/rate")
@door(Access.ORGANISER, body=bodies.NewRate, answer=Done)
def set_rate(sale_id: str, body: bodies.NewRate) -> ResponseReturnValue:
    """Set how many fans are called each second, at most."""
    organiser_service.amend(sale_id, rate_per_s=body.rate_per_s)
    return {"done": True}


@bp.put("/sales/<id:sale_id>/capacity")
@door(Access.ORGANISER, body=bodies.NewCapacity, answer=Done)
def set_capacity(sale_id: str, body: bodies.NewCapacity) -> ResponseReturnValue:
    """Set how many fans may be in the shop at once."""
    organiser_service.amend(sale_id, capacity=body.capacity)
    return {"done": True}


@bp.put("/sales/<id:sale_id>/message")
@door(Access.ORGANISER, body=bodies.NewMessage, answer=Done)
def set_message(sale_id: str, body: bodies.NewMessage) -> ResponseReturnValue:
    """Set what everybody in the line reads."""
    organiser_service.amend(sale_id, message=body.message)
    return {"done": True}


@bp.get("/sales/<id:sale_id>/orders")
@door(Access.ORGANISER, answer=OrdersAnswer)
def see_orders(sale_id: str) -> ResponseReturnValue:
    """Give the sale's orders, the newest first."""
    orders = organiser_service.orders(sale_id)
    return {"orders": [document(Found(order.order_id, order)) for order in orders]}


@bp.get("/sales/<id:sale_id>/suspects")
@door(Access.ORGANISER, answer=SuspectsAnswer)
def see_suspects(sale_id: str) -> ResponseReturnValue:
    """Give the fans the screening stopped, with its reasons and their appeals."""
    return {"suspects": [_suspect(one) for one in organiser_service.stopped(sale_id)]}


@bp.post("/sales/<id:sale_id>/appeals/<fan>")
@door(Access.ORGANISER, body=bodies.Decision, answer=Done)
def decide(sale_id: str, fan: str, body: bodies.Decision) -> ResponseReturnValue:
    """Decide an appeal: lift the verdict or uphold it. It is logged, and the fan is told."""
    desk_service.answer(sale_id, fan, body)
    return {"done": True}


def _suspect(one: Stopped) -> dict[str, object]:
    return {
        "fan": one.fan,
        "verdict": one.verdict,
        "reasons": one.reasons,
        "appeal": one.appeal.text if one.appeal else None,
        "decision": one.appeal.state if one.appeal else None,
    }
