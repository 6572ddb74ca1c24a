from __future__ import annotations

import pytest
from redis import Redis

from fairness import keys
from fairness.screening import scoring, tables, unusual
from fairness.screening.model import Account, Visit
from fairness.screening.unusual import FEWEST, RULE
from fairness.screening.window import Screened, screen_window
from tests.fairness.screening.crowds import ANDROID_CHROME, IPHONE_SAFARI, WINDOWS_CHROME, browser

TABLES = tables.load()
KINDS = (
    (WINDOWS_CHROME, "Win32", "1920x1080"),
    (IPHONE_SAFARI, "iPhone", "390x844"),
    (ANDROID_CHROME, "Linux armv81", "393x873"),
)


def fan(number: int, **other: object) -> Visit:
    ua, platform, screen = KINDS[number % len(KINDS)]
    told = {
        "platform": platform,
        "screen": screen if number % 11 else "412x915",
        "tz": "Europe/London" if number % 7 else "Europe/Dublin",
    } | other
    return browser(f"fan{number:05}", ua, at_us=10**15 + 7_919 * number, **told)


CROWD = [fan(number) for number in range(FEWEST + 200)]
# An iPhone's name on a tablet of another maker: no rule knows that screen or that zone.
ODD = fan(10_000, platform="iPad", screen="1111x7", tz="Antarctica/Troll")


def screen(redis: Redis, visits: list[Visit], sale: str = "sale_1") -> Screened:
    accounts = {visit.fan: Account(created_us=1) for visit in visits}
    return screen_window(redis, sale, visits, accounts, tables=TABLES, pepper="p")


def told(screened: Screened) -> dict[str, list[str]]:
    return {fan: j.rules() for fan, j in screened.judgements.items() if RULE in j.rules()}


def test_who_is_unlike_the_rest_of_the_sale_is_told_in_what_and_stopped_by_nothing_else(
    redis: Redis,
) -> None:
    screened = screen(redis, [*CROWD, ODD])
    assert told(screened) == {ODD.fan: [RULE]}
    judgement = screened.judgements[ODD.fan]
    assert judgement.verdict == "admit"
    assert "the size of your screen" in judgement.findings[0].because


def test_a_window_that_is_screened_again_or_later_is_judged_by_the_same(redis: Redis) -> None:
    assert screen(redis, CROWD) == screen(redis, CROWD)
    assert told(screen(redis, [ODD])) == {ODD.fan: [RULE]}
    assert redis.hlen(keys.screening_sample("sale_1")) <= unusual.SAMPLE + 1
    assert 0 < redis.ttl(keys.screening_sample("sale_1")) <= unusual.KEPT_S


def test_a_sale_of_few_finds_nobody_unusual_and_knows_nothing_of_another(redis: Redis) -> None:
    screen(redis, CROWD)
    assert told(screen(redis, [*CROWD[:50], ODD], "sale_2")) == {}


def test_what_a_rule_has_named_is_not_held_against_anybody_twice(redis: Redis) -> None:
    clock = fan(10_001, tz="UTC")
    judged = screen(redis, [*CROWD, clock]).judgements[clock.fan]
    assert judged.rules() == ["bare_machine"]


def test_being_unusual_alone_or_with_weak_findings_never_goes_past_a_code() -> None:
    assert unusual.WEIGHT < scoring.FIRM
    assert unusual.WEIGHT < scoring.CHALLENGE_AT


def test_when_it_fails_the_rules_go_on_and_it_is_counted(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(unusual.Crowd, "far", fail)
    screened = screen(redis, [*CROWD[:20], ODD])
    assert screened.faults == {RULE: 1}
    assert len(screened.judgements) == 21
