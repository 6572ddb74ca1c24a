"""How a fan wants to be written to; dates that are moved, and who is told."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask

from boxoffice.notices.bounces import Bounce
from boxoffice.notices.news import News
from boxoffice.notices.unsubscribing import Unsubscribing
from boxoffice.outbox import MAILS
from boxoffice.tables import OUTBOX
from fairness.clock import SECOND, iso, now_us
from tests.web.site import PASSWORD, Person, account, put_on_sale
from web import notice_pages
from workers import clients, steps
from workers.settings import settings

PAGE = "/account/notices"


def _post(person: Person, path: str, **fields: str) -> int:
    client = person.browser()
    page = client.get(PAGE).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return client.post(path, data={**fields, "csrf_token": found[1]}).status_code


def test_the_language_of_the_browser_at_sign_up_is_that_of_the_letters(app: Flask) -> None:
    body = {"email": "aino@posteo.example", "name": "Aino", "password": PASSWORD}
    spoken = {"Accept-Language": "fr;q=0.4, es-MX, en;q=0.5"}
    made = app.test_client().post("/api/v1/accounts", json=body, headers=spoken)
    assert clients.contacts().get(made.json["id"]).language == "es"  # type: ignore[index]


def test_a_fan_chooses_language_and_reminders(fan: Person) -> None:
    me = fan.account.account_id
    assert _post(fan, PAGE, language="de", **{"your_turn.mail": "on"}) == 303
    mine = clients.contacts().get(me)
    assert mine.language == "de"
    assert mine.takes("your_turn", "mail")
    assert not mine.takes("hold_ending", "mail")
    page = fan.browser().get(PAGE).get_data(as_text=True)
    assert page.count(" checked") == 1
    assert "always come" in page  # why the others cannot be switched off
    assert _post(fan, PAGE, language="xx") == 422


def test_who_cannot_be_reached_reads_it_and_may_have_it_tried_again(fan: Person) -> None:
    contacts, me = clients.contacts(), fan.account.account_id
    assert "could not reach you" not in fan.browser().get(PAGE).get_data(as_text=True)
    contacts.bounced(me, "550 no such user", now_us())
    assert "A mail to you came back" in fan.browser().get("/orders").get_data(as_text=True)
    assert "could not reach you" in fan.browser().get(PAGE).get_data(as_text=True)
    assert _post(fan, f"{PAGE}/address") == 303
    assert contacts.get(me).unreachable_us == 0


def test_one_press_ends_a_reminder_without_signing_in(app: Flask, fan: Person) -> None:
    me, client = fan.account.account_id, app.test_client()
    link = Unsubscribing(settings().pepper).url("", me, "your_turn")
    assert client.get(link).status_code == 200
    assert clients.contacts().get(me).takes("your_turn", "mail")  # looking changes nothing
    pressed = {"List-Unsubscribe": "One-Click"}  # RFC 8058, section 3.2; no cookie, no form
    assert client.post(link, data=pressed).status_code == 200
    mine = clients.contacts().get(me)
    assert not mine.takes("your_turn", "mail")
    assert mine.takes("hold_ending", "mail")
    for forged in (link.replace("your_turn", "hold_ending"), link.replace(me, "acc_x")):
        assert client.post(forged).status_code == 404


def test_a_moved_date_is_written_down_for_those_who_have_tickets(app: Flask) -> None:
    owner, other = Person(app, account("organiser")), Person(app, account("organiser"))
    sale = put_on_sale(owner.account)
    path = f"/api/v1/organiser/performances/{sale.performance_id}/start"
    later = now_us() // SECOND * SECOND + 90_000 * SECOND
    for _ in range(2):  # twice is once
        answer = owner.call("PUT", path, {"starts_at": iso(later)})
        assert answer.status_code == 200
    (news,) = News(clients.database()).open()
    assert (news.performance_id, news.starts_at_us) == (sale.performance_id, later)
    assert clients.catalogue().performance(sale.performance_id).starts_at_us == later
    assert other.call("PUT", path, {"starts_at": iso(later + SECOND)}).status_code == 403
    gone = owner.call("PUT", path, {"starts_at": "2020-01-01T00:00:00Z"})
    assert (gone.status_code, gone.json["field"]) == (422, "starts_at")  # type: ignore[index]
    assert not [row for kind in MAILS for row in clients.database().query(OUTBOX, kind=kind)]


def test_a_telephone_number_is_used_once_it_has_answered(
    fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts, me = clients.contacts(), fan.account.account_id
    assert _post(fan, "/account/phone", phone="+49 151 12345678") == 404  # not switched on
    monkeypatch.setattr(notice_pages, "settings", lambda: replace(settings(), sns_region="x"))
    monkeypatch.setattr(steps, "send", lambda *_: None)
    assert _post(fan, "/account/phone", phone="0151 12345678") == 422
    assert _post(fan, "/account/phone", phone="+49 (151) 123-45678") == 303
    assert contacts.get(me).phone == ""
    (row,) = clients.database().query(OUTBOX, kind="sms")
    assert row["template"] == "phone_code"
    assert row["way"] == "sms"
    assert "12345678" not in str(row)
    wrong = "000000" if row["data"]["code"] != "000000" else "000001"
    assert _post(fan, "/account/phone/code", code=wrong) == 422
    assert _post(fan, "/account/phone/code", code=row["data"]["code"]) == 303
    assert contacts.get(me).phone == "+4915112345678"
    page = fan.browser().get(PAGE).get_data(as_text=True)
    assert "hold_ending.sms" in page
    assert "tickets_soon.sms" not in page  # it can wait
    assert _post(fan, PAGE, language="en", **{"your_turn.sms": "on"}) == 303
    assert contacts.get(me).takes("your_turn", "sms")
    assert _post(fan, "/account/phone") == 303
    assert not contacts.get(me).takes("your_turn", "sms")


def test_a_bounce_that_sns_tells_is_noted_with_the_account(
    app: Flask, fan: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = app.test_client()
    assert client.post("/webhooks/ses", data=b"{}").status_code == 404  # not switched on
    monkeypatch.setattr(notice_pages, "settings", lambda: replace(settings(), bounce_topic="arn:x"))
    assert client.post("/webhooks/ses", data=b'{"TopicArn": "arn:y"}').status_code == 403
    told = [Bounce(fan.account.email, "550 no such user"), Bounce("x@example.org", "gone")]
    monkeypatch.setattr(notice_pages, "bounces", lambda body, topic: told)
    assert client.post("/webhooks/ses", data=b"signed").status_code == 200
    mine = clients.contacts().get(fan.account.account_id)
    assert mine.unreachable_why == "550 no such user"
