"""The site in the reader's language: chosen by the browser, or by the reader on any page."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.web.site import Person
from web import texts
from workers import clients

GERMAN = {"Accept-Language": "de-AT,en;q=0.5"}


def choose(browser, language: str, page: str = "/how-it-is-fair") -> TestResponse:  # type: ignore[no-untyped-def]
    """Press the button of a language at the foot of a page."""
    import re

    text = browser.get(page).get_data(as_text=True)
    form = text[text.index('action="/language"') :]
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    way = re.search(r'name="next" value="([^"]+)"', form)
    assert token
    assert way
    fields = {"csrf_token": token[1], "next": way[1], "language": language}
    return browser.post("/language", data=fields)


def test_a_page_is_in_the_language_of_the_browser(app: Flask) -> None:
    page = app.test_client().get("/sign-in", headers=GERMAN)
    text = page.get_data(as_text=True)
    assert '<html lang="de">' in text
    assert "Passwort" in text
    assert page.headers["Content-Language"] == "de"
    assert {"Accept-Language", "Cookie"} <= set(page.vary)


def test_the_language_chosen_on_a_page_stays_and_leads_back_there(app: Flask) -> None:
    browser = app.test_client()
    answer = choose(browser, "es", "/?q=Ada")
    assert answer.headers["Location"] == "/?q=Ada"
    text = browser.get("/how-it-is-fair", headers=GERMAN).get_data(as_text=True)
    assert '<html lang="es">' in text
    assert 'value="es" lang="es" aria-current="true">Español' in text
    assert choose(browser, "xx").status_code == 422


def test_a_fan_is_written_to_in_the_language_that_they_choose(fan: Person) -> None:
    assert choose(fan.browser(), "de", "/orders").status_code == 303
    assert clients.contacts().get(fan.account.account_id).language == "de"


def test_amounts_numbers_and_days_are_written_as_the_reader_does(app: Flask) -> None:
    with app.test_request_context(headers=GERMAN):
        from web import views

        assert views.money(123_450, "EUR") == "1.234,50\xa0€"
        assert views.number(12_345) == "12.345"
        assert "Mo., 23. Nov. 2026, 06:00 UTC" in views.moment(1_795_413_600_000_000)
        assert texts.ngettext("{count} seat", "{count} seats", 1) == "1 Platz"
        assert texts.ngettext("{count} seat", "{count} seats", 1_000) == "1.000 Plätze"


def test_what_a_rule_said_is_told_in_the_readers_language(app: Flask) -> None:
    with app.test_request_context(headers=GERMAN):
        assert texts.told("this is not an e-mail address") == "das ist keine E-Mail-Adresse"
        assert texts.told("at most 6 tickets per person, over all orders and linked accounts") == (
            "höchstens 6 Tickets pro Person, über alle Bestellungen und verbundenen Konten"
        )
        assert texts.told("name: string should have at least 1 character") == (
            "name: mindestens 1 Zeichen"
        )
        assert texts.told("nothing that any rule says") == "nothing that any rule says"
        assert texts.told("x" * 2_000) == "x" * 2_000
    with app.test_request_context():
        assert texts.told("this is not an e-mail address") == "this is not an e-mail address"


def test_a_page_that_refuses_does_so_in_the_readers_language(app: Flask) -> None:
    page = app.test_client().get("/events/evt_none", headers=GERMAN | {"Accept": "text/html"})
    text = page.get_data(as_text=True)
    assert page.status_code == 404
    assert "Was du tun kannst" in text
    document = app.test_client().get("/api/v1/events/evt_none", headers=GERMAN)
    assert "check" in document.get_json()["remedy"]


@pytest.mark.parametrize("language", ["de", "es"])
def test_a_time_inside_a_text_stays_a_time(app: Flask, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        from web import views

        when = views.moment(1_795_413_600_000_000)
        said = texts._(
            "You joined the line of {title} on {when}. We have signed that: keep it, it is proof.",
            title="<b>",
            when=when,
        )
        assert "<time datetime=" in said
        assert "&lt;b&gt;" in said
