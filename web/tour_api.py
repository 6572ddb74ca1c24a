"""The API of tours: all dates joined in one step, and where a fan stands on each of them."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web import tour_service
from web.access import Access, door
from web.tour_documents import JoinTour, TourAnswer, TourPlaces

bp = Blueprint("tours_api", __name__, url_prefix="/api/v1/tours/<id:tour_id>")


@bp.get("")
@door(Access.PUBLIC, answer=TourAnswer)
def see_tour(tour_id: str) -> ResponseReturnValue:
    """Give a tour: its dates with their sales, and the limit over all of them."""
    return dict(tour_service.document(tour_service.find(tour_id)))


@bp.put("/places")
@door(Access.FAN, body=JoinTour, answer=TourPlaces)
def join(tour_id: str, body: JoinTour) -> ResponseReturnValue:
    """Join the line of every date that is open. Joining again returns the first arrivals.

    A date that cannot be joined has a `problem` instead of a place; the others stand. Keep the
    receipts: each proves when you came to its line.
    """
    return dict(tour_service.places_document(tour_id, tour_service.join(tour_id, body)))


@bp.get("/places")
@door(Access.FAN, answer=TourPlaces)
def see_places(tour_id: str) -> ResponseReturnValue:
    """Say where I stand in each line of the tour."""
    return dict(tour_service.places_document(tour_id, tour_service.places(tour_id)))
