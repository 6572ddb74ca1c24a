"""A fan gives a seat back on their phone, and the next on the waiting list buys it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from fairness.clock import SECOND, iso, now_us
from tests.journeys.conftest import ANDROID, PHONE, PICTURES, served
from tests.web.conftest import app, fan, organiser, other, sale, site
from tests.web.site import CARD, Person, account, call_to_shop, hold, pay
from tests.workers.stage import GOOD_CARD
from web import auth
from workers import aftersale, clients, lanes, orders, steps

__all__ = ["app", "fan", "organiser", "other", "sale", "site"]
pytestmark = pytest.mark.journey


@pytest.fixture
def address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The site on a port of its own; a task that is sent is done at once."""

    def work(step: str, *args: object) -> None:
        if step == steps.PAY:
            lanes.drain(step, str(args[0]), str(args[1]), str(args[2]), orders.charge)

    monkeypatch.setattr(steps, "send", work)
    with served(app) as url:
        yield url


def page_of(browser: Browser, address: str, person: Person) -> Page:
    context = browser.new_context(
        base_url=address,
        viewport=PHONE,  # type: ignore[arg-type]
        user_agent=ANDROID,
        locale="en-GB",
    )
    context.set_default_timeout(20_000)
    context.add_cookies([{"name": auth.TOKEN_COOKIE, "value": person.token, "url": address}])
    return context.new_page()


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"aftersale-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def sold_out(app: Flask, sale: Sale, fan: Person) -> None:
    """The fan has two seats, others all the rest."""
    hold(sale, fan, "ord_mine", "A-1", "A-2")
    pay("ord_mine", clients.payments().tokenise(GOOD_CARD))
    rest = [f"{row}-{n}" for row in "AB" for n in range(1, 9)][2:]
    for start in range(0, len(rest), 4):
        hold(sale, Person(app, account()), f"ord_other{start}", *rest[start : start + 4])
        pay(f"ord_other{start}", clients.payments().tokenise(GOOD_CARD))


def test_a_seat_that_is_given_back_is_bought_by_who_waits(
    app: Flask, address: str, browser: Browser, organiser: Person, fan: Person, other: Person,
    sale: Sale,
) -> None:  # fmt: skip
    call_to_shop(sale, fan, other)
    sold_out(app, sale, fan)
    desk = page_of(browser, address, organiser)
    desk.goto(f"/organiser/sales/{sale.sale_id}/orders#returns")
    desk.get_by_label("Tickets are taken back").select_option("when_resold")
    desk.locator("#returns").get_by_label("Until (UTC)").fill(iso(now_us() + 3_600 * SECOND)[:16])
    desk.locator("#returns").get_by_role("button", name="Save").click()
    expect(desk.get_by_label("Tickets are taken back")).to_have_value("when_resold")
    picture(desk, "organiser")

    waits = page_of(browser, address, other)
    waits.goto(f"/events/{sale.event_id}")
    waits.get_by_role("link", name="Waiting list").click()
    picture(waits, "wish")
    waits.get_by_label("A · €75.00").check()
    waits.get_by_role("button", name="Put me on the waiting list").click()
    expect(waits.get_by_text("You are on the waiting list")).to_be_visible()
    picture(waits, "waiting")

    gives = page_of(browser, address, fan)
    gives.goto("/orders/ord_mine")
    gives.get_by_text("Cannot come? Give seats back").click()
    gives.locator("#return input[value='A-2']").check()
    picture(gives, "return")
    gives.get_by_role("button", name="Give these seats back").click()
    expect(gives.get_by_text("goes back when the seat is sold again")).to_be_visible()
    picture(gives, "returned")
    aftersale.aftersale()

    waits.reload()
    waits.get_by_role("link", name="To your seats").click()
    picture(waits, "offer")
    for name, value in CARD.items():
        waits.locator(f"input[name={name}]").fill(value)
    waits.locator("#pay").click()
    expect(waits.get_by_role("heading", name="Enjoy the show!")).to_be_visible()
    aftersale.aftersale()
    gives.reload()
    expect(gives.get_by_text("was sent back")).to_be_visible()
    desk.goto(f"/organiser/sales/{sale.sale_id}/orders?state=partly")
    expect(desk.get_by_text("Found: 1")).to_be_visible()
