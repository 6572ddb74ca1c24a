"""The API of a gate. Its token opens this one performance, and nothing else."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web import gate_bodies, gate_service
from web.access import Access, door

bp = Blueprint("gate_api", __name__, url_prefix="/api/v1/gate")


@bp.get("/<id:performance_id>/bundle")
@door(Access.GATE, answer=gate_bodies.Bundle)
def bundle(performance_id: str) -> ResponseReturnValue:
    """Give the keys and the list with which a gate works offline."""
    return gate_service.bundle(performance_id)


@bp.post("/<id:performance_id>/check")
@door(Access.GATE, body=gate_bodies.Shown, answer=gate_bodies.GateAnswer)
def check(performance_id: str, body: gate_bodies.Shown) -> ResponseReturnValue:
    """Say whether the holder of a code may pass, and remember a yes. A scan sent twice is one."""
    return gate_service.check(performance_id, body)


@bp.post("/<id:performance_id>/scans")
@door(Access.GATE, body=gate_bodies.Merged, answer=gate_bodies.GateAnswers)
def merge(performance_id: str, body: gate_bodies.Merged) -> ResponseReturnValue:
    """Take in what a gate decided offline, each scan once. "already" marks a double entry."""
    return gate_service.merge(performance_id, body)
