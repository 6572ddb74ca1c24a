"""A fan makes a passkey on their phone, signs in with it, and keeps their place by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from boxoffice.sales.model import Sale
from fairness.identity import fan_of
from tests.journeys.conftest import ANDROID, PICTURES, served
from tests.web.conftest import app, forget, organiser, sale, site
from tests.web.site import PASSWORD
from workers import clients
from workers.settings import settings

__all__ = ["app", "organiser", "sale", "site"]
pytestmark = pytest.mark.journey
SMALL = {"width": 360, "height": 740}


@pytest.fixture
def address(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The site under a name that browsers have passkeys for."""
    with served(app) as url:
        named = url.replace("127.0.0.1", "localhost")
        monkeypatch.setenv("FAIRTICKET_PUBLIC_URL", named)
        settings.cache_clear()
        forget()
        yield named


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A phone that unlocks itself whenever a page asks for a passkey."""
    context = browser.new_context(
        base_url=address,
        viewport=SMALL,  # type: ignore[arg-type]
        user_agent=ANDROID,
        locale="en-GB",
    )
    context.set_default_timeout(20_000)
    page = context.new_page()
    phone = context.new_cdp_session(page)
    phone.send("WebAuthn.enable")
    can = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
        "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    phone.send("WebAuthn.addVirtualAuthenticator", {"options": can})
    yield page
    context.close()


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"passkey-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def sign_up_with_a_passkey(page: Page) -> None:
    page.goto("/sign-up?next=/account/security")
    page.get_by_label("Name").fill("Aino")
    page.get_by_label("E-mail").fill("aino@posteo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_text("You have none yet.")).to_be_visible()
    picture(page, "none")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("Your passkey is ready")).to_be_visible()
    expect(page.get_by_role("heading", name="Chrome, Android")).to_be_visible()


def test_a_passkey_signs_in_where_a_password_would(page: Page) -> None:
    sign_up_with_a_passkey(page)
    picture(page, "made")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.get_by_text("This device has a passkey of this account already.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in?next=/account/security")
    picture(page, "sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("listitem").filter(has_text="Last used")).to_be_visible()
    page.get_by_role("button", name="Remove Chrome, Android").click()
    expect(page.get_by_text("The passkey is removed.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("We do not know this passkey")).to_be_visible()
    picture(page, "unknown")


def test_who_is_asked_to_confirm_does_so_by_passkey_and_keeps_the_place(
    page: Page, sale: Sale
) -> None:
    sign_up_with_a_passkey(page)
    page.goto(f"/sales/{sale.sale_id}/line")
    page.get_by_role("button", name="Join the line").click()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    account = clients.accounts().find("aino@posteo.example")
    assert account
    line, me = clients.line(sale.sale_id), fan_of(sale.key, account.account_id)
    came_us = line.arrived(me)
    line.set_verdict(me, "challenge", "[]")
    page.reload()
    expect(page.get_by_role("heading", name="Please confirm that it is you")).to_be_visible()
    picture(page, "challenge")
    page.get_by_role("button", name="Confirm with my passkey").click()
    expect(page.get_by_role("heading", name="Please confirm that it is you")).to_have_count(0)
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    assert line.position(me).verdict == "admit"
    assert line.arrived(me) == came_us
