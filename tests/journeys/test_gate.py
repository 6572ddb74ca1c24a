"""Tickets shown and scanned in real browsers, with the network and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from boxoffice.sales.model import Sale
from boxoffice.tickets.model import Ticket
from fairness.clock import SECOND, now_us
from tests.journeys.conftest import PHONE, picture, served
from tests.web.conftest import app, fan, organiser, sale, site  # noqa: F401 - fixtures
from tests.web.site import Person, tickets_of
from tests.web.test_gate import Device, bought
from web import auth, services

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]
# Chromium on Linux reads no bar codes: this stands for a phone's, and for what it sees.
SEEING = """
window.seen = "";
window.BarcodeDetector = class {
  async detect() { return window.seen ? [{ rawValue: window.seen }] : []; }
};
const canvas = document.createElement("canvas");
canvas.getContext("2d");
navigator.mediaDevices.getUserMedia = async () => canvas.captureStream();
"""


@dataclass
class Phone:
    """A gate's page in a browser of its own."""

    context: BrowserContext
    page: Page

    def scan(self, code: str) -> str:
        self.page.locator("#verdict").evaluate("box => delete box.dataset.reason")
        self.page.fill("#code", code)
        self.page.press("#code", "Enter")
        self.page.wait_for_selector("#verdict[data-reason]")
        return str(self.page.locator("#verdict").get_attribute("data-reason"))


Opened = Callable[..., BrowserContext]


@pytest.fixture
def opened(browser: Browser, app: Flask) -> Iterator[Opened]:  # noqa: F811
    with served(app) as base:
        contexts = list[BrowserContext]()

        def opened(person: Person | None = None) -> BrowserContext:
            context = browser.new_context(base_url=base, viewport=PHONE)  # type: ignore[arg-type]
            context.set_default_timeout(15_000)
            if person:
                context.add_cookies(
                    [{"name": auth.TOKEN_COOKIE, "value": person.token, "url": base}]
                )
            contexts.append(context)
            return context

        yield opened
        for context in contexts:
            context.close()


def phone(opened: Opened, device: Device, script: str = "") -> Phone:
    context = opened()
    page = context.new_page()
    if script:
        page.add_init_script(script)
    page.goto(f"{device.base.replace('/api/v1', '')}#{device.token}")
    page.wait_for_selector("body[data-ready=yes][data-kept=yes]")
    return Phone(context, page)


def code(ticket: Ticket, ago_s: int = 0) -> str:
    return services.tickets().codes.current(ticket, now_us() - ago_s * SECOND)


def test_gates_without_a_network_say_yes_and_no_and_find_the_double_entry_when_it_is_back(
    opened: Opened,
    app: Flask,  # noqa: F811
    organiser: Person,  # noqa: F811
    fan: Person,  # noqa: F811
    sale: Sale,  # noqa: F811
) -> None:
    for seat in ("A-1", "B-2"):
        bought(fan, sale, seat)
    (one,) = tickets_of("ord_A-1")
    (two,) = tickets_of("ord_B-2")
    services.gates().annul(two, "bought with a stolen card")
    north, south = (phone(opened, Device(app, organiser, sale, n)) for n in ("North", "South"))
    for gate in (north, south):
        gate.context.set_offline(True)
        gate.page.wait_for_selector("body[data-online=false]")
    assert "#" not in north.page.url
    assert north.scan(code(one, ago_s=120)) == "old"
    picture(north.page, "gate-old")
    assert north.scan(services.tickets().codes.signed(one)) == "picture"
    assert north.scan(code(one).replace("FT1.W", "FT1.X")) == "forged"
    assert north.scan(code(two)) == "annulled"
    assert "stolen card" in north.page.inner_text("#verdict")
    assert north.scan(code(one)) == "in"
    picture(north.page, "gate-yes")
    assert north.scan(code(one)) == "already"
    north.page.reload()
    north.page.wait_for_selector("body[data-ready=yes]")
    assert north.scan(code(one)) == "already"
    assert "North" in north.page.inner_text("#verdict")
    north.page.check("input[value=out]")
    assert north.scan(code(one)) == "out"
    assert north.scan(code(one)) == "not-inside"
    north.page.check("input[value=in]")
    assert north.scan(code(one)) == "in"
    assert south.scan(code(one)) == "in"  # nobody can know it yet
    for gate in (north, south):
        gate.context.set_offline(False)
        gate.page.wait_for_selector("body[data-online=true]")
        gate.page.wait_for_selector("#pending:empty", state="attached")
    south.page.wait_for_selector("#doubles li")
    assert "North" in south.page.inner_text("#doubles")
    assert south.scan(code(one)) == "already"
    picture(south.page, "gate-double")
    (double,) = services.gates().report(sale.performance_id).doubles
    assert [scan.way for scan in double.scans] == ["in", "out", "in", "in"]


def test_the_page_of_a_ticket_changes_its_code_and_a_camera_reads_it(
    opened: Opened,
    app: Flask,  # noqa: F811
    organiser: Person,  # noqa: F811
    fan: Person,  # noqa: F811
    sale: Sale,  # noqa: F811
) -> None:
    ticket = bought(fan, sale)
    (known,) = tickets_of("ord_A-1")
    shown, gate = opened(fan).new_page(), phone(opened, Device(app, organiser, sale), SEEING)
    shown.clock.install()
    shown.goto(f"/tickets/{ticket}")
    box = shown.locator("[data-ticket][data-code]")
    first = str(box.get_attribute("data-code"))
    assert first in (code(known), code(known, ago_s=30))
    picture(shown, "ticket")
    shown.context.set_offline(True)
    shown.clock.fast_forward(30_000)
    shown.wait_for_function(
        "first => document.querySelector('[data-code]').dataset.code !== first", arg=first
    )
    later = str(box.get_attribute("data-code"))
    assert later.rpartition(".")[0] == first.rpartition(".")[0]
    gate.page.click("#camera")
    gate.page.evaluate("code => { window.seen = code; }", code(known))
    gate.page.wait_for_selector("#verdict[data-reason=in]")
    assert gate.page.inner_text("#verdict .seat") == "Stalls · A · 1"
    (entry,) = services.gates().report(sale.performance_id).entries
    assert len(entry.scans) == 1
