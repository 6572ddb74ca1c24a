"""What browsers send, real ones and others: headers, and what a page knows of its browser."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from fairness.errors import Invalid
from fairness.screening import agents

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1"  # noqa: E501
MAC_SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"  # noqa: E501
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
CHROME = "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 {mobile}Safari/537.36"  # noqa: E501
WINDOWS_CHROME = CHROME.format(system="Windows NT 10.0; Win64; x64", mobile="")
SCRIPTS = ("python-requests/2.32.3", "curl/8.14.1", "Go-http-client/2.0", "okhttp/4.12.0")
LANGUAGES = ("en-GB,en;q=0.9", "de-DE,de;q=0.9,en;q=0.7", "es-ES,es;q=0.9", "en-US,en;q=0.8")
ZONES = ("Europe/London", "Europe/Berlin", "Europe/Madrid", "America/New_York")
_FETCH = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
_SERVER = "Linux x86_64"
# Of people's browsers, assumed: with an add-on that patches pages; that presses buttons; and whose
# window has no frame.
_PATCHED, _PRESSED, _FRAMELESS = 0.02, 0.005, 0.01
_BRANDS = {"Edg/": "Microsoft Edge", "OPR/": "Opera", "SamsungBrowser/": "Samsung Internet"}


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of browser on a kind of machine. `screen` is "390x844"."""

    ua: str
    platform: str
    screen: str


@dataclass(frozen=True, slots=True)
class Client:
    """A browser at work: what its requests carry, and what a page in it knows."""

    headers: dict[str, str]
    tz: str = ""
    screen: str = ""
    platform: str = ""
    language: str = ""
    driven: bool | None = None  # whether the browser says that a program drives it
    touch: bool | None = None  # whether its screen can be touched
    worker_platform: str = ""  # what a worker of the page knows, where that is something else
    press: str = ""  # "nobody" or "no-mouse" where no hand pressed the button
    frameless: bool | None = None  # True where the window has nothing around the page
    patched: bool | None = None  # True where a script has changed what the browser says


BUILTIN: Sequence[Profile] = (
    *[Profile(IPHONE, "iPhone", "390x844")] * 54,
    *[Profile(MAC_SAFARI, "MacIntel", "1440x900")] * 16,
    *[Profile(FIREFOX, "Win32", "1920x1080")] * 14,
    *[
        Profile(
            CHROME.format(system="Linux; Android 10; K", mobile="Mobile "),
            "Linux armv81",
            "393x873",
        )
    ]
    * 70,
    *[Profile(WINDOWS_CHROME, "Win32", "1920x1080")] * 35,
    *[
        Profile(
            CHROME.format(system="Macintosh; Intel Mac OS X 10_15_7", mobile=""),
            "MacIntel",
            "1512x982",
        )
    ]
    * 11,
)


def read(path: Path) -> list[Profile]:
    """Return the profiles of a JSON list (.gz too) with userAgent, platform, screenWidth, …Height.

    That is the form of npm's `user-agents`. Raises Invalid when the file has none.
    """
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [
            Profile(p["userAgent"], p["platform"], f"{p['screenWidth']}x{p['screenHeight']}")
            for p in json.loads(raw)
        ]
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise Invalid(
            f"{path}: {error}",
            field="browsers",
            value=str(path),
            rule="a JSON list of userAgent, platform, screenWidth, screenHeight",
            remedy="name another file, or leave it out",
        ) from error


def real(rng: Random, profiles: Sequence[Profile]) -> Client:
    """Return a fan's browser."""
    client = _bought(rng, profiles)
    return replace(
        client,
        press="nobody" if rng.random() < _PRESSED else "",
        frameless=rng.random() < _FRAMELESS or None,
        patched=rng.random() < _PATCHED or None,
    )


def _bought(rng: Random, profiles: Sequence[Profile]) -> Client:
    """Return a browser as it is made."""
    profile, where = rng.choice(profiles), rng.randrange(len(LANGUAGES))
    return Client(
        _headers(profile.ua, LANGUAGES[where]), ZONES[where], profile.screen, profile.platform,
        LANGUAGES[where].partition(",")[0], False, agents.read(profile.ua).mobile,
    )  # fmt: skip


def private(rng: Random, _: Sequence[Profile]) -> Client:
    """Return a careful fan's Firefox that resists fingerprinting: UTC, and a rounded window."""
    screen = rng.choice(("1000x900", "1200x900", "1400x900", "1600x900"))
    return Client(_headers(FIREFOX, "en-US,en;q=0.5"), "UTC", screen, "Win32", "en-US", False)


def script(rng: Random, _: Sequence[Profile]) -> Client:
    """Return a program that says what it is: it runs no page, so no page tells of it."""
    return Client({"User-Agent": rng.choice(SCRIPTS), "Accept": "*/*"})


def headless(rng: Random, _: Sequence[Profile]) -> Client:
    """Return an automated browser with a Chrome's name, but not all that goes with it."""
    headers = {"User-Agent": WINDOWS_CHROME, "Accept": "*/*"}
    style = rng.randrange(3)
    if style == 0:
        headers["User-Agent"] = WINDOWS_CHROME.replace("Chrome/", "HeadlessChrome/")
    elif style == 1:
        headers |= _hints(WINDOWS_CHROME) | {
            "Sec-CH-UA-Platform": '"Linux"',
            "Accept-Language": "en-US",
        }
    return Client(headers, "UTC", "800x600", "Linux x86_64", "en-US", rng.random() < 0.6)


def copied(rng: Random, profiles: Sequence[Profile]) -> Client:
    """Return an automated browser whose headers are a real one's; its page tells some of it.

    How often each thing is forgotten is our assumption, after reports that about half of such
    browsers pass a fingerprint check: 55 % leave `navigator.webdriver` on; of the rest most leave
    the platform, the clock or the screen of the server they run on, and one in ten nothing. Who
    sets the clock sets the language too: both belong to how the browser is started.

    What follows from it was seen (`python -m bench.disguises`): who feigns the platform in the
    page leaves the server's in its worker; who clicks on a feigned phone has no mouse there; and
    one of the two ways to feign a screen leaves a window without a frame. That half do so is
    assumed again, and that those who forget nothing have the machine, or a build, that does not
    tell.
    """
    return _copied(rng, _bought(rng, profiles), driven=0.55, polished=0.1)


def polished(rng: Random, profiles: Sequence[Profile]) -> Client:
    """Return such a browser of somebody who works at it: half of them forget nothing at all.

    That is the part of them that commercial checks of fingerprints let pass (45 to 53 %).
    """
    return _copied(rng, _bought(rng, profiles), driven=0.0, polished=0.5)


def _copied(rng: Random, client: Client, driven: float, polished: float) -> Client:
    if rng.random() < driven:
        return replace(client, driven=True)
    if rng.random() < polished:
        return client
    started, bare = rng.random() < 0.8, rng.random() < 0.5
    clicks, framed, served = rng.random() < 0.5, rng.random() < 0.5, rng.random() < 0.9
    feigned = client.platform != _SERVER and not served
    return replace(
        client,
        tz="UTC" if started else client.tz,
        screen="800x600" if bare else client.screen,
        touch=False if bare else client.touch,  # both belong to the machine that is feigned
        platform=_SERVER if served else client.platform,
        worker_platform=_SERVER if feigned else "",
        press="no-mouse" if client.touch and not bare and clicks else "",
        frameless=not (client.touch or bare or framed) or None,
        language="en-US" if started else client.language,
    )


KINDS = {
    "real": real, "private": private, "script": script, "headless": headless, "copied": copied,
    "polished": polished,
}  # fmt: skip


def _headers(ua: str, language: str) -> dict[str, str]:
    agent = agents.read(ua)
    headers = {"User-Agent": ua, "Accept": "*/*", "Accept-Language": language}
    headers["Accept-Encoding"] = "gzip, deflate, br" + (
        ", zstd" if agent.engine != "webkit" else ""
    )
    return {**_hints(ua), **headers, **_FETCH}


def _hints(ua: str) -> dict[str, str]:
    agent = agents.read(ua)
    if agent.engine != agents.CHROMIUM or agent.major < agents.FIRST_WITH_HINTS:
        return {}
    brand = next((name for sign, name in _BRANDS.items() if sign in ua), "Google Chrome")
    return {
        "Sec-CH-UA": f'"Chromium";v="{agent.major}", "{brand}";v="99"',
        "Sec-CH-UA-Mobile": "?1" if agent.mobile else "?0",
        "Sec-CH-UA-Platform": f'"{agent.system}"',
    }
