"""Passkeys at the front door: made by who signed in of late, and as good as a password."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from boxoffice.sales.model import Sale
from boxoffice.tables import ACCOUNTS, OUTBOX
from tests.authenticator import Authenticator
from tests.web.conftest import forget
from tests.web.site import Person, account
from tests.web.test_pages import browser_of, read, send
from tests.workers import stage
from web import auth, services
from web.app import create_app
from workers import clients
from workers.settings import settings

ORIGIN = "http://localhost:8000"
OPTIONS = "/api/v1/sessions/passkey/options"


@pytest.fixture
def app(site: stage.Mailbox, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The site under a name that browsers have passkeys for."""
    monkeypatch.setenv("FAIRTICKET_PUBLIC_URL", ORIGIN)
    settings.cache_clear()
    forget()
    return create_app("all")


@pytest.fixture
def fan(app: Flask) -> Person:
    return Person(app, account())


@pytest.fixture
def other(app: Flask) -> Person:
    return Person(app, account())


def phone(**changes: Any) -> Authenticator:
    return Authenticator(**{"origin": ORIGIN, "rp_id": "localhost", **changes})


def make(person: Person, device: Authenticator, name: str = "My phone") -> dict[str, Any]:
    wish = person.call("POST", "/api/v1/passkeys/options").json
    assert wish is not None
    body = {"ceremony": wish["ceremony"], "credential": device.make(wish["options"])}
    answer = person.call("POST", "/api/v1/passkeys", json={**body, "name": name})
    assert answer.status_code == 201, answer.json
    made: dict[str, Any] = answer.json
    return made


def sign_in(app: Flask, device: Authenticator, **changes: Any) -> Any:
    client = app.test_client()
    wish: Any = client.post(OPTIONS).json
    body = {"ceremony": wish["ceremony"], "credential": device.answer(wish["options"]), **changes}
    return client.post("/api/v1/sessions/passkey", json=body)


def test_a_passkey_signs_in_without_an_address_and_is_listed(fan: Person) -> None:
    device = phone()
    made = make(fan, device)
    answer = sign_in(fan.app, device)
    assert answer.status_code == 201
    assert answer.json["account_id"] == fan.account.account_id
    assert auth.check(answer.json["token"]).account_id == fan.account.account_id
    (mine,) = fan.call("GET", "/api/v1/passkeys").json["passkeys"]  # type: ignore[index]
    assert (mine["id"], mine["name"], mine["used_at"] is not None) == (made["id"], "My phone", True)
    assert fan.call("DELETE", f"/api/v1/passkeys/{made['id']}").status_code == 200
    assert sign_in(fan.app, device).status_code == 401


def test_an_answer_works_once_and_for_what_it_was_asked_for(fan: Person, other: Person) -> None:
    device = phone(counts=False)
    make(fan, device)
    client = fan.app.test_client()
    wish: Any = client.post(OPTIONS).json
    body = {"ceremony": wish["ceremony"], "credential": device.answer(wish["options"])}
    assert client.post("/api/v1/sessions/passkey", json=body).status_code == 201
    again = client.post("/api/v1/sessions/passkey", json=body)
    assert (again.status_code, "answered already" in again.text) == (401, True)

    mine: Any = fan.call("POST", "/api/v1/passkeys/options").json
    body = {"ceremony": mine["ceremony"], "credential": phone().make(mine["options"])}
    assert other.call("POST", "/api/v1/passkeys", json=body).status_code == 422
    assert other.call("GET", "/api/v1/passkeys").json == {"passkeys": []}


def test_an_answer_that_comes_too_late_is_refused(fan: Person) -> None:
    device = phone()
    make(fan, device)
    client = fan.app.test_client()
    wish: Any = client.post(OPTIONS).json
    assert 0 < services.redis().ttl(f"ceremony:{wish['ceremony']}") <= 300
    services.redis().delete(f"ceremony:{wish['ceremony']}")
    body = {"ceremony": wish["ceremony"], "credential": device.answer(wish["options"])}
    late = client.post("/api/v1/sessions/passkey", json=body)
    assert late.status_code == 401
    assert "press the button once more" in late.text


def test_an_answer_for_another_site_signs_nobody_in(fan: Person) -> None:
    device = phone()
    make(fan, device)
    for wrong in ({"origin": "https://evil.example"}, {"rp_id": "evil.example"}):
        assert sign_in(fan.app, replace(device, **wrong)).status_code == 401  # type: ignore[arg-type]


def test_wrong_tries_with_a_passkey_soon_have_to_wait(fan: Person) -> None:
    device = phone()
    make(fan, device)
    answers = [sign_in(fan.app, device, ceremony="cer_none").status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    assert sign_in(fan.app, device).status_code == 429


def test_who_signed_in_long_ago_changes_no_passkeys(
    fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(fan, phone())
    monkeypatch.setattr(auth, "FRESH_S", -1)
    for method, path in (
        ("POST", "/api/v1/passkeys/options"),
        ("DELETE", f"/api/v1/passkeys/{made['id']}"),
    ):
        answer = fan.call(method, path)
        assert (answer.status_code, "sign in again" in answer.text) == (403, True)
    shown = fan.browser().get("/account/security").text
    assert "Sign in again" in shown
    assert "/remove" not in shown
    assert len(fan.call("GET", "/api/v1/passkeys").json["passkeys"]) == 1  # type: ignore[index]


def test_nobody_removes_a_passkey_of_another(fan: Person, other: Person) -> None:
    made = make(fan, phone())
    assert other.call("DELETE", f"/api/v1/passkeys/{made['id']}").status_code == 404
    assert len(fan.call("GET", "/api/v1/passkeys").json["passkeys"]) == 1  # type: ignore[index]


def test_nonsense_names_its_field_and_is_not_repeated(app: Flask) -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"ceremony": "cer_x"},
        {"ceremony": "cer_x", "credential": "{"},
        {"ceremony": "cer_x", "credential": "{}" + " " * 20_000},
        {"ceremony": "cer_x", "credential": [1]},
        {"ceremony": "cer_x" * 40, "credential": {}},
    ]
    for body in bodies:
        answer = app.test_client().post("/api/v1/sessions/passkey", json=body)
        assert answer.status_code == 422
        assert answer.json["field"] in ("ceremony", "credential")  # type: ignore[index]
        assert len(answer.data) < 2_000


def asked(browser: FlaskClient, page: str, path: str) -> Any:
    """Ask as the page's script does: with the token of the page's form."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', read(browser.get(page)))
    assert token
    accept = {"Accept": "application/json"}
    return browser.post(path, data={"csrf_token": token[1]}, headers=accept).json


def test_the_pages_make_use_and_remove_a_passkey(fan: Person) -> None:
    device, browser, page = phone(), fan.browser(), "/account/security"
    made = json.dumps(device.make(asked(browser, page, f"{page}/options")))
    answer = send(browser, page, f"{page}/passkeys", credential=made, name="Kitchen tablet")
    assert answer.location == f"{page}?saved=made"
    assert "Kitchen tablet" in read(browser.get(answer.location))

    visitor, way = browser_of(fan.app), "/sign-in?next=/orders"
    said = json.dumps(device.answer(asked(visitor, way, "/sign-in/passkey/options")))
    fields = {"credential": said, "next": "/orders"}
    stolen = send(browser_of(fan.app), way, "/sign-in/passkey", 401, **fields)
    assert "answered already" in read(stolen, 401), "another browser was asked, not this one"
    assert send(visitor, way, "/sign-in/passkey", **fields).location == "/orders"
    assert "My orders" in read(visitor.get("/orders"))

    (mine,) = services.passkeys().of(fan.account.account_id)
    answer = send(browser, page, f"{page}/passkeys/{mine.passkey_id}/remove")
    assert answer.location == f"{page}?saved=removed"
    assert services.passkeys().of(fan.account.account_id) == []


def test_a_form_without_an_answer_says_so_and_loses_nothing(fan: Person) -> None:
    page = "/account/security"
    answer = send(fan.browser(), page, f"{page}/passkeys", 422, credential="", name="Tablet")
    assert 'value="Tablet"' in read(answer, 422)


def test_where_browsers_have_no_passkeys_the_site_says_so(
    fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRTICKET_PUBLIC_URL", "http://127.0.0.1:8000")
    settings.cache_clear()
    forget()
    assert "This site has no passkeys" in read(fan.browser().get("/account/security"))
    assert "passkey" not in read(browser_of(fan.app).get("/sign-in"))
    answer = fan.app.test_client().post(OPTIONS)
    assert (answer.status_code, "localhost" in answer.text) == (404, True)


@pytest.fixture
def challenged(fan: Person, sale: Sale) -> Person:
    """A fan in the line who is asked to confirm that it is them."""
    line = clients.line(sale.sale_id)
    line.join(fan.fan(sale), "{}")
    line.set_verdict(fan.fan(sale), "challenge", "[]")
    return fan


def confirm(person: Person, sale: Sale, device: Authenticator) -> Any:
    path = f"/api/v1/sales/{sale.sale_id}/challenge/passkey"
    wish = person.call("POST", f"{path}/options")
    if wish.status_code != 200:
        return wish
    body = {"ceremony": wish.json["ceremony"], "credential": device.answer(wish.json["options"])}  # type: ignore[index]
    return person.call("POST", path, json=body)


def verdict(person: Person, sale: Sale) -> str:
    return clients.line(sale.sale_id).position(person.fan(sale)).verdict


def logged() -> list[Any]:
    """The rules of the newest verdict that is on its way to the log."""
    rows = clients.database().query(OUTBOX, kind="ledger")
    rules: list[Any] = [row["entry"].get("rules") for row in rows][-1]
    return rules


def test_an_older_passkey_lifts_a_challenge_and_the_place_is_kept(fan: Person, sale: Sale) -> None:
    device, line = phone(), clients.line(sale.sale_id)
    make(fan, device)
    arrival = line.join(fan.fan(sale), "{}")
    line.set_verdict(fan.fan(sale), "challenge", "[]")
    page = read(fan.browser().get(f"/sales/{sale.sale_id}/line"))
    assert "Confirm with my passkey" in page
    assert confirm(fan, sale, device).status_code == 200
    assert verdict(fan, sale) == "admit"
    assert logged() == ["passkey_answered"]
    assert line.arrived(fan.fan(sale)) == arrival.at_us


def test_a_passkey_that_is_younger_than_the_place_proves_nothing(
    challenged: Person, sale: Sale
) -> None:
    device = phone()
    make(challenged, device)
    answer = confirm(challenged, sale, device)
    assert answer.status_code == 409
    assert "your place is kept" in answer.json["detail"]
    assert "code" in answer.json["remedy"]
    page = read(challenged.browser().get(f"/sales/{sale.sale_id}/line"))
    assert "good for the next sale" in page
    assert "Confirm with my passkey" not in page
    assert verdict(challenged, sale) == "challenge"


def test_somebody_elses_passkey_does_not_confirm_and_goes_are_limited(
    fan: Person, other: Person, sale: Sale
) -> None:
    mine, theirs = phone(), phone()
    make(fan, mine)
    make(other, theirs)
    line = clients.line(sale.sale_id)
    line.join(fan.fan(sale), "{}")
    line.set_verdict(fan.fan(sale), "challenge", "[]")
    answers = [confirm(fan, sale, theirs).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]
    assert confirm(fan, sale, mine).status_code == 429
    code = fan.call("POST", f"/api/v1/sales/{sale.sale_id}/challenge")
    assert code.status_code == 429, "one limit for all ways"
    assert verdict(fan, sale) == "challenge"


def test_a_code_may_come_to_a_phone_that_has_answered(
    challenged: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, who = f"/api/v1/sales/{sale.sale_id}/challenge", challenged.account.account_id
    by_phone = {"way": "phone"}
    assert challenged.call("POST", path, json=by_phone).status_code == 409
    monkeypatch.setenv("FAIRTICKET_SNS_REGION", "eu-central-1")
    settings.cache_clear()
    clients.contacts().set_phone(who, "+4915112345678")
    unread = {**clients.database().get(ACCOUNTS, account_id=who), "verified": False}  # type: ignore[dict-item]
    clients.database().put(ACCOUNTS, unread)
    page = read(challenged.browser().get(f"/sales/{sale.sale_id}/line"))
    assert "the number that ends in 78" in page
    assert "12345678" not in page
    assert challenged.call("POST", path, json=by_phone).status_code == 202
    (letter,) = [row for row in clients.database().scan(OUTBOX) if row.get("template")]
    assert (letter["way"], letter["template"]) == ("sms", "challenge_code")
    code = {"code": letter["data"]["code"]}
    assert challenged.call("POST", f"{path}/answer", json=code).status_code == 200
    assert verdict(challenged, sale) == "admit"
    assert logged() == ["phone_code_answered"]
    assert not clients.accounts().get(who).verified, "it was the phone that answered"
