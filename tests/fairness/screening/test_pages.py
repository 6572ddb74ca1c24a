"""What only the page can tell: weak each, and one cause is one finding."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fairness.screening import agents, pages, rules, scoring
from fairness.screening.case import Case
from fairness.screening.model import Account, Finding, Visit
from tests.fairness.screening.crowds import (
    ANDROID_CHROME,
    FIREFOX,
    IPHONE_SAFARI,
    MAC_SAFARI,
    WINDOWS_CHROME,
    browser,
)

SERVER = "Linux x86_64"
PLATFORMS = {
    WINDOWS_CHROME: "Win32",
    ANDROID_CHROME: "Linux armv81",
    IPHONE_SAFARI: "iPhone",
    MAC_SAFARI: "MacIntel",
}


def case(ua: str, **told: object) -> Case:
    visit = replace(browser("fan", ua), platform=PLATFORMS.get(ua, SERVER), language="de-DE")
    return of(replace(visit, lang="de-DE,de;q=0.9", **told))  # type: ignore[arg-type]


def of(visit: Visit) -> Case:
    return Case(visit, Account(), agents.read(visit.ua), frozenset(visit.headers))


def weight(finding: Finding | None) -> float:
    return finding.weight if finding else 0.0


def verdict(seen: Case) -> str:
    return scoring.verdict([f for rule in rules.RULES if (f := rule(seen))])


@pytest.mark.parametrize(
    ("ua", "platform", "language", "weighs"),
    [
        (WINDOWS_CHROME, SERVER, "", 0.5),
        (WINDOWS_CHROME, SERVER, "en-US", 0.5),
        (WINDOWS_CHROME, "MacIntel", "", 0.5),
        (WINDOWS_CHROME, "", "en-US", 0.2),
        (WINDOWS_CHROME, "", "de", 0),
        (MAC_SAFARI, "iPad", "", 0),
        (MAC_SAFARI, "iPhone", "", 0),
        (ANDROID_CHROME, SERVER, "", 0.5),
        (ANDROID_CHROME, SERVER, "en-US", 0.5),
        (ANDROID_CHROME, "Linux armv8l", "", 0),
        (IPHONE_SAFARI, "MacIntel", "", 0),
        (IPHONE_SAFARI, SERVER, "", 0.5),
        (FIREFOX, "Linux armv8l", "", 0),
    ],
)
def test_a_worker_that_runs_on_another_machine_than_its_page_is_noticed(
    ua: str, platform: str, language: str, weighs: float
) -> None:
    seen = case(ua, worker_platform=platform, worker_language=language)
    assert weight(pages.contradicting_worker(seen)) == weighs


def test_a_feigned_machine_is_asked_for_a_code_and_never_held_for_what_its_worker_says() -> None:
    feigned = case(WINDOWS_CHROME, worker_platform=SERVER, worker_language="en-US")
    assert verdict(feigned) == "challenge"
    hints = {**feigned.visit.hints, "sec-ch-ua-platform": '"Linux"'}
    by_add_on = of(replace(feigned.visit, hints=hints))
    assert pages.contradicting_worker(by_add_on) is None
    assert verdict(by_add_on) == "challenge"


def test_a_page_that_told_nothing_of_itself_contradicts_no_worker() -> None:
    visit = replace(case(WINDOWS_CHROME).visit, platform="", language="")
    seen = of(replace(visit, worker_platform=SERVER, worker_language="fr"))
    assert pages.contradicting_worker(seen) is None


@pytest.mark.parametrize(
    ("ua", "press", "weighs"),
    [
        (WINDOWS_CHROME, "", 0),
        (WINDOWS_CHROME, "nobody", 0.2),
        (IPHONE_SAFARI, "nobody", 0.2),
        (ANDROID_CHROME, "no-mouse", 0.25),
        (IPHONE_SAFARI, "no-mouse", 0),
        (FIREFOX, "no-mouse", 0),
    ],
)
def test_a_press_that_no_hand_made_is_weak(ua: str, press: str, weighs: float) -> None:
    assert weight(pages.unlikely_press(case(ua, press=press))) == weighs


def test_only_chrome_on_windows_or_a_mac_has_a_frame_for_certain() -> None:
    assert weight(pages.frameless_window(case(WINDOWS_CHROME, frameless=True))) == 0.2
    for ua in (ANDROID_CHROME, IPHONE_SAFARI, MAC_SAFARI, FIREFOX, f"{WINDOWS_CHROME} Edg/150.0"):
        assert pages.frameless_window(case(ua, frameless=True)) is None
    assert pages.frameless_window(case(WINDOWS_CHROME)) is None


def test_an_add_on_that_changes_the_page_asks_nobody_anything() -> None:
    seen = case(WINDOWS_CHROME, patched=True, press="nobody")
    assert weight(pages.patched_page(seen)) == 0.1
    assert verdict(seen) == "admit"
    in_two_ways = case(IPHONE_SAFARI, patched=True, platform=SERVER)
    assert pages.patched_page(in_two_ways) is None  # one cause is one finding
