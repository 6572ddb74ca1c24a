"""The gate's page for a phone, and the organiser's page about the gates of a date."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template
from flask.typing import ResponseReturnValue

from boxoffice.gate.model import Rules
from web import gate_bodies, gate_service, reading, services, static_files
from web.access import Access, door
from web.forms import again_on
from web.texts import _

bp = Blueprint("gate", __name__)


@bp.get("/gate/<id:performance_id>")
@door(Access.PUBLIC)
def gate(performance_id: str) -> ResponseReturnValue:
    """Show the page that scans. It holds nothing: the link's token fetches what it needs."""
    words = {reason: _(text) for reason, text in gate_service.WORDS.items()}
    return render_template("gate.html", performance_id=performance_id, words=words)


@bp.get("/gate/worker.js")
@door(Access.PUBLIC)
def worker() -> ResponseReturnValue:
    """Give the script that keeps the gate's page for when there is no network."""
    return static_files.worker_script("gate_worker.js")


@bp.get("/organiser/dates/<id:performance_id>/gate")
@door(Access.ORGANISER)
def console(performance_id: str) -> ResponseReturnValue:
    """Show the gates of a date, what they accept and what they saw."""
    performance = gate_service.own_performance(performance_id)
    return render_template(
        "organiser/gate.html",
        performance=performance,
        event=services.catalogue().event(performance.event_id),
        gates=gate_service.gates(performance_id),
        rules=services.gates().rules(performance_id),
        seen=gate_service.report(performance_id),
        link=g.get("link"),
        link_svg=services.tickets().svg(g.link) if "link" in g else "",
    )


@bp.post("/organiser/dates/<id:performance_id>/gate")
@door(Access.ORGANISER)
@again_on(console)
def make(performance_id: str) -> ResponseReturnValue:
    """Open a gate and show its link, this once."""
    body = reading.form(gate_bodies.NewGate)
    _gate, g.link = gate_service.make(performance_id, body.name, body.hours)
    return console(performance_id=performance_id)


@bp.post("/organiser/dates/<id:performance_id>/gate/rules")
@door(Access.ORGANISER)
@again_on(console)
def set_rules(performance_id: str) -> ResponseReturnValue:
    """Set what the gates accept."""
    body = reading.form(gate_bodies.GateRules)
    gate_service.set_rules(performance_id, Rules(body.printed, body.names))
    return _back(performance_id)


@bp.post("/organiser/dates/<id:performance_id>/gate/<id:gate_id>/close")
@door(Access.ORGANISER)
@again_on(console)
def close(performance_id: str, gate_id: str) -> ResponseReturnValue:
    """Close a gate."""
    gate_service.close(performance_id, gate_id)
    return _back(performance_id)


@bp.post("/organiser/dates/<id:performance_id>/gate/annulment")
@door(Access.ORGANISER)
@again_on(console)
def annul(performance_id: str) -> ResponseReturnValue:
    """Annul a ticket."""
    body = reading.form(gate_bodies.AnnulledTicket)
    gate_service.annul(body.ticket_id, body.because)
    return _back(performance_id)


def _back(performance_id: str) -> ResponseReturnValue:
    return redirect(f"/organiser/dates/{performance_id}/gate", 303)
