"""A fan pays through Stripe on a phone: the card never comes to us, and the bank asks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect

from boxoffice.sales.model import Sale
from tests.journeys.conftest import ANDROID, PICTURES, served
from tests.localstripe import ASKS_BANK, DECLINED, Stripe
from tests.web.conftest import app, fan, organiser, sale, site
from tests.web.site import Person, hold
from tests.web.test_payments import through_stripe
from tests.workers.stage import Mailbox
from web import auth
from workers import lanes, orders, steps

__all__ = ["app", "fan", "organiser", "sale", "site"]
pytestmark = pytest.mark.journey

# What our page asks of Stripe's script, spoken to the real server of its API by the routes below.
SCRIPT = """
window.Stripe = (key) => {
  const ask = (path, body) => fetch("https://api.stripe.com" + path, { method: "POST", body }).then((a) => a.json());
  let input;
  return {
    elements: (options) => ({
      create: () => ({
        on: (name, then) => name === "ready" && setTimeout(then, 0),
        mount: (box) => {
          input = document.createElement("input");
          input.setAttribute("aria-label", "Card number");
          document.querySelector(box).append(input);
        },
      }),
      submit: async () => input.value.length < 16 ? { error: { message: "Your card number is incomplete." } } : {},
    }),
    createPaymentMethod: async () => ({ paymentMethod: await ask("/methods", input.value) }),
    handleNextAction: ({ clientSecret }) => ask("/bank", clientSecret),
  };
};
"""  # noqa: E501


@pytest.fixture
def paid_by_stripe(site: Mailbox, stripe: Stripe, monkeypatch: pytest.MonkeyPatch) -> None:
    through_stripe(stripe, monkeypatch)


@pytest.fixture
def address(paid_by_stripe: None, app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The site on a port of its own; a task that is sent is done at once."""

    def work(step: str, *args: object) -> None:
        if step == steps.PAY:
            lanes.drain(step, str(args[0]), str(args[1]), str(args[2]), orders.charge)
        if step == steps.LOOK_AT_PAYMENT:
            orders.look_at_payment(str(args[0]))

    monkeypatch.setattr(steps, "send", work)
    with served(app) as url:
        yield url


def page_of(browser: Browser, address: str, fan: Person, stripe: Stripe) -> Page:
    context = browser.new_context(
        base_url=address, viewport={"width": 360, "height": 740}, user_agent=ANDROID
    )
    context.add_cookies([{"name": auth.TOKEN_COOKIE, "value": fan.token, "url": address}])
    page = context.new_page()

    def serve(route: Route) -> None:
        said = route.request.post_data or ""
        if route.request.url.endswith("/bank"):
            stripe.authenticate(said)
            answer: dict[str, str] = {}
        else:
            answer = {"id": stripe.method(said)}
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=json.dumps(answer), content_type="application/json", headers=headers)

    page.route("https://api.stripe.com/**", serve)
    page.route(
        "https://js.stripe.com/**",
        lambda route: route.fulfill(body=SCRIPT, content_type="text/javascript"),
    )
    return page


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"payment-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, f"{name} is wider than a phone"


def test_a_card_is_declined_another_is_asked_for_by_its_bank_and_pays(
    address: str, browser: Browser, fan: Person, sale: Sale, stripe: Stripe
) -> None:
    hold(sale, fan, "ord_mine", "A-1")
    page = page_of(browser, address, fan, stripe)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto("/orders/ord_mine")
    card, pay = page.get_by_label("Card number"), page.get_by_role("button", name="Pay €75.00")
    card.fill("4242")
    pay.click()
    expect(page.get_by_text("Your card number is incomplete.")).to_be_visible()
    picture(page, "incomplete")
    card.fill(DECLINED)
    pay.click()
    expect(page.get_by_text("The bank declined the card.")).to_be_visible()
    picture(page, "declined")
    card.fill(ASKS_BANK)
    pay.click()
    expect(page.get_by_role("heading", name="Your bank asks you to confirm")).to_be_visible()
    picture(page, "bank")
    page.get_by_role("button", name="Confirm with my bank").click()
    expect(page.get_by_role("heading", name="Enjoy the show!")).to_be_visible()
    assert not [text for text in said if "Content Security Policy" in text]


def test_a_page_that_cannot_reach_stripe_says_so_and_keeps_the_seats(
    address: str, browser: Browser, fan: Person, sale: Sale, stripe: Stripe
) -> None:
    hold(sale, fan, "ord_mine", "A-1")
    page = page_of(browser, address, fan, stripe)
    page.route("https://js.stripe.com/**", lambda route: route.abort())
    page.goto("/orders/ord_mine")
    expect(page.get_by_role("alert").get_by_text("could not be loaded")).to_be_visible()
    expect(page.get_by_role("button", name="Pay €75.00")).to_be_disabled()
    picture(page, "away")
