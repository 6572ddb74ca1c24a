"""Organisers' webhooks in the API and the console, told by the workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from boxoffice.sales.model import Sale
from fairness.clock import SECOND, iso, now_us
from tests.boxoffice.webhooks.receiver import Receiver, receiver
from tests.web.site import Person, account, hold, pay
from tests.workers.stage import GOOD_CARD
from workers import clients, journal, telling, webhooks

PATH = "/api/v1/organiser/webhooks"


@pytest.fixture
def other_system() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture(autouse=True)
def _forget() -> None:
    telling._organiser_of.cache_clear()


def add(organiser: Person, url: str, **more: Any) -> Any:
    answer = organiser.call("POST", PATH, {"url": url, **more})
    assert answer.status_code == 201, answer.json
    return answer.json


def test_a_sale_is_told_from_the_act_to_the_ticket(
    organiser: Person, fan: Person, sale: Sale, other_system: Receiver
) -> None:
    endpoint = add(organiser, other_system.url)
    hold(sale, fan, "ord_mine", "A-1")
    pay("ord_mine", clients.payments().tokenise(GOOD_CARD))
    clients.sales().pause(sale.sale_id, organiser.account.account_id, now_us())
    journal.write_down()
    journal.write_down()  # twice is once
    webhooks.deliver()
    webhooks.deliver()
    told = [other_system.checked(endpoint["secret"], n) for n in range(len(other_system.got))]
    kinds = sorted(one["type"] for one in told)
    assert kinds == sorted(
        ["sale.scheduled", "sale.opened", "order.held", "order.paid", "ticket.issued",
         "sale.paused"]
    )  # fmt: skip
    assert {one["data"]["sale_id"] for one in told} == {sale.sale_id}
    assert fan.account.account_id not in str(told)
    log = organiser.call("GET", f"{PATH}/{endpoint['endpoint_id']}/deliveries").json
    assert {one["state"] for one in log["deliveries"]} == {"sent"}  # type: ignore[index]
    again = organiser.call(
        "POST", f"{PATH}/{endpoint['endpoint_id']}/replay", {"since": iso(now_us() - 9 * SECOND)}
    )
    assert again.status_code == 202
    webhooks.deliver()
    assert len(other_system.ids) == len(kinds) + again.json["events"]  # type: ignore[index]
    assert len(set(other_system.ids)) == len(kinds)


def test_an_endpoint_is_its_organisers_alone(
    app: Flask, organiser: Person, fan: Person, other_system: Receiver
) -> None:
    path = f"{PATH}/{add(organiser, other_system.url)['endpoint_id']}"
    rival = Person(app, account("organiser"))
    assert rival.call("GET", f"{path}/deliveries").status_code == 404
    assert rival.call("POST", f"{path}/secret").status_code == 404
    assert rival.call("GET", PATH).json == {"endpoints": []}
    assert fan.call("GET", PATH).status_code == 403
    assert rival.browser().get(path.removeprefix("/api/v1")).status_code == 404


def test_what_is_no_endpoint_is_refused_by_field(organiser: Person) -> None:
    for body, field in (
        ({"url": "ftp://x.example"}, "url"),
        ({"url": "https://x.example", "types": ["nonsense"]}, "types"),
        ({}, "url"),
    ):
        answer = organiser.call("POST", PATH, body)
        assert (answer.status_code, answer.json["field"]) == (422, field)  # type: ignore[index]


def test_an_endpoint_is_changed_by_the_api(organiser: Person, other_system: Receiver) -> None:
    made = add(organiser, other_system.url, types=["order.paid"])
    path = f"{PATH}/{made['endpoint_id']}"
    assert organiser.call("POST", f"{path}/secret").json["secret"] != made["secret"]  # type: ignore[index]
    assert organiser.call("PUT", f"{path}/active", {"active": False}).json["active"] is False  # type: ignore[index]
    assert organiser.call("POST", f"{path}/test").status_code == 409
    assert organiser.call("POST", f"{path}/replay", {}).status_code == 422
    for _ in range(2):
        assert organiser.call("DELETE", path).status_code == 200


def test_the_console_shows_what_arrived_and_sends_it_again(
    organiser: Person, other_system: Receiver
) -> None:
    browser = organiser.browser()
    browser.application.config["WTF_CSRF_ENABLED"] = False
    form = {"url": other_system.url, "types": ["order.paid", "sale.closed"]}
    made = browser.post("/organiser/webhooks", data=form)
    assert made.status_code == 303, made.text
    page = made.headers["Location"]
    browser.post(f"{page}/act", data={"act": "test"})
    webhooks.deliver()
    shown = browser.get(page).text
    assert "This is a test event" in shown
    assert "whsec_" in shown
    (event_id,) = other_system.ids
    assert browser.post(f"{page}/act", data={"event_id": event_id}).status_code == 303
    webhooks.deliver()
    assert other_system.ids == [event_id] * 2
    since = {"since": iso(now_us() - 9 * SECOND)[:16]}
    assert browser.post(f"{page}/act", data=since).status_code == 303
    browser.post(f"{page}/act", data={"act": "off"})
    assert "switched off by the organiser" in browser.get(page).text
    refused = browser.post(f"{page}/act", data={"act": "test"})
    assert (refused.status_code, "switch it on first" in refused.text) == (409, True)
    browser.post(f"{page}/act", data={"act": "on"})
    browser.post(f"{page}/act", data={"act": "rotate"})
    assert browser.post(f"{page}/act", data={"act": "remove"}).status_code == 303
    wrong = browser.post("/organiser/webhooks", data={"url": "nothing"})
    assert (wrong.status_code, "no address for a webhook" in wrong.text) == (422, True)
