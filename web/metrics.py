"""How many requests there were, how they ended, and how long they took."""

from __future__ import annotations

import time
from functools import lru_cache

from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "fairticket_http_requests_total", "Requests answered", ("endpoint", "method", "status")
)
SECONDS = Histogram(
    "fairticket_http_request_seconds",
    "Time from the first line of ours to the last",
    ("endpoint",),
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


def init_app(app: Flask) -> None:
    """Count every request; addresses nobody serves share one name."""

    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        now = time.perf_counter()
        took_s = now - g.get("started", now)
        answered(request.endpoint or "none", request.method, response.status_code, took_s)
        return response


def answered(endpoint: str, method: str, status: int, took_s: float) -> None:
    """Count one request."""
    requests, seconds = _counters(endpoint, method, status)
    requests.inc()
    seconds.observe(took_s)


@lru_cache(maxsize=4096)
def _counters(endpoint: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(endpoint, method, status), SECONDS.labels(endpoint)
