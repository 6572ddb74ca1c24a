"""What a User-Agent header claims to be. Claims only: any script can write any header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

CHROMIUM, FIREFOX, WEBKIT = "chromium", "firefox", "webkit"
FIRST_WITH_HINTS = 89  # the first Chromium that sends client hints to everyone

_SCRIPT = re.compile(
    r"python|aiohttp|httpx|urllib|^curl|libcurl|wget|go-http-client|^go-resty|okhttp|^java/|"
    r"apache-httpclient|axios|node-fetch|^node|undici|^got |^deno/|^bun/|scrapy|mechanize|"
    r"^ruby|faraday|guzzle|^php|libwww|lwp::|reqwest|hyper/|restsharp|powershell|postman|"
    r"insomnia|httpie|^k6/|locust|jmeter|apachebench|^hey/|vegeta|selenium|"
    r"(?:^|[ ;(])(?!cubot)[a-z-]*(?:bot|crawler|spider)[/ ;)]",
    re.IGNORECASE,
)
_HEADLESS = re.compile(
    r"headless|phantomjs|slimerjs|puppeteer|playwright|htmlunit|jsdom|zombie", re.IGNORECASE
)
_CHROMIUM = re.compile(r"Chrom(?:e|ium)/(\d+)")
_OWN_BRAND = re.compile(r"(?:Edg|OPR|SamsungBrowser|YaBrowser|Vivaldi|Brave|UCBrowser|\w+Browser)/")


@dataclass(frozen=True, slots=True)
class Agent:
    """The claims of one User-Agent header; empty or 0 where it claims nothing."""

    engine: str = ""  # CHROMIUM, FIREFOX or WEBKIT
    major: int = 0  # of the engine; only for Chromium
    system: str = ""  # as sec-ch-ua-platform names it
    mobile: bool = False
    plain: bool = False  # Chrome itself, not a browser built on it, nor a view inside an app
    browser: bool = False  # looks like a browser at all
    script: bool = False  # says itself that it is a program
    headless: bool = False  # says itself that nobody looks at it


@lru_cache(maxsize=8192)
def read(ua: str) -> Agent:
    """Return what `ua` claims. The same texts come again and again, hence the cache."""
    system = _system(ua)
    engine, major = _engine(ua, system)
    return Agent(
        engine=engine,
        major=major,
        system=system,
        mobile="Mobile" in ua,
        plain=engine == CHROMIUM and not _OWN_BRAND.search(ua) and "Version/" not in ua,
        browser=bool(engine),
        script=bool(_SCRIPT.search(ua)),
        headless=bool(_HEADLESS.search(ua)),
    )


def _system(ua: str) -> str:
    for sign, system in (
        ("iPhone", "iOS"),
        ("iPad", "iOS"),
        ("iPod", "iOS"),
        ("Windows", "Windows"),
        ("CrOS", "Chrome OS"),
        ("Android", "Android"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ):
        if sign in ua:
            return system
    return ""


def _engine(ua: str, system: str) -> tuple[str, int]:
    if not ua.startswith("Mozilla/"):
        return "", 0
    if system == "iOS":  # every browser there stands on WebKit
        return WEBKIT, 0
    if found := _CHROMIUM.search(ua):
        return CHROMIUM, int(found[1][:4])
    if "Firefox/" in ua:
        return FIREFOX, 0
    return (WEBKIT, 0) if "AppleWebKit/" in ua else ("", 0)
