"""Whether this process lives, whether it can work, and how it fares."""

from __future__ import annotations

import os

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from web import services
from web.access import Access, door

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@door(Access.PUBLIC)
def alive() -> ResponseReturnValue:
    """Say that the process answers."""
    return {"status": "ok"}


@bp.get("/readyz")
@door(Access.PUBLIC)
def ready() -> ResponseReturnValue:
    """Say that the stores this service stands on answer; 503 by the error handlers if not."""
    services.redis().ping()
    if current_app.config["SERVICE"] != "fairness":
        services.check_database()
    return {"status": "ok"}


@bp.get("/metrics")
@door(Access.INTERNAL)
def metrics() -> ResponseReturnValue:
    """Give the numbers of all processes of this service, in Prometheus's format."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
