"""A paid order is looked at: the fan reads why, the organiser undoes and clears, tickets come."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from boxoffice.reviews.model import UNDO_US
from boxoffice.sales.model import Sale
from fairness.clock import now_us
from tests.journeys.conftest import PICTURES
from tests.journeys.test_aftersale import address, page_of
from tests.web.conftest import app, fan, organiser, other, sale, site
from tests.web.site import Person, tickets_of
from tests.web.test_reviews import waiting
from workers import clients, standing

__all__ = ["address", "app", "fan", "organiser", "other", "sale", "site", "waiting"]
pytestmark = pytest.mark.journey


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"reviews-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def test_an_order_that_is_looked_at_is_cleared_on_the_desk(
    address: str, browser: Browser, organiser: Person, fan: Person, sale: Sale, waiting: str
) -> None:
    mine, console = page_of(browser, address, fan), page_of(browser, address, organiser)
    mine.goto(f"/orders/{waiting}")
    expect(mine.get_by_role("heading", name="Your tickets follow")).to_be_visible()
    picture(mine, "fan-waits")
    mine.get_by_role("link", name="Tell the organiser something").click()
    mine.get_by_label("Tell the organiser, in your own words").fill("We are sisters.")
    picture(mine, "fan-says")

    console.goto(f"/organiser/sales/{sale.sale_id}/desk")
    console.get_by_role("link", name="Orders to look at").click()
    picture(console, "desk")
    console.get_by_role("button", name="Give the money back").click()
    console.get_by_role("button", name="Undo").click()
    console.get_by_role("button", name="Issue the tickets").click()
    expect(console.get_by_text("waits", exact=True)).to_be_visible()
    picture(console, "decided")

    (order,) = clients.reviews().see_to(sale.sale_id, now_us() + UNDO_US)
    standing.show([order])
    mine.goto(f"/orders/{waiting}")
    expect(mine.get_by_role("heading", name="Enjoy the show!")).to_be_visible()
    assert len(tickets_of(waiting)) == 2
