"""Rules about what a client says of itself: scripts, and browsers that contradict themselves.

A contradiction is between two claims of the same request. Nothing here fingerprints a device, and
a header whose value could differ between honest browsers is not looked at.
"""

from __future__ import annotations

import re

from fairness.screening.agents import CHROMIUM, FIREFOX, FIRST_WITH_HINTS, WEBKIT
from fairness.screening.case import Case
from fairness.screening.model import Finding

_ENGINE_BRAND = re.compile(r'"Chromium";\s*v="(\d{1,4})')
# Claims that honest browsers mix: a phone or tablet asked for the desktop site says "Linux".
_SAME_SYSTEM = ({"Android", "Linux"}, {"Chrome OS", "Chromium OS"}, {"Chrome OS", "Linux"})
# What each system's browsers tell a page; a Mac's name stands for an iPad's as well.
PLATFORMS = {
    "Windows": ("Win",),
    "macOS": ("Mac", "iPad", "iPhone"),
    "iOS": ("iP", "Mac"),
    "Android": ("Linux", "Android"),
    "Linux": ("Linux", "FreeBSD", "OpenBSD"),
    "Chrome OS": ("Linux", "CrOS"),
}
_BARE_SCREENS = ("800x600", "1024x768")
SERVER = "Linux x86_64"  # what a browser on a rented server tells its page
_NO_PLACE = ("UTC", "Etc/UTC", "Etc/GMT", "GMT")

UNUSUAL = (
    "Your browser describes itself in two ways that do not fit together. Privacy add-ons can "
    "do this. Confirming your e-mail address is enough."
)
_INCOMPLETE = (
    "Your request did not look like one from the browser it names. Add-ons and company "
    "networks can cause this."
)


def script_agent(case: Case) -> Finding | None:
    """Strong: the client says itself that it is a program, or it sends no name at all."""
    if case.agent.script:
        return Finding(
            "script_agent",
            0.85,
            "The request to join came from a program rather than a browser. Please use a "
            "browser, or tell us if you depend on other software.",
        )
    if not case.visit.ua and case.headers:
        return Finding(
            "script_agent", 0.6, "The request to join did not say which browser it came from."
        )
    return None


def headless_browser(case: Case) -> Finding | None:
    """Strong: the browser says that it runs without a screen, in its name or in its hints."""
    brands = case.visit.hints.get("sec-ch-ua", "").lower()
    if not case.agent.headless and "headless" not in brands:
        return None
    return Finding(
        "headless_browser",
        0.85,
        "The browser that joined runs without a screen, as automated ones do. If you use it "
        "for a reason of your own, please tell us.",
    )


def driven_browser(case: Case) -> Finding | None:
    """Strong: the browser tells its own pages that a program drives it (WebDriver, section 4)."""
    if not case.visit.driven:
        return None
    return Finding(
        "driven_browser",
        0.85,
        "The browser that joined says that a program operates it. If you use such a program for "
        "a reason of your own, please tell us.",
    )


def contradicting_page(case: Case) -> Finding | None:
    """Firm on a computer, else weak: a page is told of another machine than the name says.

    Weak on phones, because one in six that say so is a desktop browser in disguise. Three in five
    browsers that say Android name a server's machine, so that counts with its screen or clock only.
    """
    platform, system = case.visit.platform, case.agent.system
    expected = PLATFORMS.get(system)
    if not platform or expected is None:
        return None
    if platform.startswith(expected) and not _is_served_android(case):
        return None
    return Finding("contradicting_page", 0.3 if case.agent.mobile else 0.5, UNUSUAL)


def _is_served_android(case: Case) -> bool:
    visit, agent = case.visit, case.agent
    bare = visit.screen in _BARE_SCREENS or visit.tz in _NO_PLACE
    return agent.mobile and agent.system == "Android" and visit.platform == SERVER and bare


def untouchable_phone(case: Case) -> Finding | None:
    """Weak: a phone by its name, with a screen that cannot be touched.

    A computer's browser that shows a page as a phone would see it says so on purpose, mostly.
    """
    agent = case.agent
    if case.visit.touch is not False or not agent.mobile or agent.system not in ("iOS", "Android"):
        return None
    return Finding("untouchable_phone", 0.25, UNUSUAL)


def contradicting_language(case: Case) -> Finding | None:
    """Weak: the page is told of a language that the request does not ask for.

    Browsers make both from one setting; some add-ons change only one. Who asks for British English
    and then for any, as browsers write it, asks for no American one.
    """
    told = _tag(case.visit.language)
    asked = {_tag(part) for part in case.visit.lang.split(",")}
    if not told or not case.visit.lang or told in asked or "*" in asked:
        return None
    tongue = told.partition("-")[0]
    near = {tag for tag in asked if tag.partition("-")[0] == tongue}
    if near and ("-" not in told or near == {tongue}):
        return None
    return Finding("contradicting_language", 0.25, UNUSUAL)


def _tag(part: str) -> str:
    return part.partition(";")[0].strip().lower()


def bare_machine(case: Case) -> Finding | None:
    """The screen and the clock of a server: weak each, firm together.

    Browsers of careful people show the clock; hardly any person's machine shows both.
    """
    weight = 0.25 if case.visit.screen in _BARE_SCREENS else 0.0
    weight += 0.25 if case.visit.tz in _NO_PLACE else 0.0
    if not weight:
        return None
    return Finding(
        "bare_machine",
        weight,
        "Your browser gave a screen size or a time zone that servers have. Privacy settings can "
        "do this.",
    )


def contradicting_hints(case: Case) -> Finding | None:
    """Firm: user agent and client hints name another engine, version or system.

    Several contradictions are one finding: an add-on that changes the user agent causes them all.
    """
    hints, agent = case.visit.hints, case.agent
    if not any(hints.values()) or not agent.browser:
        return None
    if agent.engine in (FIREFOX, WEBKIT):
        # Some tools that show a page as a phone would see it do send hints for iOS.
        weight = 0.4 if agent.system == "iOS" else 0.6
        return Finding("contradicting_hints", weight, UNUSUAL)
    brand = _ENGINE_BRAND.search(hints.get("sec-ch-ua", ""))
    other_version = brand is not None and int(brand[1]) != agent.major
    other_system = not _same_system(hints.get("sec-ch-ua-platform", ""), agent.system)
    if other_version or other_system:
        both = other_version and other_system
        return Finding("contradicting_hints", 0.7 if both else 0.6, UNUSUAL)
    if agent.mobile and hints.get("sec-ch-ua-mobile") == "?0":
        return Finding("contradicting_hints", 0.3, UNUSUAL)
    return None


def missing_hints(case: Case) -> Finding | None:
    """Firm when the page was secure, else weak: over plain HTTP real browsers send none."""
    agent, visit = case.agent, case.visit
    if not case.headers or agent.engine != CHROMIUM or agent.major < FIRST_WITH_HINTS:
        return None
    if visit.hints.get("sec-ch-ua") or "sec-ch-ua" in case.headers:
        return None
    if not (visit.secure or _sends_fetch_headers(case)):
        return None if visit.secure is False else Finding("missing_hints", 0.2, _INCOMPLETE)
    return Finding("missing_hints", 0.5 if agent.plain else 0.2, _INCOMPLETE)


def wrong_headers(case: Case) -> Finding | None:
    """Up to firm: headers that every browser sends are not there."""
    if not case.headers or not case.agent.browser:
        return None
    weight = 0.0
    if "accept-language" not in case.headers:
        weight += 0.4  # libraries leave it out, and so do some privacy tools
    if "accept-encoding" not in case.headers:
        weight += 0.3
    if "accept" not in case.headers:
        weight += 0.2
    hints_sent = bool(case.visit.hints.get("sec-ch-ua"))
    if hints_sent and case.visit.secure is not False and not _sends_fetch_headers(case):
        weight += 0.3  # both are sent on secure pages only: one without the other was copied
    if not weight:
        return None
    return Finding("wrong_headers", round(min(weight, 0.7), 2), _INCOMPLETE)


def _sends_fetch_headers(case: Case) -> bool:
    return "sec-fetch-mode" in case.headers or "sec-fetch-site" in case.headers


def _same_system(hinted: str, claimed: str) -> bool:
    name = hinted.strip('" ')
    if not name or name == "Unknown" or not claimed or name == claimed:
        return True
    return any({name, claimed} == pair for pair in _SAME_SYSTEM)
