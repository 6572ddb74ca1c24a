"""A fan's browsers that show notices: added by a press, told through the outbox, removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from boxoffice.notices.devices import Device
from fairness.clock import SECOND, now_us
from tests.boxoffice.notices.pushed import PushService, push_service
from tests.web.site import Person, account
from tests.workers import stage
from web import device_pages
from workers import clients, notices
from workers.settings import settings

PAGE = "/account/notices"


@pytest.fixture
def pushing(site: stage.Mailbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    with push_service() as one:
        monkeypatch.setenv("FAIRTICKET_PUSH_SERVICES", one.url)
        stage.forget()
        yield one


def _post(person: Person, path: str, **fields: str) -> tuple[int, str]:
    client = person.browser()
    page = client.get(PAGE).get_data(as_text=True)
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    answer = client.post(path, data={**fields, "csrf_token": found[1]})
    return answer.status_code, answer.get_data(as_text=True)


def _add(person: Person, device: Device) -> int:
    keys = {"endpoint": device.endpoint, "p256dh": device.key, "auth": device.auth}
    return _post(person, "/account/devices", **keys)[0]


def _move(app: Flask, account_id: str, before: str, after: Device) -> int:
    """Send what a browser's worker sends: nobody is signed in there, and it has no form."""
    told = {"account": account_id, "before": before, "endpoint": after.endpoint}
    keys = {"p256dh": after.key, "auth": after.auth}
    return app.test_client().post("/account/devices/moved", json={**told, **keys}).status_code


def test_a_device_whose_browser_changed_its_address_stays_the_same_device(
    pushing: PushService, app: Flask, fan: Person
) -> None:
    me = fan.account.account_id
    first, second = pushing.device(me), pushing.device(me)
    assert _add(fan, first) == 303
    (before,) = clients.devices().of(me)
    for _ in range(2):  # twice is once
        assert _move(app, me, first.endpoint, second) == 204
        (after,) = clients.devices().of(me)
        assert (after.endpoint, after.key) == (second.endpoint, second.key)
        assert (after.name, after.added_us) == (before.name, before.added_us)
    until = {"sale_id": "sale_1", "about": "Kullervo", "until_us": now_us() + 300 * SECOND}
    clients.notices().promise("your_turn", me, until, "turn-1", now_us())
    notices.deliver()
    assert [push.device_id for push in pushing.got] == [second.device_id]


def test_nobody_moves_a_device_whose_address_they_do_not_know(
    pushing: PushService, app: Flask, fan: Person
) -> None:
    me = fan.account.account_id
    mine, evil = pushing.device(me), pushing.device(me)
    assert _add(fan, mine) == 303
    assert _move(app, me, f"{mine.endpoint}x", evil) == 404
    assert _move(app, account().account_id, mine.endpoint, evil) == 404
    elsewhere = replace(evil, endpoint="https://evil.example/1")
    assert _move(app, me, mine.endpoint, elsewhere) == 422
    assert [device.endpoint for device in clients.devices().of(me)] == [mine.endpoint]


def test_a_device_that_was_added_is_told_of_the_turn_through_the_outbox(
    pushing: PushService, fan: Person
) -> None:
    me = fan.account.account_id
    device = pushing.device(me)
    assert _add(fan, device) == 303
    mine = clients.contacts().get(me)
    assert mine.takes("your_turn", "push")
    assert mine.takes("your_turn", "mail")  # as before

    until = {"sale_id": "sale_1", "about": "Kullervo", "until_us": now_us() + 300 * SECOND}
    clients.notices().promise("your_turn", me, until, "turn-1", now_us())
    for _ in range(2):
        notices.deliver()
    (push,) = pushing.got
    assert push.device_id == device.device_id
    assert push.told["title"] == "It is your turn: Kullervo"
    assert push.told["url"] == "http://tickets.example/sales/sale_1/line"
    assert fan.account.name not in str(push.told)


def test_the_page_lists_devices_and_a_fan_chooses_what_is_pushed(
    pushing: PushService, fan: Person
) -> None:
    me = fan.account.account_id
    page = fan.browser().get(PAGE).get_data(as_text=True)
    assert "your_turn.push" not in page
    assert "Show notices on this device" in page
    for _ in range(2):
        _add(fan, pushing.device(me))
    page = fan.browser().get(PAGE).get_data(as_text=True)
    assert page.count('data-device="dev_') == 2
    _post(fan, PAGE, language="en", **{"your_turn.push": "on"})
    mine = clients.contacts().get(me)
    assert mine.takes("your_turn", "push")
    assert not mine.takes("tickets_soon", "push")
    _add(fan, pushing.device(me))  # another device changes no choice
    assert not clients.contacts().get(me).takes("tickets_soon", "push")


def test_a_device_is_removed_by_its_owner_only(
    app: Flask, pushing: PushService, fan: Person
) -> None:
    device, other = pushing.device(fan.account.account_id), Person(app, account())
    _add(fan, device)
    path = f"/account/devices/{device.device_id}/remove"
    assert _post(other, path)[0] == 303
    assert len(clients.devices().of(fan.account.account_id)) == 1
    assert _post(fan, path)[0] == 303
    assert clients.devices().of(fan.account.account_id) == []


def test_an_address_of_nobody_we_know_is_refused_on_the_page(
    pushing: PushService, fan: Person
) -> None:
    keys = {"endpoint": "https://10.0.0.8/x", "p256dh": "AA", "auth": "AA"}
    status, page = _post(fan, "/account/devices", **keys)
    assert status == 422
    assert "reached by a service that we do not know" in page
    assert "mails and short messages reach you all the same" in page


def test_without_a_key_the_page_says_nothing_of_devices(
    site: stage.Mailbox, monkeypatch: pytest.MonkeyPatch, fan: Person
) -> None:
    monkeypatch.delenv("FAIRTICKET_PUSH_KEY")
    stage.forget()
    assert not settings().push_key
    assert "On this device" not in fan.browser().get(PAGE).get_data(as_text=True)
    assert _post(fan, "/account/devices")[0] == 404


def test_the_worker_is_found_by_anybody_and_never_kept(app: Flask) -> None:
    answer = app.test_client().get("/account/worker.js")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/javascript")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (
            "Mozilla/5.0 (Android 14; Mobile) Gecko/140.0 Firefox/140.0",
            "Firefox, Android",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari, iPhone"),
        ("curl/8", "?, ?"),
    ],
)
def test_a_device_has_a_name_that_its_owner_knows(agent: str, name: str) -> None:
    assert device_pages.name_of(agent) == name
