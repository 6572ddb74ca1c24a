"""A fan leaves for good: first what is in the way, then the change of mind."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from tests.journeys.conftest import ANDROID, PICTURES, served
from tests.web.conftest import app, organiser, sale, site
from tests.web.site import PASSWORD

__all__ = ["app", "organiser", "sale", "site"]
pytestmark = pytest.mark.journey
SMALL = {"width": 360, "height": 740}
EMAIL = "aino@posteo.example"


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"leaving-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def test_a_fan_sees_what_is_in_the_way_leaves_and_changes_their_mind(
    browser: Browser, app: object, sale: Sale
) -> None:
    with served(app) as url:  # type: ignore[arg-type]
        context = browser.new_context(
            base_url=url,
            viewport=SMALL,  # type: ignore[arg-type]
            user_agent=ANDROID,
            locale="en-GB",
        )
        other_device = browser.new_context(base_url=url, user_agent=ANDROID, locale="en-GB")
        try:
            _journey(context.new_page(), other_device.new_page(), sale)
        finally:
            context.close()
            other_device.close()


def _journey(page: Page, other: Page, sale: Sale) -> None:
    page.goto(f"/sign-up?next=/sales/{sale.sale_id}/line")
    page.get_by_label("Name").fill("Aino")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    page.get_by_role("button", name="Join the line").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    sign_in(other)
    other.goto("/orders")
    expect(other.get_by_role("heading", name="My orders")).to_be_visible()
    page.goto("/orders")
    page.get_by_role("link", name="Remove my account").click()
    expect(page.get_by_role("heading", name="something of yours would be lost")).to_be_visible()
    picture(page, "refused")
    page.get_by_role("link", name="Winter Sinfonia").click()
    page.get_by_text("Leave the line").click()
    page.get_by_role("button", name="Yes, give up my place").click()
    expect(page.get_by_role("heading", name="You are in")).to_have_count(0)
    page.goto("/account/leave")
    picture(page, "asked")
    page.get_by_label("Yes, I want my account removed").check()
    page.get_by_role("button", name="Remove my account").click()
    expect(page.get_by_text("You are signed out on all devices")).to_be_visible()
    picture(page, "left")
    other.goto("/orders")
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(page)
    expect(page.get_by_text("Welcome back.")).to_be_visible()
    picture(page, "kept")


def sign_in(page: Page) -> None:
    if not page.url.endswith("left=1"):
        page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
