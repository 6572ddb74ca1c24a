"""The pages anyone can read: what is on, an event, how it is kept fair."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from fairness.errors import NotFound
from web import bodies, events_service, problems
from web.access import Access, door

bp = Blueprint("pages", __name__)


@bp.get("/")
@door(Access.PUBLIC, query=bodies.EventQuery)
def home(query: bodies.EventQuery) -> ResponseReturnValue:
    """Show what is on, found by words, city and date."""
    hits = events_service.find(query)
    asked = any(request.args.get(name) for name in ("q", "city", "from", "to"))
    return render_template(
        "home.html", hits=hits, sales=events_service.sales_of(hits), asked=asked, query=query
    )


@bp.get("/events/<id:event_id>")
@door(Access.PUBLIC)
def event(event_id: str) -> ResponseReturnValue:
    """Show one event, its dates, and what one may also like."""
    hit, alike = events_service.one(event_id), events_service.also_like(event_id)
    return render_template(
        "event.html",
        hit=hit,
        sales=events_service.sales_of([hit, *alike]),
        tours=events_service.tours_of([hit]),
        alike=alike,
    )


@bp.get("/how-it-is-fair")
@door(Access.PUBLIC)
def how() -> ResponseReturnValue:
    """Show how the line works and how to check it."""
    return render_template("how.html")


@bp.get("/problems/<name>")
@door(Access.PUBLIC)
def problem(name: str) -> ResponseReturnValue:
    """Say what the `type` of a problem document means."""
    found = problems.by_name(name)
    if found is None:
        raise NotFound(f"no problem is called {name}", field="name", value=name)
    return render_template(
        "problem_type.html",
        name=name,
        text=(found.__doc__ or "").strip(),
        status=problems.status_of(found),
    )
