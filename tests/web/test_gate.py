"""The gate: links, rules and reports of the organiser, the API of a device, the fan's codes."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from boxoffice.sales.model import Sale
from fairness.clock import now_us
from tests.web.site import Person, hold, pay, tickets_of
from tests.workers.stage import GOOD_CARD
from web import services
from workers import clients


def bought(fan: Person, sale: Sale, seat: str = "A-1") -> str:
    hold(sale, fan, f"ord_{seat}", seat)
    pay(f"ord_{seat}", clients.payments().tokenise(GOOD_CARD))
    (ticket,) = tickets_of(f"ord_{seat}")
    return ticket.ticket_id


def api(organiser: Person, method: str, path: str, body: Any = None) -> TestResponse:
    return organiser.call(method, f"/api/v1/organiser/{path}", body)


class Device:
    """A phone at the door."""

    def __init__(self, app: Flask, organiser: Person, sale: Sale, name: str = "North") -> None:
        self.path = f"performances/{sale.performance_id}/gates"
        made: Any = api(organiser, "POST", self.path, {"name": name}).json
        self.gate_id, (self.page, self.token) = made["gate_id"], made["link"].split("#")
        self.client, self.base = app.test_client(), f"/api/v1/gate/{sale.performance_id}"

    def call(self, path: str, body: Any = None) -> TestResponse:
        return self.client.open(
            f"{self.base}/{path}",
            method="POST" if body else "GET",
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def show(self, code: str, scan: str, way: str = "in") -> Any:
        return self.call("check", {"code": code, "scan_id": scan, "way": way}).json


def test_a_ticket_is_bought_shown_let_in_and_refused_the_second_time(
    app: Flask, organiser: Person, fan: Person, other: Person, sale: Sale
) -> None:
    ticket, device = bought(fan, sale), Device(app, organiser, sale)
    codes: Any = fan.call("GET", f"/api/v1/tickets/{ticket}/codes").json
    step = codes["now_us"] // 1_000_000 // codes["step_s"]
    code = next(one["code"] for one in codes["codes"] if one["step"] == step)
    assert all(one["svg"].startswith("<svg") for one in codes["codes"])
    assert other.call("GET", f"/api/v1/tickets/{ticket}/codes").status_code == 403
    yes = device.show(code, "s1")
    assert (yes["yes"], yes["words"], yes["seat"]) == (True, "Come in", "Stalls · A · 1")
    no = device.show(code, "s2")
    assert (no["yes"], no["reason"], no["other"]["gate"]) == (False, "already", "North")
    assert device.show(codes["codes"][-1]["code"], "s3")["reason"] == "old"
    scans = [{"scan_id": "s4", "ticket_id": ticket, "way": "in", "at_us": now_us() + 10**12}]
    for _ in range(2):
        merged: Any = device.call("scans", {"scans": scans}).json
        assert merged["answers"][0]["reason"] == "already"
    seen: Any = api(organiser, "GET", device.path).json
    assert (seen["entered"], seen["inside"], len(seen["doubles"])) == (1, 1, 1)
    assert seen["doubles"][0]["scans"][1]["at_us"] <= now_us()  # a clock ran ahead
    page = organiser.browser().get(f"/organiser/dates/{sale.performance_id}/gate").text
    assert "More than one person with one ticket" in page
    assert ticket in page


def test_the_bundle_is_for_the_gate_alone_and_names_nobody_unless_the_organiser_says_so(
    app: Flask, organiser: Person, fan: Person, other: Person, sale: Sale
) -> None:
    ticket, device = bought(fan, sale), Device(app, organiser, sale)
    bundle: Any = device.call("bundle").json
    assert bundle["tickets"] == {ticket: ["Stalls · A · 1"]}
    assert fan.account.name not in str(bundle)
    rules = f"performances/{sale.performance_id}/gate-rules"
    assert api(organiser, "PUT", rules, {"printed": False, "names": True}).status_code == 200
    bundle = device.call("bundle").json
    assert bundle["tickets"][ticket][1] == fan.account.name
    assert not bundle["printed"]
    for token in (fan.token, organiser.token, "gate_x", ""):
        stranger = Device.__new__(Device)
        stranger.client, stranger.base, stranger.token = device.client, device.base, token
        assert stranger.call("bundle").status_code == 401
    assert api(other, "POST", device.path, {"name": "Mine"}).status_code == 403
    assert api(organiser, "DELETE", f"{device.path}/{device.gate_id}").status_code == 200
    assert device.call("bundle").status_code == 401


def test_an_annulled_ticket_has_no_code_and_every_gate_says_why(
    app: Flask, organiser: Person, fan: Person, sale: Sale
) -> None:
    ticket, device = bought(fan, sale), Device(app, organiser, sale)
    (found,) = tickets_of("ord_A-1")
    code = services.tickets().codes.current(found, now_us())
    path = f"tickets/{ticket}/annulment"
    assert api(fan, "POST", path, {"because": "no"}).status_code == 403
    assert api(organiser, "POST", path, {"because": "sold on"}).status_code == 200
    answer = device.show(code, "s1")
    assert (answer["reason"], answer["because"]) == ("annulled", "sold on")
    assert device.call("bundle").json["annulled"] == {ticket: "sold on"}  # type: ignore[index]
    assert fan.call("GET", f"/api/v1/tickets/{ticket}/codes").status_code == 409
    page = fan.browser().get(f"/tickets/{ticket}")
    assert "has been annulled" in page.text
    assert "data-ticket" not in page.text


def test_the_ticket_page_names_the_holder_and_the_pdf_follows_the_organisers_rule(
    app: Flask, organiser: Person, fan: Person, sale: Sale
) -> None:
    ticket, browser = bought(fan, sale), fan.browser()
    page = browser.get(f"/tickets/{ticket}").text
    assert fan.account.name in page
    assert "ticket.pdf" in page
    pdf = browser.get(f"/tickets/{ticket}/ticket.pdf")
    assert pdf.content_type == "application/pdf"
    for words in ("Winter Sinfonia", "Lahti", "Stalls", fan.account.name, "75.00", "ord_A-1"):
        assert words.encode("cp1252") in pdf.data
    rules = f"performances/{sale.performance_id}/gate-rules"
    api(organiser, "PUT", rules, {"printed": False})
    assert browser.get(f"/tickets/{ticket}/ticket.pdf").status_code == 403
    assert "ticket.pdf" not in browser.get(f"/tickets/{ticket}").text


def test_the_console_opens_closes_and_rules_the_gates(
    organiser: Person, fan: Person, sale: Sale
) -> None:
    import re

    ticket, browser = bought(fan, sale), organiser.browser()
    here = f"/organiser/dates/{sale.performance_id}/gate"
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(here).text)
    assert found

    def post(path: str, **fields: str) -> TestResponse:
        return browser.post(here + path, data={"csrf_token": found[1], **fields})

    page = post("", name="North door").text
    link = re.search(r'id="link">[^<]+/gate/[^<]+#(gate_[\w-]+)<', page)
    assert link
    assert link[1] not in browser.get(here).text
    gate = services.gates().of_token(sale.performance_id, link[1], now_us())
    assert post("/rules", names="true").status_code == 303
    assert services.gates().rules(sale.performance_id).names
    assert not services.gates().rules(sale.performance_id).printed
    assert post("/annulment", ticket_id="tkt_none", because="x").status_code == 404
    assert post("/annulment", ticket_id=ticket, because="sold on").status_code == 303
    assert post(f"/{gate.gate_id}/close").status_code == 303
    assert "closed" in browser.get(here).text


def test_only_the_gates_page_may_use_the_camera(app: Flask, sale: Sale) -> None:
    client = app.test_client()
    page = client.get(f"/gate/{sale.performance_id}")
    assert "camera=(self)" in page.headers["Permissions-Policy"]
    assert "camera=()" in client.get("/").headers["Permissions-Policy"]
    worker = client.get("/gate/worker.js")
    assert worker.content_type.startswith("text/javascript")
    assert worker.headers["Cache-Control"] == "no-cache"
