"""A whole stack of its own and a real browser in front of it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.serving import make_server

from console.home import Home
from console.launch import Started, running
from console.stack import Options

PHONE = {"width": 390, "height": 844}
# A headless Chromium says so in its headers, and the screening would rightly hold it up.
ANDROID = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Mobile Safari/537.36"
)
HINTS = {
    "sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    "sec-ch-ua-mobile": "?1",
    "sec-ch-ua-platform": '"Android"',
}
PICTURES = Path(__file__).parents[2] / "build" / "screenshots"

Visitor = Callable[[], Page]


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    home = Home(tmp_path_factory.mktemp("journey"))
    said: list[str] = []
    with running(home, Options(address_rate=1_000, address_burst=4_000), said.append) as stack:
        yield stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        if "CI" in os.environ:
            pytest.fail("no Chromium: install the package chromium")
        pytest.skip("no Chromium: install the package chromium")
    flags = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
        "--disable-blink-features=AutomationControlled",  # these visitors stand for people
    ]  # fmt: skip
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, started: Started) -> Iterator[Visitor]:
    """Call it for a page in a new browser: nothing of another visitor is in it."""
    contexts: list[BrowserContext] = []

    def visit() -> Page:
        context = browser.new_context(
            base_url=started.stack.addresses.site,
            viewport=PHONE,  # type: ignore[arg-type]
            user_agent=ANDROID,
            extra_http_headers=HINTS,
            locale="en-GB",
            timezone_id="Europe/Berlin",
            has_touch=True,
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        return context.new_page()

    yield visit
    for context in contexts:
        context.close()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Yield the address of an application of this process."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    serving = Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:  # or a test that fails would never end
        server.shutdown()
        serving.join()
        server.server_close()


def picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Keep what the page looks like, for a person to look at: all of it, or one screenful."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)
