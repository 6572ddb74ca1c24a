"""A fan passes a ticket on by a link; the friend accepts on another phone, and the gate knows."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from fairness.clock import SECOND, iso, now_us
from tests.journeys.conftest import PICTURES
from tests.journeys.test_aftersale import page_of
from tests.journeys.test_seats import address
from tests.web.conftest import app, fan, organiser, other, sale, site
from tests.web.site import Person
from tests.web.test_transfers import bought

__all__ = ["address", "app", "fan", "organiser", "other", "sale", "site"]
pytestmark = pytest.mark.journey


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 360, "height": 780})
    page.screenshot(path=PICTURES / f"transfer-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def test_a_ticket_goes_to_a_friend_and_the_old_one_dies(
    app: Flask, address: str, browser: Browser, organiser: Person, fan: Person, other: Person,
    sale: Sale,
) -> None:  # fmt: skip
    desk = page_of(browser, address, organiser)
    desk.goto(f"/organiser/sales/{sale.sale_id}/orders#transfers")
    desk.get_by_label("Tickets may be passed on").select_option("once")
    until = iso(now_us() + 3_600 * SECOND)[:16]
    desk.locator("#pass_until").fill(until)
    desk.locator("#transfers button").click()
    expect(desk.get_by_label("Tickets may be passed on")).to_have_value("once")
    picture(desk, "rules")
    mine = page_of(browser, address, fan)
    mine.goto(f"/orders/{bought(sale, fan, 'A-1', 'A-2')}")
    old = str(mine.get_by_role("link", name="Open ticket").first.get_attribute("href"))
    mine.get_by_text("Pass a ticket on to a friend").click()
    mine.get_by_label("Your friend's name").fill("Mina")
    picture(mine, "form")
    mine.get_by_role("button", name="Make a link").click()
    link = mine.get_by_label("The link, for your friend only").input_value()
    picture(mine, "link")
    path = re.sub(r"^https?://[^/]+", "", link)
    theirs = page_of(browser, address, other)
    theirs.goto(path)
    expect(theirs.get_by_role("heading", name="has a ticket for you")).to_be_visible()
    picture(theirs, "offer")
    theirs.get_by_role("button", name="Accept the ticket").click()
    expect(theirs.get_by_text("A friend passed this ticket on to you")).to_be_visible()
    picture(theirs, "theirs")
    mine.goto("/orders/ord_mine")
    expect(mine.get_by_text("has accepted")).to_be_visible()
    picture(mine, "mine")
    mine.goto(old)
    expect(mine.get_by_text("who has a new one")).to_be_visible()
    picture(mine, "old")
