"""Visits as real browsers, scripts and automated browsers make them."""

from __future__ import annotations

import gzip
import json
import random
import re
from pathlib import Path

import pytest

from fairness.screening.model import Visit

PROFILES = Path(__file__).parents[4] / "shared" / "data" / "user_agents" / "browsers.json.gz"

WINDOWS_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Safari/537.36"
)
ANDROID_CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Mobile Safari/537.36"
)
IPHONE_SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"
)
MAC_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/26.0 Safari/605.1.15"
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"
HEADLESS = WINDOWS_CHROME.replace("Chrome/", "HeadlessChrome/")
SCRIPTS = (
    "python-requests/2.32.3",
    "Python/3.12 aiohttp/3.11.2",
    "curl/8.11.0",
    "python-httpx/0.28.1",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "node-fetch/1.0 (+https://github.com/bitinn/node-fetch)",
    "Wget/1.24.5",
    "Scrapy/2.12 (+https://scrapy.org)",
)
BASIC = ("host", "user-agent", "accept", "accept-encoding", "accept-language")
FETCH = ("sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest")
HINT_NAMES = ("sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform")


def hints_of(ua: str) -> dict[str, str]:
    """The client hints that the real browser behind `ua` sends; none outside Chromium."""
    version = re.search(r"Chrome/(\d+)", ua)
    if version is None or "iPhone" in ua or int(version[1]) < 89:
        return {}
    systems = {"Windows": "Windows", "CrOS": "Chrome OS", "Android": "Android", "Mac": "macOS"}
    system = next((name for sign, name in systems.items() if sign in ua), "Linux")
    brands = {"Edg/": "Microsoft Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet"}
    brand = next((name for sign, name in brands.items() if sign in ua), "Google Chrome")
    return {
        "sec-ch-ua": f'"Chromium";v="{version[1]}", "{brand}";v="99", "Not.A/Brand";v="8"',
        "sec-ch-ua-mobile": "?1" if "Mobile" in ua else "?0",
        "sec-ch-ua-platform": f'"{system}"',
    }


def browser(fan: str, ua: str, *, https: bool = True, **other: object) -> Visit:
    """The visit of a real browser, over HTTPS or, where hints and fetch headers are not sent."""
    hints = hints_of(ua) if https else {}
    names = BASIC + (FETCH if https else ()) + (HINT_NAMES if hints else ())
    return Visit(fan, ua=ua, headers=names, hints=hints, lang="en-GB", **other)  # type: ignore[arg-type]


def script(fan: str, ua: str, **other: object) -> Visit:
    names = ("host", "user-agent", "accept", "accept-encoding", "connection")
    return Visit(fan, ua=ua, headers=names, accept="*/*", **other)  # type: ignore[arg-type]


def profiles() -> list[str]:
    """User agents of real browsers; the test is skipped where they are absent."""
    if not PROFILES.exists():
        pytest.skip(f"no {PROFILES}")
    with gzip.open(PROFILES, "rt") as file:
        return [profile["userAgent"] for profile in json.load(file)]


def arrivals(rng: random.Random, count: int, seconds: float) -> list[int]:
    """Times of people who do not know of one another, µs, distinct."""
    return sorted(rng.sample(range(1, int(seconds * 1_000_000)), count))
