"""The waiting page in a real browser, 360 px wide: every state, with and without a script."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from boxoffice.sales.model import Sale
from fairness import board
from fairness.clock import SECOND, now_us
from fairness.line import Line
from tests.journeys.conftest import ANDROID, HINTS, picture, served
from tests.web.conftest import app, fan, organiser, other, sale, site  # noqa: F401 - fixtures
from tests.web.site import Person, call_to_shop, enter, hold, open_line, put_on_sale
from web import auth, facts
from workers import clients, settling, upkeep

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
PLAIN_ONES = (
    "in-line-plain",
    "called-plain",
    "store-down-plain",
)  # what looks different without a script
SMALL = {"width": 360, "height": 740}

FAULTS = (Path(__file__).parent / "faults.js").read_text("utf-8")


@dataclass
class Pages:
    """The same reader's page with a script and without."""

    scripted: Page
    plain: Page

    def show(self, path: str, name: str, *texts: str) -> None:
        """Open `path` in both and expect `texts`; look for faults; keep a picture."""
        self.show_one(self.scripted, path, name, *texts)
        self.show_one(self.plain, path, f"{name}-plain", *texts)

    def show_one(self, page: Page, path: str, name: str, *texts: str) -> None:
        """Do that in one of them."""
        page.goto(path)
        for text in texts:
            expect(page.locator("main")).to_contain_text(text)
        assert page.evaluate(FAULTS) == [], name
        if page is self.scripted or name in PLAIN_ONES:
            picture(page, name)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:  # noqa: F811
    with served(app) as url:
        yield url


Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Open]:
    """Call it for a page in a new browser that a person is signed in with."""
    contexts = []

    def open_for(person: Person, *, scripts: bool = True) -> Page:
        context = browser.new_context(
            base_url=address,
            viewport=SMALL,  # type: ignore[arg-type]
            user_agent=ANDROID,
            extra_http_headers=HINTS,
            locale="en-GB",
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        context.set_default_timeout(30_000)
        context.add_cookies([{"name": auth.TOKEN_COOKIE, "value": person.token, "url": address}])
        contexts.append(context)
        return context.new_page()

    yield open_for
    for context in contexts:
        context.close()


@pytest.fixture
def pages(opened: Open, fan: Person) -> Pages:  # noqa: F811
    return Pages(opened(fan), opened(fan, scripts=False))


def told(sale: Sale, **changes: Any) -> None:  # noqa: F811
    """Show a board on which this has changed."""
    store = clients.redis()
    board.store(store, {**(board.read(store, sale.sale_id) or {}), **changes})


def join(person: Person, sale: Sale) -> None:  # noqa: F811
    assert person.call("PUT", f"/api/v1/sales/{sale.sale_id}/place", {}).status_code == 200


def test_every_state_can_be_read_with_and_without_a_script(
    pages: Pages,
    fan: Person,  # noqa: F811
    other: Person,  # noqa: F811
    organiser: Person,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    later = now_us() + 300 * SECOND
    soon = put_on_sale(organiser.account, opens_at_us=later, starts_at_us=later)
    pages.show(f"/sales/{soon.sale_id}/line", "before", "The line opens soon", "€75.00")

    it = open_line(put_on_sale(organiser.account, capacity=1))
    line, by = f"/sales/{it.sale_id}/line", organiser.account.account_id
    upkeep.move(it.sale_id)
    pages.show(line, "open", "Join the line", "8 left")
    join(other, it)
    join(fan, it)
    pages.show(line, "waiting", "You are in", "your place is kept", "Leave the line")

    call_to_shop(it, other, fan)
    clients.sales().amend(it.sale_id, by, now_us(), message="The doors open at seven.")
    upkeep.move(it.sale_id)
    waits = {"waits": [[1, 200, 420], [10, 2000, 4200]], "past": {}}
    told(it, served_place=1, eta=waits)
    in_line = (
        "People ahead of you",
        "Your place",
        "let your phone sleep",
        "The doors open at seven.",
    )
    pages.show(line, "in-line", *in_line, "any moment")
    told(it, status="paused", likely_place=1)
    pages.show(line, "paused", "paused the sale for a moment", "may be taken before your turn")
    gone = {"seats": 8, "free": 0, "held": 0, "left": "none", "from_cents": 3200, "to_cents": 3200}
    mine = board.read(clients.redis(), it.sale_id) or {}
    told(it, status="open", stock=dict.fromkeys(mine["stock"], gone), outlook="none")
    pages.show(line, "sold-out", "All seats are sold", "Sold out")

    finding = {"rule": "headless_browser", "weight": 0.9, "because": "It has no screen."}
    clients.line(it.sale_id).set_verdict(fan.fan(it), "review", json.dumps([finding]))
    pages.show(line, "review", "Your place is kept", "It has no screen.", "Ask for another look")
    clients.line(it.sale_id).lift_verdict(fan.fan(it))

    turn = open_line(put_on_sale(organiser.account))
    shop, line = f"/sales/{turn.sale_id}/shop", f"/sales/{turn.sale_id}/line"
    join(fan, turn)
    call_to_shop(turn, fan)
    upkeep.move(turn.sale_id)
    pages.show(line, "called", "It is your turn", "Enter the shop")
    enter(turn, fan)
    pages.show(line, "inside", "You are in the shop", "Go on shopping")
    pages.scripted.get_by_role("button", name="Go on shopping").click()
    pages.scripted.wait_for_url(f"**{shop}")

    look = partial(pages.show_one, pages.scripted)
    look("/", "home", "What is on", "from €32.00", "no fees are added")
    look(f"/events/{turn.event_id}", "event", "€75.00", "no fees are added")
    look("/orders", "no-orders", "No orders yet")
    hold(turn, fan, "ord_held", "A-1", "A-2")
    look("/orders/ord_held", "order-held", "Pay within", "€150.00")
    assert fan.call("DELETE", "/api/v1/orders/ord_held").status_code == 200
    look("/orders/ord_held", "order-cancelled", "Order cancelled", "Nothing was charged")
    hold(turn, fan, "ord_late", "A-3")
    for late in clients.orders().expire_due(turn.sale_id, now_us() + 700 * SECOND):
        settling.settle(late)
    look("/orders/ord_late", "order-expired", "The time to pay is over")
    hold(turn, other, "ord_theirs", "A-4")
    hold(turn, fan, "ord_no", "A-4")
    pages.show(
        "/orders/ord_no",
        "order-refused",
        "could not be set aside",
        "a moment faster",
        "row A, seat 4",
    )
    look("/orders", "orders", "Not possible", "Expired", "Cancelled")

    drafts = [put_on_sale(organiser.account, schedule=False) for _ in range(2)]
    tour = clients.tours().create(
        by, "Winter tour", [d.performance_id for d in drafts], limit_per_person=4, now_us=now_us()
    )
    for draft in drafts:
        open_line(clients.sales().schedule(draft.sale_id, by, now_us()))
        upkeep.move(draft.sale_id)
    address = f"/tours/{tour.tour_id}"
    pages.show(address, "tour", "2 lines are open", "Up to 4 tickets", "€75.00")
    pages.plain.get_by_role("button", name="Join them all").click()
    clients.sales().amend(drafts[0].sale_id, by, now_us(), message="The doors open at seven.")
    upkeep.move(drafts[0].sale_id)
    pages.show(address, "tour-joined", "You are in.", "The doors open at seven.")

    gone_store = Redis.from_url("redis://127.0.0.1:9/0", decode_responses=True)
    monkeypatch.setattr(clients, "redis", lambda: gone_store)
    monkeypatch.setattr(clients, "line", lambda sale_id: Line(gone_store, sale_id))
    pages.show(line, "store-down", "One moment", "your place is kept", "tries again")
    facts.forget()


# Counts what a screen reader would be given to read.
HEAR = """() => {
  const region = document.getElementById('say'), all = {childList: true, characterData: true};
  window.heard = [];
  new MutationObserver(() => window.heard.push(region.textContent))
    .observe(region, {...all, subtree: true});
}"""
NO_MORE = "All seats are sold. No more seats"
TICK_MS = 4_000  # longer than the page waits between two looks at the board


def test_a_message_of_the_organiser_comes_to_a_page_that_waits(
    opened: Open,
    fan: Person,  # noqa: F811
    organiser: Person,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By itself, while the page only looks at the board; how soon is printed, not asserted."""
    it = open_line(put_on_sale(organiser.account, capacity=1))
    join(fan, it)
    upkeep.move(it.sale_id)
    page = opened(fan)
    page.goto(f"/sales/{it.sale_id}/line")
    expect(page.locator("main")).to_contain_text("You are in")

    delays = []
    for text in ("The doors open at seven.", "The doors open at eight.", "Bring a coat."):
        started = time.monotonic()
        by = organiser.account.account_id
        clients.sales().amend(it.sale_id, by, now_us(), message=text)
        upkeep.move(it.sale_id)
        page.wait_for_function("text => document.body.innerText.includes(text)", arg=text)
        delays.append(time.monotonic() - started)
    with capsys.disabled():
        print("message to page:", ", ".join(f"{delay:.2f} s" for delay in delays))  # noqa: T201


def test_changes_of_state_are_said_aloud_and_ticks_are_not(
    opened: Open,
    fan: Person,  # noqa: F811
    other: Person,  # noqa: F811
    organiser: Person,  # noqa: F811
) -> None:
    it = open_line(put_on_sale(organiser.account, capacity=1))
    for person in (other, fan):
        join(person, it)
    call_to_shop(it, other, fan)
    upkeep.move(it.sale_id)
    stock = {"seats": 8, "free": 8, "left": "some", "from_cents": 3200, "to_cents": 3200}
    tiers = {"A": stock, "B": stock}
    told(it, served_place=0, likely_place=None, outlook="some", stock=tiers)
    page = opened(fan)
    page.clock.install()
    page.goto(f"/sales/{it.sale_id}/line")
    expect(page.locator("#ahead")).to_have_text("1")
    page.evaluate(HEAR)

    def tick(**changes: Any) -> list[str]:
        """Show another board, let the page look at it; return what it has said so far."""
        told(it, at_us=now_us(), **changes)
        with page.expect_response("**/board"):
            page.clock.run_for(TICK_MS)
        page.clock.run_for(50)
        return list(page.evaluate("window.heard"))

    for free in (7, 6, 5, 4, 3):
        waits = [[1, free, free * 200]]
        tiers = {"A": {**stock, "free": free}, "B": stock}
        assert tick(stock=tiers, eta={"waits": waits, "past": {}}, pace_per_s=free) == []
    expect(page.locator('[data-tier="A"]')).to_have_text("3 left")
    expect(page.locator("#eta")).to_have_text("1–10 min")
    tick(message="The doors open at seven.")
    tick(status="paused", message="The doors open at seven.")
    tick(status="open")
    tick(stock={**tiers, "A": {**stock, "free": 0, "left": "none"}})
    heard = tick(outlook="none", stock={})
    assert heard == [
        "Message from the organiser: The doors open at seven.",
        "The organiser has paused the sale for a moment. Every place is kept.",
        "The sale goes on.",
        "A: sold out.",
        f"{NO_MORE} can be found for you, unless somebody gives theirs back.",
    ]
    call_to_shop_again(it, other)
    upkeep.move(it.sale_id)
    with page.expect_response(lambda answer: answer.url.endswith("/line")):
        page.clock.run_for(4 * TICK_MS)
    expect(page.locator("#say")).to_have_text("It is your turn")
    expect(page.locator("#enter")).to_be_focused()


def call_to_shop_again(sale: Sale, first: Person) -> None:  # noqa: F811
    """End the first one's turn and call the next."""
    line = clients.line(sale.sale_id)
    line.finish(first.fan(sale), "left")
    line.admit(10_000)


def test_two_browsers_of_one_person_see_the_same_place_and_leaving_is_taken_back(
    opened: Open,
    fan: Person,  # noqa: F811
    sale: Sale,  # noqa: F811
) -> None:
    line = f"/sales/{sale.sale_id}/line"
    phone, laptop = opened(fan), opened(Person(fan.app, fan.account), scripts=False)
    upkeep.move(sale.sale_id)
    for page in (phone, laptop):
        page.goto(line)
    for page in (phone, laptop):  # the second one's page still shows the button
        page.get_by_role("button", name="Join the line").click()
        expect(page.get_by_role("heading", name="You are in")).to_be_visible()
    came = clients.line(sale.sale_id).arrivals()
    assert [name for name, _ in came] == [fan.fan(sale)]
    phone.get_by_text("Leave the line").click()
    expect(phone.locator(".leave")).to_contain_text("you can take your place back")
    phone.get_by_role("button", name="Yes, give up my place").click()
    expect(phone.locator("main")).to_contain_text("joining again gives it back to you")
    picture(phone, "left")
    phone.get_by_role("button", name="Take my place back").click()
    expect(phone.get_by_role("heading", name="You are in")).to_be_visible()
    assert clients.line(sale.sale_id).arrivals() == came
    laptop.reload()
    expect(laptop.get_by_role("heading", name="You are in")).to_be_visible()


def test_the_page_of_a_tour_says_what_changed_on_which_date(
    opened: Open,
    fan: Person,  # noqa: F811
    organiser: Person,  # noqa: F811
) -> None:
    by = organiser.account.account_id
    draft = put_on_sale(organiser.account, schedule=False)
    tour = clients.tours().create(by, "Winter tour", [draft.performance_id], now_us=now_us())
    it = open_line(clients.sales().schedule(draft.sale_id, by, now_us()))
    join(fan, it)
    upkeep.move(it.sale_id)
    page = opened(fan)
    page.clock.install()
    page.goto(f"/tours/{tour.tour_id}")
    page.evaluate(HEAR)

    def tick(**changes: Any) -> list[str]:
        told(it, at_us=now_us(), **changes)
        with page.expect_response("**/board"):
            page.clock.run_for(2 * TICK_MS)
        page.clock.run_for(50)
        return list(page.evaluate("window.heard"))

    assert tick(arrived=2) == tick(arrived=3) == []
    tick(status="paused")
    expect(page.locator("#say")).to_have_text("Lahti: the sale is paused.")
    expect(page.locator("#tour")).to_contain_text("Paused for a moment")
    call_to_shop(it, fan)
    told(it, first_undrawn=10_000, status="paused")
    with page.expect_response(lambda answer: "/tours/" in answer.url):
        page.clock.run_for(2 * TICK_MS)
    expect(page.locator("#say")).to_contain_text("Lahti: It is your turn")
