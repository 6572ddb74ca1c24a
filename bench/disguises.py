"""`python -m bench.disguises [WORD …]`: this machine's Chromium in disguise, before the form.

Each joins as attackers' browsers do, by what their tools are known to use: flags, the DevTools
protocol (Emulation.…), Playwright's own options, scripts that run before the page's. Printed are
what was sent, what the rules found and what would follow. With words, only those disguises whose
names have one of them. The old headless shell, patched builds (Camoufox) and other engines are not
on this machine.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from playwright.sync_api import sync_playwright

from bench import doorstep, wearing
from bench.doorstep import Seen
from bench.wearing import Commands, Disguise

UNFLAGGED = "--disable-blink-features=AutomationControlled"
DE = {"locale": "de-DE", "timezone_id": "Europe/Berlin"}
HERE: Commands = (
    ("Emulation.setTimezoneOverride", {"timezoneId": "Europe/Berlin"}),
    ("Emulation.setLocaleOverride", {"locale": "de-DE"}),
)
DESKTOP: Commands = (
    (
        "Emulation.setDeviceMetricsOverride",
        {"width": 1920, "height": 947, "deviceScaleFactor": 1, "mobile": False,
         "screenWidth": 1920, "screenHeight": 1080},
    ),
)  # fmt: skip
HANDHELD: Commands = (
    (
        "Emulation.setDeviceMetricsOverride",
        {"width": 393, "height": 760, "deviceScaleFactor": 2.75, "mobile": True,
         "screenWidth": 393, "screenHeight": 873},
    ),
    ("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5}),
)  # fmt: skip
# As scripts that are passed around do it, on the object itself.
PATCH = """
Object.defineProperty(navigator, "webdriver", { get: () => undefined });
Object.defineProperty(navigator, "platform", { get: () => "Win32" });
Object.defineProperty(navigator, "languages", { get: () => ["de-DE", "de"] });
window.chrome = { runtime: {} };
"""
# As puppeteer-extra's stealth does it: in the prototype, behind proxies that look native.
STEALTH = """
for (const [name, value] of Object.entries({ webdriver: false, platform: "Win32" })) {
  const told = Object.getOwnPropertyDescriptor(Navigator.prototype, name);
  Object.defineProperty(Navigator.prototype, name, {
    ...told, get: new Proxy(told.get, { apply: () => value }),
  });
}
"""


def disguises(version: str, devices: dict[str, Any]) -> Sequence[Disguise]:
    """Return them, the plainest first. `version` is that of the browser that wears them."""
    on_windows = windows(version)
    android = _chrome("Linux; Android 10; K", version, "Mobile ")
    named = (f"--user-agent={on_windows}", UNFLAGGED)
    bare: Commands = (("Emulation.setUserAgentOverride", {"userAgent": on_windows}),)
    as_windows = disguise_as(on_windows, "Win32", "Windows", version)
    as_phone = disguise_as(android, "Linux armv81", "Android", version) + HANDHELD
    desktop = as_windows + HERE + DESKTOP
    pixel = {**devices["Pixel 7"], "user_agent": android, **DE}
    free = {"no_viewport": True}
    large = (UNFLAGGED, "--accept-lang=de-DE,de", "--window-size=1920,1080")
    handheld = {"no_viewport": True, "has_touch": True}
    return (
        Disguise("Playwright as it is", waits_ms=0),
        Disguise("name by a flag", named[:1]),
        Disguise("name by a flag, unflagged", named),
        Disguise("name by the protocol, no hints", (UNFLAGGED,), free, commands=bare),
        Disguise("navigator patched", named[:1], DE, PATCH, press="script"),
        Disguise("stealth: proxies, name, hints", (UNFLAGGED,), {}, STEALTH, as_windows),
        Disguise("Windows by the protocol", (UNFLAGGED,), free, commands=as_windows),
        Disguise("… with clock and language", (UNFLAGGED,), free, commands=as_windows + HERE),
        Disguise("… and screen, started in German", large, free, "", desktop),
        Disguise("Playwright's options: Windows", (UNFLAGGED,), {"user_agent": on_windows, **DE}),
        Disguise("Playwright's options: iPhone", (UNFLAGGED,), {**devices["iPhone 13"], **DE}),
        Disguise("Playwright's options: Pixel", (UNFLAGGED,), pixel),
        Disguise("… tapped", (UNFLAGGED,), pixel, press="tap"),
        Disguise("Android by the protocol", (UNFLAGGED,), free, commands=as_phone + HERE),
        Disguise("… tapped, started in German", large[:2], handheld, "", as_phone + HERE, "tap"),
        Disguise("headed: Windows, all of it", large, free, "", as_windows + HERE, headed=True),
        Disguise("headed: says that it is Linux", large, free, press="submit", headed=True),
    )  # fmt: skip


def windows(version: str) -> str:
    """Return what a Chrome of this version on Windows calls itself."""
    return _chrome("Windows NT 10.0; Win64; x64", version)


def _chrome(system: str, version: str, mobile: str = "") -> str:
    major = version.partition(".")[0]
    return (
        f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 {mobile}Safari/537.36"
    )


def disguise_as(ua: str, platform: str, system: str, version: str) -> Commands:
    """Return the protocol's whole disguise: name, platform, languages and client hints."""
    brands = [("Chromium", version), ("Google Chrome", version), ("Not_A Brand", "24.0.0.0")]
    hints = {
        "brands": [{"brand": b, "version": v.partition(".")[0]} for b, v in brands],
        "platform": system, "platformVersion": "15.0.0", "architecture": "x86", "model": "",
        "mobile": system == "Android",
    }  # fmt: skip
    told = {"userAgent": ua, "platform": platform, "acceptLanguage": "de-DE,de"}
    return (("Emulation.setUserAgentOverride", {**told, "userAgentMetadata": hints}),)


def worn(words: Sequence[str] = ()) -> Iterator[tuple[str, Seen]]:
    """Yield each disguise's name and what was seen of it; first a person's browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("no Chromium: install the package chromium")
    with (
        doorstep.served() as (url, came),
        sync_playwright() as playwright,
        wearing.screen() as seen,
    ):
        chromium, devices = playwright.chromium, playwright.devices
        if seen and not words:
            wearing.person(chromium, path, url)
            yield "nobody: a person's browser", came[-1]
        browser = chromium.launch(executable_path=path, args=wearing.QUIET)
        version = browser.version
        browser.close()
        for disguise in disguises(version, devices):
            if (seen or not disguise.headed) and (
                not words or any(w in disguise.name for w in words)
            ):
                wearing.join(chromium, path, disguise, url)
                yield disguise.name, came[-1]


def main(words: Sequence[str]) -> None:
    """Print a row for each, and under it what was told and found."""
    stopped = count = 0
    for name, seen in worn(words):
        print(f"{name:<40}{seen.score:>6.2f}  {seen.verdict}")
        print(f"    told    {_told(seen)}")
        found = ", ".join(f"{f.rule} {f.weight:g}" for f in seen.findings)
        print(f"    found   {found or 'nothing'}", flush=True)
        count += not name.startswith("nobody")
        stopped += seen.verdict != "admit"
    print(f"{stopped} of {count} disguises are asked for a code or held")


def _told(seen: Seen) -> str:
    visit = seen.visit
    worker = f"{visit.worker_platform} {visit.worker_language}".strip()
    odd = {"worker": worker, "press": visit.press, "hints": visit.hints.get("sec-ch-ua-platform")}
    flags = ("driven", "touch", "frameless", "patched")
    parts = [visit.ua.partition(") ")[0].partition("(")[2], visit.platform, visit.screen, visit.tz]
    parts += [f"{visit.language} of {visit.lang}"]
    parts += [f"{key} {value}" for key, value in odd.items() if value]
    return "; ".join([*parts, *(flag for flag in flags if getattr(visit, flag))])


if __name__ == "__main__":
    main(sys.argv[1:])
