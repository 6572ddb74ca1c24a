from __future__ import annotations

import pytest

from fairness.screening import agents
from tests.fairness.screening.crowds import (
    ANDROID_CHROME,
    FIREFOX,
    HEADLESS,
    IPHONE_SAFARI,
    MAC_SAFARI,
    SCRIPTS,
    WINDOWS_CHROME,
    profiles,
)


@pytest.mark.parametrize(
    ("ua", "engine", "system", "mobile"),
    [
        (WINDOWS_CHROME, "chromium", "Windows", False),
        (ANDROID_CHROME, "chromium", "Android", True),
        (IPHONE_SAFARI, "webkit", "iOS", True),
        (IPHONE_SAFARI.replace("Version/26.0", "CriOS/150.0"), "webkit", "iOS", True),
        (MAC_SAFARI, "webkit", "macOS", False),
        (FIREFOX, "firefox", "Linux", False),
    ],
)
def test_a_browser_is_read_from_its_name(ua: str, engine: str, system: str, mobile: bool) -> None:
    agent = agents.read(ua)
    assert (agent.engine, agent.system, agent.mobile) == (engine, system, mobile)


def test_the_version_of_chromium_is_read() -> None:
    assert agents.read(WINDOWS_CHROME).major == 150


@pytest.mark.parametrize("ua", SCRIPTS)
def test_a_program_that_says_so_is_a_script(ua: str) -> None:
    assert agents.read(ua).script
    assert not agents.read(ua).browser


def test_a_crawler_is_a_script_and_a_phone_called_cubot_is_not() -> None:
    googlebot = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    assert agents.read(googlebot).script
    assert not agents.read(ANDROID_CHROME.replace("K)", "CUBOT X70)")).script
    assert not agents.read(ANDROID_CHROME.replace("K)", "CUBOT Build/1)")).script


def test_a_browser_built_on_chromium_is_not_plain() -> None:
    assert agents.read(WINDOWS_CHROME).plain
    assert not agents.read(f"{WINDOWS_CHROME} OPR/135.0.0.0").plain


def test_a_headless_browser_says_so() -> None:
    assert agents.read(HEADLESS).headless


def test_a_name_that_is_nothing_claims_nothing() -> None:
    assert agents.read("") == agents.Agent()


def test_no_real_browser_is_taken_for_a_script() -> None:
    read = [agents.read(ua) for ua in profiles()]
    assert len(read) >= 1_000
    assert [agent for agent in read if agent.script or agent.headless or not agent.browser] == []
