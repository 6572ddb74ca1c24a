"""Moving a date to another time, and telling everybody who has tickets for it."""

from __future__ import annotations

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue
from typing_extensions import TypedDict

from boxoffice.catalogue.model import Performance
from boxoffice.notices.news import News
from fairness.clock import iso, now_us
from fairness.errors import Invalid
from web import organiser_service, reading, services
from web.access import Access, door
from web.bodies import Body, Moment, us
from web.forms import again_on
from web.organiser_pages import event
from workers import clients

bp = Blueprint("moving", __name__, url_prefix="/organiser")
api = Blueprint("moving_api", __name__, url_prefix="/api/v1/organiser")


class NewTime(Body):
    """When a performance begins from now on."""

    starts_at: Moment


class MovedAnswer(TypedDict):
    """A performance and when it begins."""

    id: str
    starts_at: str


@api.put("/performances/<id:performance_id>/start")
@door(Access.ORGANISER, body=NewTime, answer=MovedAnswer)
def move_by_api(performance_id: str, body: NewTime) -> ResponseReturnValue:
    """Move a performance to another time. Who has tickets is told; twice is once."""
    moved = move(performance_id, us(body.starts_at))
    return {"id": moved.performance_id, "starts_at": iso(moved.starts_at_us)}


@bp.post("/events/<id:event_id>/dates/<id:performance_id>/start")
@door(Access.ORGANISER)
@again_on(event)
def move_by_form(event_id: str, performance_id: str) -> ResponseReturnValue:
    """Move a date of an event to another time."""
    move(performance_id, us(reading.form(NewTime).starts_at))
    return redirect(f"/organiser/events/{event_id}", 303)


def move(performance_id: str, starts_at_us: int) -> Performance:
    """Return the performance then; Invalid for a time that is over, Forbidden, NotFound."""
    catalogue, now = services.catalogue(), now_us()
    performance = catalogue.performance(performance_id)
    organiser_service.own_event(performance.event_id)
    if performance.starts_at_us == starts_at_us:
        return performance
    if starts_at_us <= now:
        raise Invalid(
            "this time is over",
            field="starts_at",
            value=iso(starts_at_us),
            rule="a time to come",
            remedy="choose a later one",
        )
    before_us = performance.starts_at_us
    News(clients.database()).moved(performance_id, before_us, starts_at_us, now)
    by = organiser_service.me()
    return catalogue.change_performance(performance_id, by, starts_at_us=starts_at_us)
