"""Who is let in, and by what."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from boxoffice.sales.model import Sale
from tests.web.site import PASSWORD, Person
from web import auth
from workers import clients

SIGN_UP = {"email": "aino@posteo.example", "name": "Aino", "password": PASSWORD}


def test_who_signed_up_can_sign_in_and_is_recognised(app: Flask) -> None:
    client = app.test_client()
    assert client.post("/api/v1/accounts", json=SIGN_UP).status_code == 201
    body = {name: SIGN_UP[name] for name in ("email", "password")}
    answer = client.post("/api/v1/sessions", json=body)
    assert answer.status_code == 201
    token = answer.json["token"]  # type: ignore[index]
    mine = client.get("/api/v1/orders", headers={"Authorization": f"Bearer {token}"})
    assert mine.json == {"orders": []}


def test_an_address_has_one_account(app: Flask) -> None:
    client = app.test_client()
    client.post("/api/v1/accounts", json=SIGN_UP)
    assert client.post("/api/v1/accounts", json=SIGN_UP).status_code == 409


def test_nobody_becomes_an_organiser_by_asking(app: Flask) -> None:
    answer = app.test_client().post("/api/v1/accounts", json={**SIGN_UP, "role": "organiser"})
    assert answer.status_code == 422
    assert answer.json["field"] == "role"  # type: ignore[index]


def test_guessing_a_password_soon_has_to_wait_and_so_does_the_right_one(app: Flask) -> None:
    client = app.test_client()
    client.post("/api/v1/accounts", json=SIGN_UP)
    wrong = {"email": SIGN_UP["email"], "password": "wrong wrong"}
    answers = [client.post("/api/v1/sessions", json=wrong).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
    answer = client.post("/api/v1/sessions", json={**wrong, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("token", ["", "x", "eyJhIjoiYWNjXzEifQ.x.y"])
def test_a_forged_token_is_nobody(app: Flask, token: str) -> None:
    answer = app.test_client().get("/api/v1/orders", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.json["remedy"]  # type: ignore[index]
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_is_good_for_two_weeks_only(fan: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    token = fan.token
    monkeypatch.setattr(auth, "TOKEN_LIFE_S", -1)
    answer = fan.app.test_client().get(
        "/api/v1/orders", headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == 401


def test_a_cookie_reads_the_api_but_never_writes(fan: Person, sale: Sale) -> None:
    browser, path = fan.browser(), f"/api/v1/sales/{sale.sale_id}/place"
    assert browser.get(path).status_code == 200
    assert browser.put(path, json={}).status_code == 401
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None


def test_a_form_without_its_token_changes_nothing(fan: Person, sale: Sale) -> None:
    answer = fan.browser().post(f"/sales/{sale.sale_id}/line/join")
    assert answer.status_code == 400
    assert b"reload the page" in answer.data
    assert clients.line(sale.sale_id).arrived(fan.fan(sale)) is None


def test_a_fan_is_no_organiser(fan: Person, sale: Sale) -> None:
    path = f"/api/v1/organiser/sales/{sale.sale_id}"
    for answer in (fan.call("GET", path), fan.call("POST", f"{path}/acts/pause")):
        assert answer.status_code == 403
    assert clients.sales().get(sale.sale_id).state == "open"


def test_a_token_that_says_organiser_is_not_enough(fan: Person) -> None:
    token = auth.issue(fan.account.account_id, "organiser", "device")
    answer = fan.app.test_client().get(
        "/organiser", headers={"Authorization": f"Bearer {token}", "Accept": "application/json"}
    )
    assert answer.status_code == 403


def test_a_person_is_led_to_the_sign_in_and_back(app: Flask) -> None:
    answer = app.test_client().get("/orders?q=x", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=%2Forders%3Fq%3Dx"


@pytest.mark.parametrize("way", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_signing_in_never_leads_to_another_site(app: Flask, way: str) -> None:
    page = app.test_client().get("/sign-in", query_string={"next": way})
    assert 'name="next" value="/"' in page.text
    for place in re.findall(r'(?:value|href|action)="([^"]*evil[^"]*)"', page.text):
        assert place.startswith("/sign-in?next="), "only this page itself may be named"
