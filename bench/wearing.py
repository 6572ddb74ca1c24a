"""How a disguise is worn: a browser is started, changed, and presses the button of the form."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import BrowserType, Page

from bench import waiting
from console import engines, probes

Commands = tuple[tuple[str, dict[str, Any]], ...]

QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
ENOUGH_MS = 400  # that a program waits before it presses, once it knows of that rule
DISPLAY, SCREEN = ":93", "1920x1080x24"
STARTS_S = 20


@dataclass(frozen=True, slots=True)
class Disguise:
    """One way to start and to change a browser. `press` is click, tap, script or submit."""

    name: str
    args: tuple[str, ...] = ()
    context: dict[str, Any] = field(default_factory=dict)
    script: str = ""
    commands: Commands = ()
    press: str = "click"
    headed: bool = False
    waits_ms: int = ENOUGH_MS


def join(chromium: BrowserType, path: str, disguise: Disguise, url: str) -> None:
    """Let a browser in this disguise open the form and press its button."""
    browser = chromium.launch(
        executable_path=path,
        args=[*QUIET, *disguise.args],
        headless=not disguise.headed,
        env={**os.environ, "DISPLAY": DISPLAY, "TZ": "UTC"},
        ignore_default_args=["--enable-automation"] if disguise.headed else None,
    )
    context = browser.new_context(**disguise.context)
    if disguise.script:
        context.add_init_script(disguise.script)
    page = context.new_page()
    session = context.new_cdp_session(page)
    for command, told in disguise.commands:
        session.send(command, told)
    page.goto(url)
    page.wait_for_timeout(disguise.waits_ms)
    _press(page, disguise.press)
    browser.close()


def _press(page: Page, how: str) -> None:
    if how == "script":
        page.evaluate("document.querySelector('button').click()")
    elif how == "submit":
        page.evaluate("document.querySelector('form').submit()")
    else:
        getattr(page, how)("button")
    page.get_by_text("joined").wait_for()


def person(chromium: BrowserType, path: str, url: str) -> None:
    """Let the same browser come as a person starts it: nothing set, nothing feigned."""
    port = engines.free_port()
    env = {**os.environ, "DISPLAY": DISPLAY, "TZ": "Europe/Berlin", "LANGUAGE": "de"}
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        flags = [f"--user-data-dir={profile}", f"--remote-debugging-port={port}", *QUIET]
        child = subprocess.Popen([path, *flags, url], env=env, stderr=subprocess.DEVNULL)
        try:
            answers = probes.http_ok(f"http://127.0.0.1:{port}/json/version")
            waiting.until(answers, STARTS_S, "the browser starts")
            browser = chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
            page = browser.contexts[0].pages[0]
            page.wait_for_timeout(ENOUGH_MS)
            _press(page, "click")
        finally:
            child.terminate()
            child.wait()


@contextmanager
def screen() -> Iterator[bool]:
    """Yield whether there is a screen for browsers with a window: Xvfb, if it is installed."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        print("no Xvfb: without the browsers that have a window", file=sys.stderr)
        yield False
        return
    child = subprocess.Popen([xvfb, DISPLAY, "-screen", "0", SCREEN], stderr=subprocess.DEVNULL)
    try:
        yield True
    finally:
        child.terminate()
        child.wait()
