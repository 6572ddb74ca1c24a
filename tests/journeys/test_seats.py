"""The organiser changes seats on the map, with the keyboard, on a phone; and takes it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from tests.journeys.conftest import PICTURES, served
from tests.journeys.test_aftersale import page_of
from tests.web.conftest import app, fan, organiser, sale, site
from tests.web.site import Person, call_to_shop, hold

__all__ = ["app", "fan", "organiser", "sale", "site"]
pytestmark = pytest.mark.journey


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    with served(app) as url:
        yield url


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 360, "height": 780})
    page.screenshot(path=PICTURES / f"seats-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def test_seats_are_blocked_and_moved_on_the_map_with_the_keyboard(
    app: Flask, address: str, browser: Browser, organiser: Person, fan: Person, sale: Sale
) -> None:
    call_to_shop(sale, fan)
    hold(sale, fan, "ord_mine", "A-4")
    page = page_of(browser, address, organiser)
    page.goto(f"/organiser/sales/{sale.sale_id}/seats")
    hall = page.get_by_role("listbox")
    hall.focus()
    hall.press("Enter")
    hall.press("ArrowRight")
    hall.press(" ")
    expect(page.locator("#picked")).to_have_text("Seats chosen: 2")
    picture(page, "chosen")
    page.get_by_label("Hold them back, because").fill("camera")
    page.get_by_role("button", name="Hold back", exact=True).click()
    expect(page.get_by_text("Done: held back (camera)")).to_be_visible()
    expect(page.locator("#zones td[data-state=blocked]")).to_have_text("2")
    picture(page, "blocked")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: on sale again")).to_be_visible()
    page.get_by_label("Zone").select_option("Stalls")
    page.get_by_label("Row").fill("A")
    page.get_by_role("button", name="Change the price").click()
    expect(page.get_by_role("alert")).to_contain_text("A-4")
    picture(page, "refused")
