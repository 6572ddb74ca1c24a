"""Organisers' webhooks: in the console and in the API."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import AwareDatetime, Field
from typing_extensions import TypedDict

from boxoffice.webhooks import addresses
from boxoffice.webhooks.model import TYPES, Delivery, Endpoint
from boxoffice.webhooks.service import Webhooks
from fairness.clock import from_iso, iso, now_us
from fairness.errors import Invalid
from web import organiser_service, reading
from web.access import Access, door
from web.answers import Done
from web.bodies import Body
from web.forms import again_on
from workers import clients

bp = Blueprint("webhooks", __name__, url_prefix="/organiser/webhooks")
api = Blueprint("webhooks_api", __name__, url_prefix="/api/v1/organiser/webhooks")


class NewEndpoint(Body):
    """Where to tell, and of which types of events; none: all."""

    url: Annotated[str, Field(min_length=1, max_length=addresses.LONGEST)]
    types: Annotated[list[str], Field(max_length=len(TYPES), default_factory=list)]


class Switch(Body):
    """On or off."""

    active: bool


class Again(Body):
    """Which events to send again: one by its id, or all since a time."""

    event_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")] | None = None
    since: AwareDatetime | None = None


class EndpointAnswer(TypedDict):
    """An endpoint. Every event carries a signature made with its secret."""

    endpoint_id: str
    url: str
    types: list[str]
    secret: str
    active: bool
    off_reason: str
    created_at: str


class EndpointsAnswer(TypedDict):
    """The organiser's endpoints."""

    endpoints: list[EndpointAnswer]


class DeliveryAnswer(TypedDict):
    """What became of telling one event."""

    event_id: str
    type: str
    at: str
    state: str
    attempts: int
    status: int
    said: str


class DeliveriesAnswer(TypedDict):
    """The latest deliveries of an endpoint, the newest event first."""

    deliveries: list[DeliveryAnswer]


class AgainAnswer(TypedDict):
    """How many events are sent again."""

    events: int


def hooks() -> Webhooks:
    """Return the service."""
    return clients.webhooks()


def document(endpoint: Endpoint) -> EndpointAnswer:
    """Return an endpoint as the API shows it."""
    return {
        "endpoint_id": endpoint.endpoint_id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "secret": endpoint.secret,
        "active": endpoint.active,
        "off_reason": endpoint.off_reason,
        "created_at": iso(endpoint.created_us),
    }


def _logged(one: Delivery) -> DeliveryAnswer:
    return {
        "event_id": one.event_id,
        "type": one.kind,
        "at": iso(one.at_us),
        "state": one.state,
        "attempts": one.attempts,
        "status": one.status,
        "said": one.said,
    }


def _again(endpoint_id: str, event_id: str | None, since_us: int | None) -> int:
    me = organiser_service.me()
    if event_id and since_us is None:
        hooks().replay(me, endpoint_id, event_id, now_us())
        return 1
    if since_us is not None and not event_id:
        return hooks().replay_since(me, endpoint_id, since_us, now_us())
    raise Invalid(
        "which events?",
        field="since",
        rule="either event_id or since",
        remedy="send one of the two",
    )


@api.get("")
@door(Access.ORGANISER, answer=EndpointsAnswer)
def mine() -> ResponseReturnValue:
    """Give my endpoints."""
    return {"endpoints": [document(e) for e in hooks().of_organiser(organiser_service.me())]}


@api.post("")
@door(Access.ORGANISER, body=NewEndpoint, answer=EndpointAnswer, status=201)
def add(body: NewEndpoint) -> ResponseReturnValue:
    """Add an endpoint; events from a few seconds after are told to it."""
    return dict(document(hooks().add(organiser_service.me(), body.url, body.types, now_us())))


@api.delete("/<id:endpoint_id>")
@door(Access.ORGANISER, answer=Done)
def remove(endpoint_id: str) -> ResponseReturnValue:
    """Remove an endpoint; twice is once."""
    hooks().remove(organiser_service.me(), endpoint_id)
    return {"done": True}


@api.put("/<id:endpoint_id>/active")
@door(Access.ORGANISER, body=Switch, answer=EndpointAnswer)
def switch(endpoint_id: str, body: Switch) -> ResponseReturnValue:
    """Switch an endpoint on or off. While it is off nothing is noted for it."""
    me = organiser_service.me()
    return dict(document(hooks().switch(me, endpoint_id, active=body.active)))


@api.post("/<id:endpoint_id>/secret")
@door(Access.ORGANISER, answer=EndpointAnswer)
def rotate(endpoint_id: str) -> ResponseReturnValue:
    """Change the secret; for a day both the old and the new one sign."""
    return dict(document(hooks().rotate(organiser_service.me(), endpoint_id, now_us())))


@api.post("/<id:endpoint_id>/test")
@door(Access.ORGANISER, answer=Done, status=202)
def test(endpoint_id: str) -> ResponseReturnValue:
    """Send a test event."""
    hooks().test(organiser_service.me(), endpoint_id, now_us())
    return {"done": True}


@api.get("/<id:endpoint_id>/deliveries")
@door(Access.ORGANISER, answer=DeliveriesAnswer)
def deliveries(endpoint_id: str) -> ResponseReturnValue:
    """Give the latest deliveries of an endpoint."""
    log = hooks().log(organiser_service.me(), endpoint_id)
    return {"deliveries": [_logged(one) for one in log]}


@api.post("/<id:endpoint_id>/replay")
@door(Access.ORGANISER, body=Again, answer=AgainAnswer, status=202)
def replay(endpoint_id: str, body: Again) -> ResponseReturnValue:
    """Send events again, under their ids: one, or all since a time."""
    since_us = from_iso(body.since.isoformat()) if body.since else None
    return {"events": _again(endpoint_id, body.event_id, since_us)}


@bp.get("")
@door(Access.ORGANISER)
def page() -> ResponseReturnValue:
    """Show my endpoints, and the form for another."""
    endpoints = hooks().of_organiser(organiser_service.me())
    return render_template("organiser/webhooks.html", endpoints=endpoints, types=TYPES)


@bp.post("")
@door(Access.ORGANISER)
@again_on(page)
def make() -> ResponseReturnValue:
    """Add an endpoint."""
    types = request.form.getlist("types")
    body = reading.checked(NewEndpoint, {"url": request.form.get("url", ""), "types": types})
    made = hooks().add(organiser_service.me(), body.url.strip(), body.types, now_us())
    return redirect(f"/organiser/webhooks/{made.endpoint_id}", 303)


@bp.get("/<id:endpoint_id>")
@door(Access.ORGANISER)
def one(endpoint_id: str) -> ResponseReturnValue:
    """Show an endpoint, its secret, and what became of its events."""
    me = organiser_service.me()
    found = hooks().get(me, endpoint_id)
    log = hooks().log(me, endpoint_id)
    return render_template("organiser/webhook.html", endpoint=found, deliveries=log)


@bp.post("/<id:endpoint_id>/act")
@door(Access.ORGANISER)
@again_on(one)
def act(endpoint_id: str) -> ResponseReturnValue:
    """Do what a button of the page says."""
    me, what = organiser_service.me(), request.form.get("act", "")
    if what == "test":
        hooks().test(me, endpoint_id, now_us())
    elif what == "rotate":
        hooks().rotate(me, endpoint_id, now_us())
    elif what in ("on", "off"):
        hooks().switch(me, endpoint_id, active=what == "on")
    elif what == "remove":
        hooks().remove(me, endpoint_id)
        return redirect("/organiser/webhooks", 303)
    else:
        _again_from_form(endpoint_id)
    return redirect(f"/organiser/webhooks/{endpoint_id}", 303)


def _again_from_form(endpoint_id: str) -> None:
    fields = {k: v for k in ("event_id", "since") if (v := request.form.get(k))}
    if "since" in fields and not fields["since"].endswith("Z"):
        fields["since"] += "Z"  # the field of the form has no zone; its label says UTC
    body = reading.checked(Again, fields)
    _again(endpoint_id, body.event_id, from_iso(body.since.isoformat()) if body.since else None)
