"""An organiser makes and runs a sale in the console; a fan buys two seats from it on a phone."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime, timedelta
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from console.launch import Started
from tests.engines import wait_until
from tests.journeys.conftest import ANDROID, HINTS, Visitor, picture

HALL = """floor,zone,row,first,last,category
Stalls,Front,1,1,10,Front
Stalls,Front,2,1,12,Front
Stalls,Rear,3,1,12,Rear
Stalls,Rear,4,1,14,Rear
"""
PASSWORD = "four sturdy words here"
OTHERS = 12

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240), pytest.mark.xdist_group("stack")]


def test_a_fan_buys_two_seats_from_a_sale_made_in_the_console(
    started: Started, visitor: Visitor
) -> None:
    organiser = visitor()
    sign_in_to_console(organiser, *started.stack.organiser)
    sale_id = make_sale(organiser)
    organiser.get_by_role("button", name="Pause").click()  # nobody is called until all are placed

    fan, email = visitor(), f"{secrets.token_hex(5)}@posteo.example"
    sign_up(fan, email)
    join(fan, sale_id)
    for _ in range(OTHERS):
        join_by_api(started.stack.addresses.site, sale_id)
    see_the_place(fan)
    check_the_receipt(fan, sale_id)
    picture(organiser, "console")
    organiser.get_by_role("button", name="Resume").click()
    enter(fan)
    order = buy(fan)
    find_again(visitor(), email, order)

    organiser.reload()
    expect(organiser.locator("body")).to_contain_text("paid")
    picture(organiser, "console-sold")
    organiser.get_by_text("Close for good").click()
    organiser.get_by_role("button", name="Yes, close this sale").click()
    expect(organiser.locator("#live")).to_have_attribute("data-state", "closed")


def sign_in_to_console(page: Page, email: str, password: str) -> None:
    page.goto("/organiser")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Your events")).to_be_visible()


def make_sale(page: Page) -> str:
    """Make event, date with an uploaded plan, and sale; return the sale's id once it is open."""
    now = datetime.now(UTC)
    page.goto("/organiser/events/new")
    page.get_by_label("Title").fill("Winter Sinfonia")
    page.get_by_label("Artist").fill("The Example Orchestra")
    page.get_by_role("button", name="Save event").click()
    page.get_by_label("Date and time (UTC)").fill(
        (now + timedelta(days=60)).strftime("%Y-%m-%dT19:30")
    )
    page.get_by_label("Name of the venue").fill("Example Hall")
    page.get_by_label("City").fill("Lübeck")
    page.get_by_label("Seating plan file").set_input_files(
        {"name": "hall.csv", "mimeType": "text/csv", "buffer": HALL.encode()}
    )
    page.get_by_role("button", name="Add date").click()
    expect(page.get_by_role("heading", name="Put on sale")).to_be_visible()
    for label, seconds in (("The line opens", 5), ("The sale starts", 40), ("The sale ends", 900)):
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        page.get_by_label(label).fill(moment.strftime("%Y-%m-%dT%H:%M:%S"))
    page.locator("[name=price-0]").fill("89.00")
    page.locator("[name=price-1]").fill("42.50")
    page.get_by_text("Finer points").click()
    page.get_by_label("Opening window after the start (s)").fill("2")
    picture(page, "console-new-sale")
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=30_000)
    return page.url.rstrip("/").rsplit("/", 1)[1]


def sign_up(page: Page, email: str) -> None:
    page.goto("/sign-up")
    page.get_by_label("Name").fill("Ada Example")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page).not_to_have_url(re.compile("sign-up"))


def join(page: Page, sale_id: str) -> None:
    """Join before the start, and see that reloading changes nothing."""
    page.goto("/")
    page.get_by_role("link", name="Winter Sinfonia").first.click()
    page.goto(f"/sales/{sale_id}/line")
    page.get_by_role("button", name="Join the line").tap()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    picture(page, "joined")
    page.reload()
    expect(page.get_by_role("heading", name="You are in")).to_be_visible()


def join_by_api(site: str, sale_id: str) -> None:
    """Join as one of the others in the line."""
    account = {"email": f"{secrets.token_hex(5)}@posteo.example", "password": PASSWORD}
    call(site, "POST", "/api/v1/accounts", {**account, "name": "Ben Example"})
    token = call(site, "POST", "/api/v1/sessions", account)["token"]
    call(site, "PUT", f"/api/v1/sales/{sale_id}/place", {}, Authorization=f"Bearer {token}")


def call(site: str, method: str, path: str, body: object, **headers: str) -> dict[str, str]:
    sent = {"Content-Type": "application/json", "User-Agent": ANDROID, **HINTS, **headers}
    request = Request(site + path, json.dumps(body).encode(), sent, method=method)
    with urlopen(request, timeout=20) as answer:
        return dict(json.load(answer))


def see_the_place(page: Page) -> None:
    """Watch the page go by itself from waiting for the draw to a place."""
    expect(page.locator("#status")).to_have_attribute("data-phase", "in_line", timeout=60_000)
    place = int(page.locator("#place").get_attribute("data-place") or 0)
    assert 1 <= place <= OTHERS + 1
    expect(page.locator("#ahead")).to_have_text(str(place - 1))
    picture(page, "line", whole=False)


def check_the_receipt(page: Page, sale_id: str) -> None:
    """Fetch the proof, have the browser check it, and see that it refuses a changed one."""
    line = f"/sales/{sale_id}/line"

    def cosigned() -> bool:
        page.goto(f"{line}/receipt/page")
        return page.locator("#cosigned").count() == 1

    wait_until(cosigned, 60, "the receipt is proved under a cosigned head")
    expect(page.locator("#promise svg")).to_be_visible()
    expect(page.locator("#delay")).to_contain_text("proof of misbehaviour")
    picture(page, "receipt")
    page.goto(f"{line}/check")
    page.get_by_role("button", name="Check mine").click()
    expect(page.locator("#verdict")).to_have_attribute("data-is", "good")
    expect(page.locator("#steps li")).to_have_count(5)
    expect(page.locator("#steps")).to_contain_text("witness.localhost/demo")
    receipt = json.loads(page.locator("#text").input_value())
    page.fill("#text", json.dumps({**receipt, "position": receipt["position"] + 1}))
    page.locator("#go").click()
    expect(page.locator("#verdict")).to_have_attribute("data-is", "bad")
    page.goto(line)


def enter(page: Page) -> None:
    expect(page.get_by_role("heading", name="It is your turn")).to_be_visible(timeout=30_000)
    picture(page, "turn")
    page.get_by_role("button", name="Enter the shop").click()
    expect(page.get_by_role("heading", name="Choose your seats")).to_be_visible()


def buy(page: Page) -> str:
    """Pick two seats on the map, pay, see the tickets; return the order's address."""
    seats = page.locator("#map circle.seat")
    seats.nth(4).click()
    seats.nth(5).click()
    expect(page.locator("#chosen")).to_contain_text("2 ×")
    picture(page, "shop", whole=False)
    page.get_by_role("button", name="Take seats").click()
    expect(page.get_by_role("heading", name="These seats are yours for now")).to_be_visible()
    picture(page, "held")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_label("Expiry").fill("12/30")
    page.get_by_label("Security code").fill("123")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_role("heading", name="Enjoy the show!")).to_be_visible(timeout=30_000)
    expect(page.locator("li.ticket svg")).to_have_count(2)
    picture(page, "tickets")
    return page.url.split("?")[0]


def find_again(page: Page, email: str, order: str) -> None:
    """Find the order on another device."""
    page.goto("/sign-in?next=/orders")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My orders")).to_be_visible()
    picture(page, "orders")
    page.locator(f'a[href$="{order.rsplit("/", 1)[1]}"]').first.click()
    expect(page.locator("li.ticket svg")).to_have_count(2)
