"""The API of the organiser for the gates of a date."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from boxoffice.gate.model import Rules
from fairness.clock import iso
from web import gate_bodies, gate_service, services
from web.access import Access, door
from web.answers import Done

bp = Blueprint("gate_organiser_api", __name__, url_prefix="/api/v1/organiser")


@bp.post("/performances/<id:performance_id>/gates")
@door(Access.ORGANISER, body=gate_bodies.NewGate, answer=gate_bodies.MadeGate, status=201)
def make(performance_id: str, body: gate_bodies.NewGate) -> ResponseReturnValue:
    """Open a gate. The answer has the link for its device; it is not shown again."""
    gate, link = gate_service.make(performance_id, body.name, body.hours)
    until = iso(gate.until_us)
    return {"gate_id": gate.gate_id, "name": gate.name, "until": until, "link": link}


@bp.delete("/performances/<id:performance_id>/gates/<id:gate_id>")
@door(Access.ORGANISER, answer=Done)
def close(performance_id: str, gate_id: str) -> ResponseReturnValue:
    """Close a gate at once: its token opens nothing any more. Twice is once."""
    gate_service.close(performance_id, gate_id)
    return {"done": True}


@bp.get("/performances/<id:performance_id>/gates")
@door(Access.ORGANISER, answer=gate_bodies.GateReport)
def see(performance_id: str) -> ResponseReturnValue:
    """Give the gates of a date, how many went in, and the tickets that went in twice."""
    seen, rules = gate_service.report(performance_id), services.gates().rules(performance_id)
    return {
        "gates": [
            {
                "gate_id": gate.gate_id,
                "name": gate.name,
                "until": iso(gate.until_us),
                "closed": gate.revoked_us is not None,
            }
            for gate in gate_service.gates(performance_id)
        ],
        "printed": rules.printed,
        "names": rules.names,
        "entered": seen.entered,
        "inside": seen.inside,
        "doubles": [gate_service.entry_document(entry) for entry in seen.doubles],
        "no_longer_valid": [gate_service.entry_document(entry) for entry in seen.stale],
    }


@bp.put("/performances/<id:performance_id>/gate-rules")
@door(Access.ORGANISER, body=gate_bodies.GateRules, answer=Done)
def set_rules(performance_id: str, body: gate_bodies.GateRules) -> ResponseReturnValue:
    """Set whether printed tickets are accepted, and whether the gates' list names the holders."""
    gate_service.set_rules(performance_id, Rules(body.printed, body.names))
    return {"done": True}


@bp.post("/tickets/<id:ticket_id>/annulment")
@door(Access.ORGANISER, body=gate_bodies.Annulment, answer=Done)
def annul(ticket_id: str, body: gate_bodies.Annulment) -> ResponseReturnValue:
    """Annul a ticket; every gate refuses it and shows why. Twice is once."""
    gate_service.annul(ticket_id, body.because)
    return {"done": True}
