from __future__ import annotations

import re
from dataclasses import replace

import pytest

from fairness.screening import agents, claims, rules, scoring
from fairness.screening.case import Case
from fairness.screening.model import Account, Finding, Visit
from tests.fairness.screening.crowds import (
    ANDROID_CHROME,
    FIREFOX,
    HEADLESS,
    IPHONE_SAFARI,
    MAC_SAFARI,
    SCRIPTS,
    WINDOWS_CHROME,
    browser,
    script,
)


def case(visit: Visit | None = None, account: Account = Account(), **facts: object) -> Case:  # noqa: B008 - frozen
    visit = visit or browser("fan", WINDOWS_CHROME)
    agent, headers = agents.read(visit.ua), frozenset(visit.headers)
    return Case(visit, account, agent, headers, **facts)  # type: ignore[arg-type]


def weight(finding: Finding | None) -> float:
    return finding.weight if finding else 0.0


def with_hint(visit: Visit, name: str, value: str) -> Visit:
    return replace(visit, hints={**visit.hints, name: value})


EVERYTHING_WRONG = (
    case(script("fan", SCRIPTS[0])),
    case(browser("fan", HEADLESS)),
    case(with_hint(browser("fan", WINDOWS_CHROME), "sec-ch-ua-platform", '"Linux"')),
    case(replace(browser("fan", WINDOWS_CHROME), hints={}, headers=("host", "sec-fetch-mode"))),
    case(network="datacenter", regular=True, disposable=True, since_opening_us=1),
    case(
        replace(
            browser("fan", WINDOWS_CHROME),
            driven=True,
            platform="Linux x86_64",
            tz="UTC",
            language="ja",
        )
    ),
    case(replace(browser("fan", IPHONE_SAFARI), touch=False, open_ms=40)),
    case(
        replace(
            browser("fan", WINDOWS_CHROME),
            platform="Win32",
            worker_platform="Linux x86_64",
            press="no-mouse",
            frameless=True,
            patched=True,
        )
    ),
    case(replace(browser("fan", WINDOWS_CHROME), press="nobody")),
    case(browser("fan", WINDOWS_CHROME, at_us=2), Account(created_us=1)),
    case(account=Account(sales=9, full=9, dearest=9, cities=7, bought=36, returned=18, missed=18)),
    case(account=Account(sales=2, reported=2)),
    case(network="vpn", on_address=999, on_device=9, on_card=9, on_mailbox=9, in_group=10),
)


def test_there_is_a_case_for_every_rule_and_each_reason_is_fit_for_a_fan_to_read() -> None:
    """Kind, whole sentences, no blame, and nothing about anybody else."""
    found = [f for c in EVERYTHING_WRONG for rule in rules.RULES if (f := rule(c))]
    assert {f.rule for f in found} == {rule.__name__ for rule in rules.RULES}
    for finding in found:
        assert re.fullmatch(r"[A-Z].*\.", finding.because)
        assert not re.search(r"\b(bot|scalper|fraud|suspicious|fake|abuse|@)\b", finding.because)
        assert not re.search(r"\d{2}", finding.because)
        assert 0 < finding.weight < 1


def test_there_are_at_least_eight_rules() -> None:
    assert len(rules.RULES) >= 8


@pytest.mark.parametrize("ua", [WINDOWS_CHROME, ANDROID_CHROME, IPHONE_SAFARI, MAC_SAFARI, FIREFOX])
@pytest.mark.parametrize("https", [True, False])
def test_a_real_browser_has_no_findings_over_https_and_hardly_any_over_http(
    ua: str, https: bool
) -> None:
    found = [f for rule in rules.RULES if (f := rule(case(browser("fan", ua, https=https))))]
    assert sum(f.weight for f in found) <= (0 if https else 0.2)


@pytest.mark.parametrize("ua", SCRIPTS)
def test_a_script_is_found_by_its_own_name(ua: str) -> None:
    assert weight(claims.script_agent(case(script("fan", ua)))) >= 0.8


def test_no_user_agent_at_all_is_found_unless_nothing_at_all_is_known() -> None:
    assert weight(claims.script_agent(case(script("fan", "")))) == 0.6
    assert claims.script_agent(case(Visit("fan"))) is None


def test_a_headless_browser_is_found_by_its_name_or_its_hints() -> None:
    hidden = with_hint(browser("fan", WINDOWS_CHROME), "sec-ch-ua", '"HeadlessChrome";v="150"')
    assert claims.headless_browser(case(browser("fan", HEADLESS)))
    assert claims.headless_browser(case(hidden))


@pytest.mark.parametrize(
    ("name", "value", "at_least"),
    [
        ("sec-ch-ua", '"Chromium";v="149", "Google Chrome";v="149"', 0.5),
        ("sec-ch-ua-platform", '"Linux"', 0.5),
        ("sec-ch-ua-mobile", "?1", 0.0),
    ],
)
def test_hints_that_contradict_the_user_agent_are_found(
    name: str, value: str, at_least: float
) -> None:
    visit = with_hint(browser("fan", WINDOWS_CHROME), name, value)
    assert weight(claims.contradicting_hints(case(visit))) >= at_least


def test_a_phone_whose_hints_say_desktop_is_a_weak_finding() -> None:
    visit = with_hint(browser("fan", ANDROID_CHROME), "sec-ch-ua-mobile", "?0")
    assert weight(claims.contradicting_hints(case(visit))) == 0.3


@pytest.mark.parametrize(
    ("ua", "expected"), [(FIREFOX, 0.6), (MAC_SAFARI, 0.6), (IPHONE_SAFARI, 0.4)]
)
def test_hints_of_a_browser_that_has_none_are_found(ua: str, expected: float) -> None:
    visit = with_hint(browser("fan", ua), "sec-ch-ua", '"Chromium";v="150"')
    assert weight(claims.contradicting_hints(case(visit))) == expected


def test_a_tablet_that_asks_for_the_desktop_site_contradicts_nothing() -> None:
    linux = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36"
    visit = with_hint(browser("fan", linux), "sec-ch-ua-platform", '"Android"')
    assert claims.contradicting_hints(case(visit)) is None


def test_hints_left_out_of_a_secure_request_are_firm_evidence_and_else_weak() -> None:
    bare = replace(browser("fan", WINDOWS_CHROME, https=False), hints={})
    secure = replace(bare, headers=(*bare.headers, "sec-fetch-mode"))
    assert weight(claims.missing_hints(case(secure))) == 0.5
    assert weight(claims.missing_hints(case(replace(bare, secure=True)))) == 0.5
    assert weight(claims.missing_hints(case(bare))) == 0.2
    assert claims.missing_hints(case(replace(bare, secure=False))) is None


def test_a_browser_from_before_client_hints_misses_none() -> None:
    old = WINDOWS_CHROME.replace("150", "80")
    assert claims.missing_hints(case(browser("fan", old))) is None


def test_a_browsers_name_on_a_librarys_headers_is_found() -> None:
    assert weight(claims.wrong_headers(case(script("fan", WINDOWS_CHROME)))) == 0.4
    fewest = replace(script("fan", WINDOWS_CHROME), headers=("host", "user-agent"))
    assert weight(claims.wrong_headers(case(fewest))) == 0.7


def test_hints_without_the_headers_they_always_come_with_were_copied() -> None:
    real = browser("fan", WINDOWS_CHROME)
    copied = replace(real, headers=tuple(h for h in real.headers if not h.startswith("sec-fetch")))
    assert weight(claims.wrong_headers(case(copied))) == 0.3


def test_a_visit_without_headers_is_not_blamed_for_what_the_door_did_not_see() -> None:
    visit = Visit("fan", ua=WINDOWS_CHROME)
    assert not any(rule(case(visit)) for rule in rules.RULES)


def test_a_servers_screen_or_clock_alone_is_weak_and_together_asks_for_a_code() -> None:
    found = [
        weight(claims.bare_machine(case(replace(browser("fan", IPHONE_SAFARI), **told))))  # type: ignore[arg-type]
        for told in ({"tz": "UTC"}, {"screen": "800x600"}, {"tz": "UTC", "screen": "800x600"})
    ]
    assert found == [0.25, 0.25, 0.5]


def test_an_android_on_a_servers_machine_counts_with_a_servers_clock_or_screen_only() -> None:
    android = replace(browser("fan", ANDROID_CHROME), platform="Linux x86_64")
    assert claims.contradicting_page(case(android)) is None
    assert weight(claims.contradicting_page(case(replace(android, tz="UTC")))) == 0.3
    phone = replace(android, platform="Linux armv81", tz="UTC")
    assert claims.contradicting_page(case(phone)) is None


@pytest.mark.parametrize(
    ("page", "header", "found"),
    [
        ("en-US", "de-DE,de;q=0.9", True),
        ("en-US", "de-DE,de;q=0.9,en;q=0.7", False),
        ("pt-BR", "PT", False),
        ("en-US", "en-GB,en;q=0.9", True),
        ("en-us", "en-GB,en-US;q=0.9,en;q=0.8", False),
        ("en", "en-GB,en;q=0.9", False),
        ("fi", "fi-FI,fi;q=0.9,en;q=0.8", False),
        ("en", "*", False),
        ("", "de", False),
        ("en", "", False),
    ],
)
def test_a_page_in_a_language_nobody_asked_for_is_weak(page: str, header: str, found: bool) -> None:
    visit = replace(browser("fan", WINDOWS_CHROME), language=page, lang=header)
    assert weight(claims.contradicting_language(case(visit))) == (0.25 if found else 0)


def test_a_crowd_on_one_address_is_weak_and_on_a_relay_nothing() -> None:
    assert rules.crowded_address(case(on_address=20)) is None
    assert weight(rules.crowded_address(case(on_address=21))) == 0.1
    assert weight(rules.crowded_address(case(on_address=5_000))) == 0.15
    assert rules.crowded_address(case(on_address=5_000, network="relay")) is None


def test_a_datacenter_weighs_more_than_a_vpn_and_neither_asks_anybody_anything() -> None:
    datacenter = weight(rules.datacenter_address(case(network="datacenter")))
    vpn = weight(rules.vpn_address(case(network="vpn")))
    assert 0 < vpn < datacenter < 0.5
    assert rules.datacenter_address(case(network="relay")) is None


@pytest.mark.parametrize(
    ("since", "expected"), [(None, 0), (-5, 0), (0, 0.2), (99_999, 0.2), (100_000, 0)]
)
def test_only_the_first_tenth_of_a_second_is_too_quick(since: int | None, expected: float) -> None:
    assert weight(rules.instant_reaction(case(since_opening_us=since))) == expected


def test_even_joins_are_firm_evidence_but_not_from_a_relay() -> None:
    assert weight(rules.regular_timing(case(regular=True))) == 0.5
    assert rules.regular_timing(case(regular=True, network="relay")) is None


def test_a_thrown_away_mailbox_alone_is_weak() -> None:
    assert 0 < weight(rules.disposable_mailbox(case(disposable=True))) < 0.5


def test_only_a_group_that_no_household_is_holds_its_shared_place() -> None:
    assert rules.many_accounts(case(in_group=9)) is None
    held = case(in_group=10, on_card=9, on_device=9)
    found = [f for rule in rules.RULES if (f := rule(held))]
    assert scoring.score(found) > scoring.REFUSE_AT
    assert scoring.verdict(found) == "review"


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (rules.alias_twins, "on_mailbox"),
        (rules.shared_device, "on_device"),
        (rules.shared_card, "on_card"),
    ],
)
def test_two_who_share_are_weak_evidence_and_ten_more(rule: rules.Rule, name: str) -> None:
    assert rule(case(**{name: 1})) is None
    assert 0 < weight(rule(case(**{name: 2}))) < 0.5
    assert weight(rule(case(**{name: 10}))) > weight(rule(case(**{name: 2})))


def test_only_a_phone_that_cannot_be_touched_is_odd() -> None:
    def told(ua: str, touch: bool | None) -> float:
        return weight(claims.untouchable_phone(case(replace(browser("fan", ua), touch=touch))))

    for ua in (IPHONE_SAFARI, ANDROID_CHROME):
        assert told(ua, False) == 0.25
        assert told(ua, True) == told(ua, None) == 0
    for ua in (WINDOWS_CHROME, MAC_SAFARI, FIREFOX):  # many have such a screen, many have none
        assert told(ua, True) == told(ua, False) == 0


@pytest.mark.parametrize(
    ("open_ms", "weighs"), [(0, 0), (1, 0.2), (249, 0.2), (250, 0), (3_000, 0), (7_200_000, 0)]
)
def test_only_a_press_that_no_hand_makes_is_hurried_and_nobody_is_too_slow(
    open_ms: int, weighs: float
) -> None:
    visit = replace(browser("fan", MAC_SAFARI), open_ms=open_ms)
    assert weight(rules.hurried_join(case(visit))) == weighs
