"""Notices on a device: the press, what is shown, and the page that it opens, in Chromium.

Chromium's own push service is out of reach here. Its place is taken by one of ours, and what that
was sent is delivered to the page's real worker by the browser's debugger.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from fairness.clock import SECOND, now_us
from tests.boxoffice.notices.pushed import PushService, push_service
from tests.engines import wait_until
from tests.journeys.conftest import picture, served
from tests.web.conftest import app, fan, site  # noqa: F401 - fixtures
from tests.web.site import Person
from tests.workers import stage
from web import auth
from workers import clients, notices

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]
SUBSCRIBED = """
const fresh = %s;
PushManager.prototype.subscribe = async function (options) {
  window.asked = options;
  return { toJSON: () => fresh };
};
"""
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.ready;
  const [first] = await worker.getNotifications();
  return first ? { title: first.title, body: first.body, url: first.data.url } : null;
}"""
PRESSED = """async () => {
  const [notification] = await self.registration.getNotifications();
  const opened = new Promise((done) => { self.clients.openWindow = async (url) => done(url); });
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  return opened;
}"""
# As browsers do it; the event's class cannot be made by a script in all of them.
CHANGED = """() => {
  const event = new ExtendableEvent("pushsubscriptionchange");
  const now = %s;
  event.newSubscription = { toJSON: () => now };
  self.dispatchEvent(event);
}"""
NARROW = {"width": 360, "height": 740}


@pytest.fixture
def pushing(site: stage.Mailbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:  # noqa: F811
    with push_service() as one:
        monkeypatch.setenv("FAIRTICKET_PUSH_SERVICES", one.url)
        stage.forget()
        yield one


@pytest.fixture
def context(browser: Browser, app: Flask, fan: Person) -> Iterator[BrowserContext]:  # noqa: F811
    with served(app) as base:
        context = browser.new_context(base_url=base, viewport=NARROW)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": auth.TOKEN_COOKIE, "value": fan.token, "url": base}])
        yield context
        context.close()


def _push(context: BrowserContext, page: Page, told: dict[str, object]) -> None:
    """Deliver a push to the page's worker, as the browser does with one of its push service."""
    found: list[dict[str, str]] = []
    debugger = context.new_cdp_session(page)
    debugger.on(
        "ServiceWorker.workerRegistrationUpdated", lambda it: found.extend(it["registrations"])
    )
    debugger.send("ServiceWorker.enable")
    wait_until(lambda: page.evaluate("true") and bool(found), 10, "the worker is registered")
    debugger.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": page.evaluate("location.origin"),
            "registrationId": found[-1]["registrationId"],
            "data": json.dumps(told),
        },
    )


def test_a_press_adds_the_device_and_a_push_opens_the_page_of_the_turn(
    context: BrowserContext,
    pushing: PushService,
    fan: Person,  # noqa: F811
) -> None:
    device = pushing.device(fan.account.account_id)
    keys = {"p256dh": device.key, "auth": device.auth}
    given = json.dumps({"endpoint": device.endpoint, "keys": keys})
    context.grant_permissions(["notifications"])
    page = context.new_page()
    page.add_init_script(SUBSCRIBED % given)
    page.goto("/account/notices")
    button = page.get_by_role("button", name="Show notices on this device")
    button.wait_for()
    assert page.evaluate("window.asked") is None  # nothing is asked before the press
    picture(page, "notices-devices-before")
    button.click()
    page.get_by_text("It is saved.").wait_for()
    (kept,) = clients.devices().of(fan.account.account_id)
    assert kept.endpoint == device.endpoint
    picture(page, "notices-devices")

    until = {"sale_id": "sale_1", "about": "Kullervo", "until_us": now_us() + 300 * SECOND}
    clients.notices().promise("your_turn", fan.account.account_id, until, "t", now_us())
    notices.deliver()
    (push,) = pushing.got
    _push(context, page, push.told)
    wait_until(lambda: page.evaluate(SHOWN) is not None, 10, "the notice is shown")
    shown = page.evaluate(SHOWN)
    assert shown == {
        "title": "It is your turn: Kullervo",
        "body": "it is your turn to choose your seats.",
        "url": "http://tickets.example/sales/sale_1/line",
    }
    (worker,) = context.service_workers
    opened = worker.evaluate(PRESSED)
    base = page.evaluate("location.origin")
    assert opened == f"{base}/sales/sale_1/line"  # a page of the site as this browser knows it


def test_the_worker_tells_us_when_its_browser_has_another_address(
    context: BrowserContext,
    pushing: PushService,
    fan: Person,  # noqa: F811
) -> None:
    me = fan.account.account_id
    first, second = pushing.device(me), pushing.device(me)
    given = [
        json.dumps({"endpoint": d.endpoint, "keys": {"p256dh": d.key, "auth": d.auth}})
        for d in (first, second)
    ]
    context.grant_permissions(["notifications"])
    page = context.new_page()
    page.add_init_script(SUBSCRIBED % given[0])
    page.goto("/account/notices")
    page.get_by_role("button", name="Show notices on this device").click()
    page.get_by_text("It is saved.").wait_for()
    context.clear_cookies()  # nobody is signed in any more
    (worker,) = context.service_workers
    worker.evaluate(CHANGED % given[1])
    wait_until(
        lambda: [d.endpoint for d in clients.devices().of(me)] == [second.endpoint],
        10,
        "the new address is kept",
    )


def test_a_browser_finds_nothing_wrong_with_the_site_on_a_home_screen(
    context: BrowserContext,
) -> None:
    page = context.new_page()
    page.goto("/")
    debugger = context.new_cdp_session(page)
    found = debugger.send("Page.getAppManifest")
    assert (found["errors"], found["url"].endswith("/site.webmanifest")) == ([], True)
    assert json.loads(found["data"])["name"] == "FairTicket"
    wrong = debugger.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # These two are said of the test: a window that keeps nothing cannot install anything.
    assert {e["errorId"] for e in wrong} <= {"in-incognito", "warn-not-offline-capable"}


def test_who_has_to_add_the_site_to_the_home_screen_first_is_told_how(
    context: BrowserContext,
    pushing: PushService,
) -> None:
    """What an iPhone's Safari says of itself: no notices, and not on the home screen."""
    page = context.new_page()
    page.add_init_script("delete window.PushManager; navigator.standalone = false")
    page.goto("/account/notices")
    page.get_by_text("once FairTicket is on your home screen").wait_for()
    picture(page, "notices-devices-home-screen")


def test_who_forbids_notices_is_told_what_to_do_and_loses_nothing(
    context: BrowserContext,
    pushing: PushService,
    fan: Person,  # noqa: F811
) -> None:
    page = context.new_page()
    page.add_init_script("Notification.requestPermission = async () => 'denied'")
    page.goto("/account/notices")
    page.get_by_role("button", name="Show notices on this device").click()
    page.get_by_text("Your browser does not allow notices").wait_for()
    picture(page, "notices-devices-denied")
    assert clients.devices().of(fan.account.account_id) == []
