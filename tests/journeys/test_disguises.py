"""What a page's script tells of a browser that a person uses, and of one in disguise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bench import disguises, doorstep
from bench.doorstep import Seen
from bench.wearing import Commands
from tests.engines import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

TRUE = "Linux x86_64"  # the machine that the browser of these tests runs on
VERSION = "150.0.0.0"
WINDOWS = disguises.disguise_as(disguises.windows(VERSION), "Win32", "Windows", VERSION)
UNDRIVEN = "Object.defineProperty(navigator, 'webdriver', { get: () => false })"

Join = Callable[..., Seen]


@pytest.fixture(scope="module")
def join(browser: Browser) -> Iterator[Join]:
    """Call it to open the form in a new context, press its button, and see what came."""
    with doorstep.served() as (url, came):

        def joined(
            press: Callable[[Page], Any], script: str = "", commands: Commands = (), **options: Any
        ) -> Seen:
            context = browser.new_context(**options)
            context.add_init_script(script)
            page = context.new_page()
            for command, told in commands:
                context.new_cdp_session(page).send(command, told)
            with page.expect_worker():
                page.goto(url)
            wait_until(lambda: page.evaluate("true") and not page.workers)  # it has answered
            press(page)
            page.get_by_text("joined").wait_for()
            context.close()
            return came[-1]

        yield joined


def click(page: Page) -> None:
    page.get_by_role("button").click()


def rules(seen: Seen) -> set[str]:
    return {finding.rule for finding in seen.findings}


def test_a_browser_as_it_is_tells_nothing_odd(join: Join) -> None:
    seen = join(click, no_viewport=True).visit
    assert (seen.worker_platform, seen.worker_language, seen.press) == ("", "", "")
    assert (seen.frameless, seen.patched) == (None, None)
    assert seen.platform == TRUE


def test_the_worker_of_a_page_that_feigns_windows_tells_the_true_machine(join: Join) -> None:
    seen = join(click, commands=WINDOWS, no_viewport=True)
    assert (seen.visit.platform, seen.visit.worker_platform) == ("Win32", TRUE)
    assert "contradicting_worker" in rules(seen)


def test_a_script_that_presses_or_patches_is_seen_and_keys_are_a_hand(join: Join) -> None:
    by_script = join(lambda page: page.evaluate("document.querySelector('button').click()"))
    assert (by_script.visit.press, by_script.visit.frameless) == ("nobody", True)
    unseen = join(lambda page: page.evaluate("document.querySelector('form').submit()"))
    assert unseen.visit.press == "nobody"
    by_key = join(lambda page: page.locator("button").press("Enter"), UNDRIVEN)
    assert (by_key.visit.press, by_key.visit.patched) == ("", True)
    assert "patched_page" in rules(by_key)


def test_a_mouse_on_a_phone_that_has_none_is_seen_and_a_finger_is_a_hand(join: Join) -> None:
    phone = {"is_mobile": True, "has_touch": True, "viewport": {"width": 390, "height": 844}}
    assert join(click, **phone).visit.press == "no-mouse"
    assert join(lambda page: page.tap("button"), **phone).visit.press == ""
