"""Health and numbers."""

from __future__ import annotations

import pytest
from flask import Flask

from fairness.errors import Unavailable
from web import services
from web.app import create_app


def test_a_process_lives_without_its_stores_and_works_only_with_them(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app.test_client().get("/readyz").status_code == 200

    def away() -> None:
        raise Unavailable

    monkeypatch.setattr(services, "check_database", away)
    assert app.test_client().get("/healthz").status_code == 200
    assert app.test_client().get("/readyz").status_code == 503


def test_the_fairness_service_is_ready_without_the_database(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise Unavailable

    monkeypatch.setattr(services, "check_database", away)
    assert create_app("fairness").test_client().get("/readyz").status_code == 200


def test_the_numbers_are_for_trusted_networks(app: Flask) -> None:
    client = app.test_client()
    client.get("/healthz")
    numbers = client.get("/metrics")
    assert b'fairticket_http_requests_total{endpoint="health.alive"' in numbers.data
    outside = client.get("/metrics", headers={"X-Forwarded-For": "81.2.3.4"})
    assert outside.status_code == 404
    forged = client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1, 81.2.3.4"})
    assert forged.status_code == 404


def test_a_request_id_goes_through_when_it_is_harmless(app: Flask) -> None:
    client = app.test_client()
    kept = client.get("/healthz", headers={"X-Request-Id": "abcdefgh-1"})
    assert kept.headers["X-Request-Id"] == "abcdefgh-1"
    other = client.get("/healthz", headers={"X-Request-Id": "<script>"})
    assert other.headers["X-Request-Id"] != "<script>"
