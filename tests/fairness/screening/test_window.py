from __future__ import annotations

import logging
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from fairness import keys
from fairness.screening import facts, judging, rules, tables, timing, window
from fairness.screening.case import Case
from fairness.screening.linking import Links
from fairness.screening.model import Account, Finding, Visit
from fairness.screening.tables import Tables
from fairness.screening.window import Screened, screen_window
from tests.fairness.screening.crowds import (
    HEADLESS,
    IPHONE_SAFARI,
    SCRIPTS,
    WINDOWS_CHROME,
    arrivals,
    browser,
    hints_of,
    profiles,
    script,
)

SALE, PEPPER = "sale_1", "pepper"
OPENS = 1_000_000_000
TABLES = tables.load()


def screen(
    redis: Redis,
    visits: list[Visit],
    accounts: dict[str, Account] | None = None,
    *,
    known: Tables = TABLES,
    table: tuple[rules.Rule, ...] = rules.RULES,
) -> Screened:
    redis.zadd(keys.arrivals(SALE), {visit.fan: visit.at_us for visit in visits})
    return screen_window(
        redis,
        SALE,
        visits,
        accounts or {},
        tables=known,
        pepper=PEPPER,
        opens_at_us=OPENS,
        table=table,
    )


def verdicts(screened: Screened) -> Counter[str]:
    return Counter(judgement.verdict for judgement in screened.judgements.values())


def at_home(number: int) -> str:
    return f"88.{number // 65_536}.{number // 256 % 256}.{number % 256}"


# ---- honest crowds that look bad ----

CROWDS = {
    "at home": at_home,
    "a school behind one address": lambda n: "88.10.10.10",
    "a phone network's few addresses": lambda n: f"85.76.0.{n % 8}",
    "Apple's relay": lambda n: f"104.28.{n % 100}.{n % 7}",
    "Apple's relay, IPv6": lambda n: f"2a02:26f7:c000::{n % 50:x}",
    "a VPN": lambda n: f"146.70.{64 + n % 4}.{n % 16}",
    "an unlisted VPN or a company's proxy": lambda n: f"3.90.0.{n % 20}",
    "an address nobody knows": lambda n: "",
}


@pytest.mark.parametrize("https", [True, False], ids=["https", "http"])
@pytest.mark.parametrize("crowd", [c for c in CROWDS if "unlisted" not in c])
def test_real_browsers_of_an_honest_crowd_are_admitted(
    redis: Redis, crowd: str, https: bool
) -> None:
    rng = random.Random(7)
    people = rng.sample(profiles(), 1_500)
    times = arrivals(rng, len(people), 60)
    visits = [
        browser(
            f"fan{n}", ua, https=https, address=CROWDS[crowd](n), device=f"d{n}", at_us=OPENS + t
        )
        for n, (ua, t) in enumerate(zip(people, times, strict=True))
    ]
    counted = verdicts(screen(redis, visits))
    assert counted["refuse"] + counted["review"] + counted["merge"] == 0
    assert counted["challenge"] <= 0.01 * len(visits)


def test_real_browsers_on_servers_networks_are_admitted_over_https(redis: Redis) -> None:
    rng = random.Random(8)
    address = CROWDS["an unlisted VPN or a company's proxy"]
    visits = [
        browser(f"fan{n}", ua, address=address(n), at_us=OPENS + t)
        for n, (ua, t) in enumerate(
            zip(rng.sample(profiles(), 1_500), arrivals(rng, 1_500, 60), strict=True)
        )
    ]
    counted = verdicts(screen(redis, visits))
    assert counted["refuse"] + counted["review"] == 0
    assert counted["challenge"] <= 15


def test_real_browsers_are_admitted_with_the_public_tables_too(redis: Redis, shared: Path) -> None:
    rng = random.Random(9)
    nets = (shared / "network" / "x4bnet_vpn_ipv4.txt").read_text().split()
    relays = (shared / "network" / "x4bnet_apple_private_relay.txt").read_text().split()
    people = rng.sample(profiles(), 2_000)
    visits = [
        browser(
            f"fan{n}",
            ua,
            address=rng.choice(nets if n % 2 else relays).partition("/")[0],
            at_us=OPENS + t,
        )
        for n, (ua, t) in enumerate(zip(people, arrivals(rng, 2_000, 60), strict=True))
    ]
    counted = verdicts(screen(redis, visits, known=tables.load(shared)))
    assert counted["refuse"] + counted["review"] == 0
    assert counted["challenge"] <= 20


def test_a_family_on_one_address_stays_four_people(redis: Redis) -> None:
    family = [
        browser(f"f{n}", IPHONE_SAFARI, address="88.1.1.1", device=f"d{n}", at_us=OPENS + n * 10**6)
        for n in range(4)
    ]
    accounts = {v.fan: Account("example.org", f"mail{v.fan}") for v in family}
    assert verdicts(screen(redis, family, accounts)) == {"admit": 4}


# ---- attackers ----


@pytest.mark.parametrize("ua", SCRIPTS)
def test_a_burst_of_scripts_from_a_datacenter_is_refused_with_a_reason(
    redis: Redis, ua: str
) -> None:
    visits = [script(f"s{n}", ua, address=f"3.90.0.{n}", at_us=OPENS + n) for n in range(50)]
    screened = screen(redis, visits)
    assert verdicts(screened) == {"refuse": 50}
    assert {"script_agent", "datacenter_address"} <= set(screened.judgements["s1"].rules())


def test_a_sales_calibration_weighs_what_its_rules_find(redis: Redis) -> None:
    visit = script("fan", SCRIPTS[0], address="88.1.1.1", at_us=OPENS + 10**6)

    def look(part: object) -> tuple[list[Visit], dict[str, Account]]:
        return [visit], {}

    found = {}
    for weights in ({}, dict.fromkeys(("script_agent", "missing_hints", "wrong_headers"), 790)):
        known = window.Knowledge(TABLES, PEPPER, OPENS, weights=weights)
        screened = window.screen_arrivals(redis, SALE, [("fan", visit.at_us)], look, known)
        found[bool(weights)] = screened.judgements["fan"]
    assert found[True].rules() == found[False].rules()
    assert found[True].score < found[False].score
    assert (found[False].verdict, found[True].verdict) == ("review", "challenge")


def test_a_script_from_a_home_is_held_for_review_and_not_refused(redis: Redis) -> None:
    assert verdicts(screen(redis, [script("s", SCRIPTS[0], address="88.1.1.1")])) == {"review": 1}


def test_a_headless_browser_is_caught_even_with_a_perfect_set_of_headers(redis: Redis) -> None:
    hints = hints_of(WINDOWS_CHROME)
    hints["sec-ch-ua"] = hints["sec-ch-ua"].replace("Google Chrome", "HeadlessChrome")
    hidden = replace(browser("h2", WINDOWS_CHROME, address="3.90.0.2"), hints=hints)
    visits = [browser("h1", HEADLESS, address="88.1.1.1"), hidden]
    found = screen(redis, visits).judgements
    assert [found[fan].verdict for fan in ("h1", "h2")] == ["review", "refuse"]


def copied(fault: str) -> Visit:
    """A request that was put together from somebody's browser, with one thing wrong."""
    visit = browser("bot", WINDOWS_CHROME, address="88.1.1.1")
    if fault == "no hints":
        names = tuple(h for h in visit.headers if not h.startswith("sec-ch"))
        return replace(visit, hints={}, headers=names)
    if fault == "another version":
        return replace(visit, ua=visit.ua.replace("Chrome/150", "Chrome/147"))
    if fault == "another system":
        return replace(visit, ua=visit.ua.replace("Windows NT 10.0; Win64; x64", "X11; Linux"))
    if fault == "another engine":
        return replace(visit, ua=visit.ua.replace("Chrome/150.0.0.0 Safari", "Version/26.0 Safari"))
    if fault == "a library's headers":
        return script("bot", WINDOWS_CHROME, address="88.1.1.1")
    assert fault == "a datacenter and no hints over plain HTTP"
    return browser("bot", WINDOWS_CHROME, https=False, address="3.90.0.1")


@pytest.mark.parametrize(
    "fault",
    [
        "no hints",
        "another version",
        "another system",
        "another engine",
        "a library's headers",
        "a datacenter and no hints over plain HTTP",
    ],
)
def test_copied_headers_that_do_not_fit_together_are_challenged_or_more(
    redis: Redis, fault: str
) -> None:
    assert screen(redis, [copied(fault)]).judgements["bot"].verdict in ("challenge", "review")


def test_joins_like_a_clock_from_one_address_are_challenged(redis: Redis) -> None:
    visits = [
        browser(f"b{n}", IPHONE_SAFARI, address="88.1.1.1", at_us=OPENS + 10**6 + n * 250_000)
        for n in range(20)
    ]
    assert verdicts(screen(redis, visits)) == {"challenge": 20}


def test_alias_twins_share_one_place_and_are_told_why(redis: Redis) -> None:
    visits = [
        browser(f"t{n}", IPHONE_SAFARI, address=at_home(n), device=f"d{n}", at_us=OPENS + n)
        for n in (3, 1, 2)
    ]
    screened = screen(redis, visits, {v.fan: Account("gmail.com", "one") for v in visits})
    assert screened.merges() == {"t2": "t1", "t3": "t1"}
    assert screened.judgements["t2"].verdict == "merge"
    assert {"shared_place", "alias_twins"} <= set(screened.judgements["t2"].rules())


def test_a_farm_with_one_card_is_one_person_over_several_windows(redis: Redis) -> None:
    farm = [
        browser(f"k{n}", IPHONE_SAFARI, address=at_home(n), device=f"d{n}", at_us=OPENS + n * 10**7)
        for n in range(6)
    ]
    accounts = {v.fan: Account(cards=(f"own{v.fan}", "shared")) for v in farm}
    assert screen(redis, farm[:3], accounts).merges() == {"k1": "k0", "k2": "k0"}
    assert screen(redis, farm[3:], accounts).merges() == {f"k{n}": "k0" for n in (3, 4, 5)}


# ---- what must never stop a sale ----


def broken(case: Case) -> Finding | None:
    raise ZeroDivisionError("a rule that raises")


def test_a_rule_that_raises_is_dropped_counted_and_shown_and_the_others_go_on(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    visits = [script(f"s{n}", SCRIPTS[0], address="3.90.0.1") for n in range(3)]
    with caplog.at_level(logging.ERROR):
        screened = screen(redis, visits, table=(broken, *rules.RULES))
    assert verdicts(screened) == {"refuse": 3}
    assert screened.faults == {"broken": 3}
    assert window.faults(redis, SALE) == {"broken": 3}
    assert [record.message for record in caplog.records] == [
        "screening rule broken failed; its findings are dropped"
    ]


def test_a_healthy_sale_shows_no_faults(redis: Redis) -> None:
    screen(redis, [browser("fan", IPHONE_SAFARI)])
    assert window.faults(redis, SALE) == {}


@pytest.mark.parametrize(
    "poison",
    [
        '{"address": "::ffff:999", "ua": "\\u0000\\ud800", "device": "\\ud800", "tz": "%s%n"}',
        '{"address": "1.2.3.4; DROP", "headers": ["\\u0000"], "hints": {"sec-ch-ua": "v="}}',
        '{"ua": "Mozilla/5.0 Chrome/99999999999999999999999999", "hints": {"sec-ch-ua": '
        '"\\"Chromium\\";v=\\"99999999999999999\\""}}',
        "{",
    ],
)
def test_a_poisoned_visit_gets_a_verdict_like_any_other(redis: Redis, poison: str) -> None:
    visits = [Visit.from_json("bad", poison, OPENS), browser("good", IPHONE_SAFARI, at_us=OPENS)]
    account = Account("<script>\0", "\N{SNOWMAN}", cards=("'; --",))
    screened = screen(redis, visits, {"bad": account})
    assert screened.faults == {}
    assert screened.judgements["good"].verdict == "admit"
    assert "bad" in screened.judgements


def test_an_arrival_that_cannot_be_read_is_let_in_and_counted_once(redis: Redis) -> None:
    accounts = {
        "when": Account(created_us="soon"),  # type: ignore[arg-type]
        "half": Account("\ud800"),
    }
    farm = {f"f{n}": Account("mail.example", "one mailbox") for n in range(2)}
    visits = [browser(fan, IPHONE_SAFARI, at_us=OPENS) for fan in (*accounts, *farm)]
    screened = screen(redis, visits, accounts | farm)
    assert screened.faults["visit"] >= 1
    assert {screened.judgements[fan].verdict for fan in accounts} == {"admit"}
    assert screened.merges() == {"f1": "f0"}, "the others are screened as ever"


def test_screening_a_window_again_gives_the_same_judgements(redis: Redis) -> None:
    visits = [
        browser(f"t{n}", IPHONE_SAFARI, address="88.1.1.1", device="d", at_us=OPENS + n * 10**6)
        for n in range(3)
    ]
    first = screen(redis, visits)
    assert screen(redis, visits).judgements == first.judgements
    assert first.merges() == {"t1": "t0", "t2": "t0"}


def test_nothing_personal_is_kept_in_the_links(redis: Redis) -> None:
    screen(
        redis,
        [browser("fan", IPHONE_SAFARI, address="88.1.1.1", device="my-device")],
        {"fan": Account("mailinator.com", "mail-hash", cards=("card-hash",))},
    )
    names = " ".join(redis.scan_iter("*:links:*"))
    assert names
    for personal in ("88.1.1.1", "my-device", "mail-hash", "card-hash", "mailinator"):
        assert personal not in names


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 10**6), at_once=st.integers(1, 40))
def test_a_window_that_is_read_in_parts_is_judged_as_one_that_is_at_hand(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, seed: int, at_once: int
) -> None:
    """The whole at hand and judged at once, by everything that is known of all."""
    rng, count = random.Random(seed), 60
    kinds = [*rng.sample(profiles(), 6), *SCRIPTS[:2]]
    visits = [
        browser(
            f"fan{n}", rng.choice(kinds), address=at_home(rng.randrange(25)),
            device=f"d{rng.randrange(40)}", at_us=OPENS + n * rng.choice((7_000, 7_000, 90_000)),
        )
        for n in range(count)
    ]  # fmt: skip
    accounts = {
        f"fan{n}": Account("mail.example", f"m{rng.randrange(50)}", 1 + rng.randrange(9) * 10**9)
        for n in range(0, count, 2)
    }
    accounts |= {f"fan{n}": Account("x.example", f"s{n}", 1, cards=("c",)) for n in range(1, 12, 2)}
    whole = [each(redis, visits, accounts, monkeypatch, most) for most in (count, at_once)]
    assert whole[0] == whole[1] == at_hand(redis, visits, accounts)


def each(
    redis: Redis,
    visits: list[Visit],
    accounts: dict[str, Account],
    monkeypatch: pytest.MonkeyPatch,
    at_once: int,
) -> Screened:
    redis.flushdb()
    monkeypatch.setattr(window, "AT_ONCE", at_once)
    return screen(redis, visits, accounts, table=(*rules.RULES, unsteady))


def at_hand(redis: Redis, visits: list[Visit], accounts: dict[str, Account]) -> Screened:
    """Judge a window as is plain: link all, then look at each with all that is known."""
    redis.flushdb()
    found = [facts.of(v, accounts.get(v.fan, Account()), TABLES, PEPPER) for v in visits]
    shared = Links(redis, SALE).record([arrival.entry() for arrival in found])
    by_prefix: dict[str, list[int]] = {}
    for arrival in found:
        by_prefix.setdefault(arrival.prefix, []).append(arrival.visit.at_us)
    failed: Counter[str] = Counter()
    judged = {}
    for arrival in found:
        in_step = bool(arrival.prefix) and timing.is_regular(by_prefix[arrival.prefix])
        case = judging.case_of(arrival, shared, in_step, OPENS, window._sizes(shared))
        findings = judging.apply((*rules.RULES, unsteady), case, failed)
        judged[arrival.visit.fan] = judging.judge(findings, shared.leads.get(arrival.visit.fan))
    return Screened(judged, dict(failed))


def unsteady(case: Case) -> None:
    """Fail for some, and for others only once it is known what they share."""
    if case.on_device > 1 or case.on_address == 1:
        raise LookupError
