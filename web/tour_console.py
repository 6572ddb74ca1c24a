"""The organiser's tours: made of dates whose sales are not scheduled yet."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.sales.model import DRAFT, Tour
from fairness.clock import now_us
from fairness.errors import Forbidden
from web import organiser_service, reading, services
from web.access import Access, door
from web.forms import again_on
from web.tour_documents import NewTour

bp = Blueprint("tour_console", __name__, url_prefix="/organiser/tours")


@dataclass(frozen=True, slots=True)
class Choice:
    """A date that a tour has or may have. `fixed` when its sale is scheduled."""

    performance: Performance
    event: Event
    venue: Venue
    tour_id: str | None
    fixed: bool


def add(body: NewTour) -> Tour:
    """Return the organiser's new tour."""
    return services.tours().create(
        organiser_service.me(),
        body.title,
        body.performance_ids,
        limit_per_person=body.limit_per_person,
        now_us=now_us(),
    )


def add_date(tour_id: str, performance_id: str) -> Tour:
    """Return the organiser's tour with this date."""
    return services.tours().add(tour_id, organiser_service.me(), performance_id)


def remove_date(tour_id: str, performance_id: str) -> Tour:
    """Return the organiser's tour without this date."""
    return services.tours().remove(tour_id, organiser_service.me(), performance_id)


@bp.get("")
@door(Access.ORGANISER)
def new() -> ResponseReturnValue:
    """Show the form for a tour."""
    free = [date for date in _dates() if not date.tour_id and not date.fixed]
    return render_template("organiser/new_tour.html", dates=free)


@bp.post("")
@door(Access.ORGANISER)
@again_on(new)
def make() -> ResponseReturnValue:
    """Make a tour of the dates that were ticked."""
    fields = {k: v for k in ("title", "limit_per_person") if (v := request.form.get(k))}
    dates = request.form.getlist("performance_ids")
    tour = add(reading.checked(NewTour, {**fields, "performance_ids": dates}))
    return redirect(f"/organiser/tours/{tour.tour_id}", 303)


@bp.get("/<id:tour_id>")
@door(Access.ORGANISER)
def one(tour_id: str) -> ResponseReturnValue:
    """Show a tour, its dates, and those that it may have."""
    tour = services.tours().get(tour_id)
    if tour.organiser_id != organiser_service.me():
        raise Forbidden("this tour belongs to another organiser")
    dates = [d for d in _dates() if d.tour_id == tour_id or not (d.tour_id or d.fixed)]
    return render_template("organiser/tour.html", tour=tour, dates=dates)


@bp.post("/<id:tour_id>/dates")
@door(Access.ORGANISER)
@again_on(one)
def change(tour_id: str) -> ResponseReturnValue:
    """Take a date in, or out."""
    act = remove_date if request.form.get("act") == "remove" else add_date
    act(tour_id, request.form.get("performance_id", ""))
    return redirect(f"/organiser/tours/{tour_id}", 303)


def _dates() -> list[Choice]:
    """Return the organiser's dates, the earliest first."""
    catalogue, me = services.catalogue(), organiser_service.me()
    events = {event.event_id: event for event in catalogue.events(me)}
    dates = [date for date in catalogue.performances() if date.event_id in events]
    ids = [date.performance_id for date in dates]
    sales, tours = services.sales().of_performances(ids), services.tours().of_performances(ids)
    venues = {venue.venue_id: venue for venue in catalogue.venues()}
    return [
        Choice(
            date,
            events[date.event_id],
            venues[date.venue_id],
            tours[name].tour_id if name in tours else None,
            name in sales and sales[name].state != DRAFT,
        )
        for name, date in zip(ids, dates, strict=True)
    ]
