"""A fan is a moment late, takes what is offered instead, and reads why the best are the best."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from tests.journeys.conftest import PICTURES
from tests.journeys.test_aftersale import page_of
from tests.journeys.test_seats import address
from tests.web.conftest import app, fan, organiser, other, sale, site
from tests.web.site import Person, call_to_shop, enter, hold
from tests.workers import stage
from web import auth
from workers import steps

__all__ = ["address", "app", "fan", "organiser", "other", "sale", "site"]
pytestmark = pytest.mark.journey


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 360, "height": 780})
    page.screenshot(path=PICTURES / f"next-best-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def test_a_fan_who_is_a_moment_late_takes_what_is_offered_instead(
    app: Flask,
    address: str,
    browser: Browser,
    fan: Person,
    other: Person,
    sale: Sale,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = list[tuple[object, ...]]()
    monkeypatch.setattr(steps, "send", lambda *work: asked.append(work))
    call_to_shop(sale, fan, other)
    hold(sale, other, "ord_other", "A-3", "A-4")
    hold(sale, fan, "ord_late", "A-3", "A-4")
    page = page_of(browser, address, fan)
    path = f"/sales/{sale.sale_id}/"
    pass_cookie = {"name": auth.PASS_COOKIE, "value": enter(sale, fan)}
    page.context.add_cookies([{**pass_cookie, "domain": "127.0.0.1", "path": path}])
    page.goto("/orders/ord_late")
    expect(page.get_by_role("heading", name="the nearest to those you chose")).to_be_visible()
    expect(page.locator("#instead li").first).to_contain_text("row A, seat 5")
    picture(page, "refused")
    page.get_by_role("button", name="Take these instead").click()
    page.wait_for_url("**/orders/ord_*")
    assert [work[0] for work in asked].count(steps.ALLOCATE) == 1
    stage.allocate(
        "ord_best", sale.sale_id, other.account.account_id, other.fan(sale), None, {"count": 2}
    )
    mine = page_of(browser, address, other)
    mine.goto("/orders/ord_best")
    expect(mine.locator("#why")).to_contain_text("nearest to the middle of the stage")
    picture(mine, "why")
