"""Every route says who may come in, and the API's description is the routes."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from flask import Flask
from openapi_spec_validator import validate

from web import openapi
from web.access import Access, rule_of
from web.app import Service, create_app
from workers import settings as settings_module
from workers.settings import Settings

OPEN_TO_ALL = {
    "/", "/events/<id:event_id>", "/how-it-is-fair", "/problems/<name>",
    "/sign-in", "/sign-up", "/sign-out", "/language", "/sales/<id:sale_id>/line",
    "/sales/<id:sale_id>/line/check", "/sales/<id:sale_id>/line/report",
    "/sign-in/passkey", "/sign-in/passkey/options",
    "/api/v1/sessions/passkey", "/api/v1/sessions/passkey/options",
    "/healthz", "/readyz", "/static/<name>", "/favicon.ico", "/site.webmanifest",
    "/ledger/<path:name>",
    "/.well-known/jwks.json",
    "/api/v1/openapi.json", "/api/v1/accounts", "/api/v1/sessions",
    "/api/v1/events", "/api/v1/events/<id:event_id>", "/api/v1/events/<id:event_id>/also-like",
    "/api/v1/sales/<id:sale_id>", "/api/v1/sales/<id:sale_id>/seats",
    "/api/v1/sales/<id:sale_id>/board", "/api/v1/sales/<id:sale_id>/board/events",
    "/gate/<id:performance_id>", "/gate/worker.js", "/account/worker.js",
    "/webhooks/stripe",  # Stripe's signature is checked
    "/tours/<id:tour_id>", "/api/v1/tours/<id:tour_id>",
    "/account/devices/moved",  # the address that the device had is the proof
    "/notices/<id:account_id>/<name>/<mark>/stop", "/webhooks/ses",
}  # fmt: skip


@pytest.fixture
def apps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Flask]:
    """The applications of all services; no store is asked for anything."""
    its = Settings(
        redis_url="redis://127.0.0.1:9/0", broker_url="redis://127.0.0.1:9/1",
        smtp_url="smtp://127.0.0.1:9", public_url="https://tickets.example",
        ledger_folder=tmp_path, session_key="session", pepper="pepper",
        pass_key=bytes(32), ticket_key=bytes(32), ledger_key=bytes(32), beacon_key=bytes(32),
        payment_provider="test",
    )  # fmt: skip
    with monkeypatch.context() as patch:
        for name in ("app", "auth", "security", "services", "address"):
            patch.setattr(f"web.{name}.settings", lambda: its)
        yield {service: create_app(service) for service in get_args(Service)}
    settings_module.settings.cache_clear()


def test_every_route_has_an_access_rule(apps: dict[str, Flask]) -> None:
    for app in apps.values():
        without = [r.rule for r in app.url_map.iter_rules() if rule_of(app, r.endpoint) is None]
        assert without == []


def test_only_the_routes_listed_here_are_open_to_all(apps: dict[str, Flask]) -> None:
    app = apps["all"]
    found = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if (door := rule_of(app, rule.endpoint)) and door.access is Access.PUBLIC
    }
    assert found == OPEN_TO_ALL


def test_everything_of_the_organiser_is_for_organisers(apps: dict[str, Flask]) -> None:
    app = apps["all"]
    for rule in app.url_map.iter_rules():
        door = rule_of(app, rule.endpoint)
        assert door
        assert ("/organiser" in rule.rule) == (door.access is Access.ORGANISER), rule.rule


def test_the_description_of_the_api_equals_its_routes(apps: dict[str, Flask]) -> None:
    app = apps["all"]
    document = openapi.document(app)
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    routed = {
        (method, openapi.path_of(rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == routed


def test_the_description_of_the_api_is_valid(apps: dict[str, Flask]) -> None:
    document = openapi.document(apps["all"])
    validate(document)
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert "default" in operation["responses"]


def test_the_two_services_together_are_the_whole_site(apps: dict[str, Flask]) -> None:
    rules = {name: {rule.rule for rule in app.url_map.iter_rules()} for name, app in apps.items()}
    assert rules["fairness"] | rules["boxoffice"] == rules["all"]
    shared = {
        "/healthz", "/readyz", "/metrics", "/static/<name>", "/favicon.ico", "/site.webmanifest",
    }  # fmt: skip
    assert rules["fairness"] & rules["boxoffice"] == shared | {"/api/v1/openapi.json"}


def test_a_view_without_a_rule_lets_nobody_in(apps: dict[str, Flask]) -> None:
    app = apps["all"]
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    answer = app.test_client().get("/forgotten")
    assert answer.status_code == 403
    assert b"secret" not in answer.data
