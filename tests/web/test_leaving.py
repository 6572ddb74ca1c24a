"""Leaving for good: refused while something would be lost, undone by a sign-in, and then gone."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask

from boxoffice.accounts.leaving import GRACE_US, SIGN_IN_S, Leaving
from boxoffice.accounts.passkey_store import Passkey, PasskeyStore
from boxoffice.notices.devices import Device
from boxoffice.outbox import MAILS
from boxoffice.sales.model import Sale
from boxoffice.tables import ACCOUNTS, DEVICES, EMAILS, OUTBOX
from fairness import keys
from fairness.clock import SECOND, now_us
from fairness.errors import Rebuilding, Rejected
from tests.web.site import PASSWORD, Person, account, call_to_shop, enter, hold, pay
from tests.web.test_pages import read, send
from tests.workers import stage
from web import auth, ended
from workers import clients, leaving

ACCOUNT = "/api/v1/account"
LATER = GRACE_US + SECOND


@pytest.fixture
def ada(app: Flask) -> Person:
    """Somebody with a password, a passkey and a device."""
    email = f"{secrets.token_hex(5)}@posteo.example"
    made = clients.accounts().sign_up(email, PASSWORD, "Ada", now_us=now_us())
    me = made.account_id
    key = Passkey(f"cred-{me}", me, "My phone", "x", 0, (), now_us())
    assert PasskeyStore(clients.database()).create(key)
    device = Device(me, "dev_1", "https://push.example/1", "k", "a", "Chrome, Android", now_us())
    clients.database().put(DEVICES, {name: getattr(device, name) for name in Device.__slots__})
    return Person(app, made)


def sign_in(person: Person) -> Any:
    body = {"email": person.account.email, "password": PASSWORD}
    return person.app.test_client().post("/api/v1/sessions", json=body)


def mails(person: Person) -> list[str]:
    rows = [row for kind in MAILS for row in clients.database().query(OUTBOX, kind=kind)]
    mine = [row for row in rows if row["account_id"] == person.account.account_id]
    return [row["template"] for row in sorted(mine, key=lambda row: row["promise_id"])]


def leave(person: Person) -> Any:
    return person.call("DELETE", ACCOUNT)


def run(later_us: int) -> None:
    """Do what the clock's task does, at a later time."""
    now = now_us() + later_us
    for going in clients.accounts().leaving.all():
        leaving.see_to(going, now)


def with_token(app: Flask, token: str, path: str = "/api/v1/orders") -> int:
    answer = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def test_an_account_goes_after_a_week_with_all_that_tells_who_it_was(ada: Person) -> None:
    me, db = ada.account.account_id, clients.database()
    assert leave(ada).status_code == 200
    assert leave(ada).status_code in (200, 401)
    assert mails(ada) == ["passkey_added", "account_leaving"]
    run(GRACE_US // 2)
    assert clients.accounts().get(me).email == ada.account.email
    run(LATER)
    for _ in range(2):  # twice is once
        run(LATER)
        assert db.get(ACCOUNTS, account_id=me) is None
        assert clients.accounts().find(ada.account.email) is None
        assert list(db.query(DEVICES, account_id=me)) == []
        assert PasskeyStore(db).get(f"cred-{me}") is None
    assert sign_in(ada).status_code == 401
    assert ada.account.email not in str(list(db.scan(OUTBOX)) + list(db.scan(EMAILS)))
    again = clients.accounts().sign_up(ada.account.email, PASSWORD, "Ada", now_us=now_us())
    assert again.account_id != me
    run(SIGN_IN_S * SECOND + SECOND)
    assert clients.accounts().leaving.get(me) is None


def test_all_sign_ins_end_at_once_also_on_the_short_way(ada: Person, sale: Sale) -> None:
    before = ada.token
    place = f"/api/v1/sales/{sale.sale_id}/place"
    assert with_token(ada.app, before) == 200
    assert with_token(ada.app, before, place) == 200
    assert leave(ada).status_code == 200
    assert with_token(ada.app, before) == 401
    assert with_token(ada.app, before, place) == 401
    browser = ada.app.test_client()
    browser.set_cookie(auth.TOKEN_COOKIE, before)
    assert browser.get("/orders", headers={"Accept": "text/html"}).status_code == 303
    assert sign_in(ada).status_code == 201
    assert with_token(ada.app, before) == 401, "an old sign-in came back to life"


def test_another_process_learns_of_it_and_so_does_a_new_store(
    ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ada.token
    assert leave(ada).status_code == 200
    monkeypatch.setattr(ended, "_known", {})
    monkeypatch.setattr(ended, "_next_s", 0.0)
    assert with_token(ada.app, before) == 401
    clients.redis().delete(keys.signed_out())
    run(0)
    monkeypatch.setattr(ended, "_known", {})
    monkeypatch.setattr(ended, "_next_s", 0.0)
    assert with_token(ada.app, before) == 401


def test_who_signs_in_within_the_week_keeps_the_account(ada: Person) -> None:
    assert leave(ada).status_code == 200
    found = sign_in(ada)
    assert found.status_code == 201
    assert with_token(ada.app, found.json["token"]) == 200
    run(LATER)
    assert clients.accounts().get(ada.account.account_id).leaving_us == 0
    assert sorted(mails(ada)) == ["account_kept", "account_leaving", "passkey_added"]
    assert PasskeyStore(clients.database()).get(f"cred-{ada.account.account_id}")


def test_of_a_sign_in_and_a_removal_at_once_one_wins(ada: Person) -> None:
    """Whoever comes second finds that it is done, and does nothing."""
    me, them = ada.account.account_id, Leaving(clients.database())
    assert leave(ada).status_code == 200
    going = them.get(me)
    assert going
    assert them.stay(me, now_us())
    assert not them.remove(going)
    assert clients.accounts().get(me)
    asked = clients.accounts().leave(me, now_us())
    assert them.remove(asked)
    assert not them.stay(me, now_us())
    assert not them.remove(asked)


def test_a_removal_that_died_half_way_is_finished(ada: Person) -> None:
    me, them = ada.account.account_id, Leaving(clients.database())
    assert leave(ada).status_code == 200
    going = them.get(me)
    assert going
    assert them.remove(replace(going))
    assert PasskeyStore(clients.database()).of(me)
    run(LATER)
    assert PasskeyStore(clients.database()).of(me) == []


def test_nothing_is_removed_while_something_of_the_fan_would_be_lost(
    ada: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = f"/sales/{sale.sale_id}/line"
    call_to_shop(sale, ada)
    told = leave(ada)
    assert (told.status_code, told.json["value"]) == (409, [line])
    enter(sale, ada)
    order_id = f"ord_{secrets.token_urlsafe(12)}"
    hold(sale, ada, order_id, "A-1")
    page = f"/orders/{order_id}"
    assert leave(ada).json["value"] == [page, line]
    pay(order_id, clients.payments().tokenise(stage.GOOD_CARD))
    clients.line(sale.sale_id).finish(ada.fan(sale))
    assert leave(ada).json["value"] == [page]
    assert page in read(ada.browser().get("/account/leave"))
    performance = clients.catalogue().performance(sale.performance_id)
    monkeypatch.setattr(leaving, "EVENING_US", now_us() - performance.starts_at_us - SECOND)
    assert leave(ada).status_code == 200


def test_a_place_taken_meanwhile_puts_the_removal_off(ada: Person, sale: Sale) -> None:
    assert leave(ada).status_code == 200
    clients.line(sale.sale_id).join(ada.fan(sale), "{}")
    run(LATER)
    assert clients.accounts().get(ada.account.account_id)
    clients.line(sale.sale_id).leave(ada.fan(sale))
    run(LATER)
    with pytest.raises(Rejected):
        clients.accounts().get(ada.account.account_id)


def test_one_whose_line_is_away_holds_up_nobody_else(
    app: Flask, ada: Person, sale: Sale, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [Person(app, account()) for _ in range(3)]
    assert all(leave(person).status_code == 200 for person in (ada, *others))
    looked = leaving.in_the_way

    def away(account_id: str, now_us: int) -> list[leaving.Hindrance]:
        if account_id == ada.account.account_id:
            raise Rebuilding
        return looked(account_id, now_us)

    monkeypatch.setattr(leaving, "in_the_way", away)
    monkeypatch.setattr(leaving, "now_us", lambda: now_us() + LATER)
    leaving.leaving()
    ids = [person.account.account_id for person in (ada, *others)]
    assert set(clients.accounts().get_many(ids)) == {ada.account.account_id}


def test_an_old_sign_in_and_an_organiser_are_refused_kindly(
    ada: Person, organiser: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leave(organiser).status_code == 403
    assert "organiser" in read(organiser.browser().get("/account/leave"))
    monkeypatch.setattr(auth, "FRESH_S", -1)
    assert leave(ada).status_code == 403
    assert "/sign-in?next=/account/leave" in read(ada.browser().get("/account/leave"))


def test_the_page_asks_whether_one_is_sure(ada: Person) -> None:
    browser = ada.browser()
    asked = send(browser, "/account/leave", "/account/leave", 422)
    assert "please say that you are sure" in asked.text.lower()
    left = send(browser, "/account/leave", "/account/leave", sure="yes")
    assert left.headers["Location"] == "/sign-in?left=1"
    assert "signed out on all devices" in read(browser.get("/sign-in?left=1"))
    fields = {"email": ada.account.email, "password": PASSWORD}
    back = send(browser, "/sign-in?left=1", "/sign-in", **fields)
    assert back.headers["Location"] == "/account/leave?kept=1"
    assert "your account stays" in read(browser.get("/account/leave?kept=1"))
