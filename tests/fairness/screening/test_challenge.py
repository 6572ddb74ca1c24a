from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from redis import Redis

from fairness import keys
from fairness.errors import FairTicketError, Invalid, NotFound, TooMany
from fairness.screening import challenge

SALE, FAN, PEPPER = "sale_1", "fan_1", "pepper"
GUESSES = 16


def issue(redis: Redis, fan: str = FAN) -> str:
    return challenge.issue(redis, SALE, fan, pepper=PEPPER)


def answer(redis: Redis, code: str, fan: str = FAN) -> None:
    challenge.answer(redis, SALE, fan, code, pepper=PEPPER)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


def test_the_right_code_is_right_and_stays_right(redis: Redis) -> None:
    code = issue(redis)
    assert re.fullmatch(r"\d{6}", code)
    answer(redis, code)
    answer(redis, f" {code[:3]}-{code[3:]} ")


def test_the_code_is_nowhere_in_the_store(redis: Redis) -> None:
    code = issue(redis)
    assert code not in str(redis.hgetall(keys.challenge(SALE, FAN)))


def test_a_wrong_code_is_named_and_says_that_the_place_is_kept(redis: Redis) -> None:
    code = issue(redis)
    with pytest.raises(Invalid, match="your place is kept") as wrong:
        answer(redis, other_than(code))
    assert (wrong.value.field, bool(wrong.value.remedy)) == ("code", True)
    answer(redis, code)


@pytest.mark.parametrize("text", ["", "      ", "x" * 10_000, "１２３４５６", "\0"])
def test_nonsense_is_just_wrong(redis: Redis, text: str) -> None:
    issue(redis)
    with pytest.raises(Invalid):
        answer(redis, text)


def test_after_five_wrong_tries_even_the_right_code_is_too_late_and_a_new_one_helps(
    redis: Redis,
) -> None:
    code = issue(redis)
    for _ in range(challenge.MOST_TRIES):
        with pytest.raises(Invalid):
            answer(redis, other_than(code))
    with pytest.raises(TooMany):
        answer(redis, code)
    answer(redis, issue(redis))


def test_a_new_code_ends_the_one_before(redis: Redis) -> None:
    old, new = issue(redis), issue(redis)
    if old != new:
        with pytest.raises(Invalid):
            answer(redis, old)
    answer(redis, new)


def test_codes_are_not_sent_for_ever(redis: Redis) -> None:
    for _ in range(challenge.MOST_CODES):
        issue(redis)
    with pytest.raises(TooMany) as too_many:
        issue(redis)
    assert 0 < too_many.value.retry_after_s <= challenge.LIVES_S
    assert re.fullmatch(r"\d{6}", issue(redis, "someone else"))


def test_a_challenge_lapses_by_itself(redis: Redis) -> None:
    code = issue(redis)
    assert 0 < redis.ttl(keys.challenge(SALE, FAN)) <= challenge.LIVES_S
    redis.delete(keys.challenge(SALE, FAN))
    with pytest.raises(NotFound):
        answer(redis, code)


def test_a_code_is_good_for_its_own_fan_only(redis: Redis) -> None:
    mine, theirs = issue(redis), issue(redis, "someone else")
    if mine != theirs:
        with pytest.raises(Invalid):
            answer(redis, mine, "someone else")


def rush(guess: Callable[[], bool]) -> int:
    """Guess from many threads at the same moment; return how many guesses were looked at."""
    start = Barrier(GUESSES)

    def at_once(_: int) -> bool:
        start.wait()
        return guess()

    with ThreadPoolExecutor(GUESSES) as pool:
        return sum(pool.map(at_once, range(GUESSES)))


def test_the_race_is_real(redis: Redis) -> None:
    """If this one fails, the next one proves nothing."""
    issue(redis)
    seen = Barrier(GUESSES)

    def without_the_script() -> bool:
        tries = int(redis.hget(keys.challenge(SALE, FAN), "tries") or 0)
        seen.wait()
        redis.hincrby(keys.challenge(SALE, FAN), "tries", 1)
        return tries < challenge.MOST_TRIES

    assert rush(without_the_script) == GUESSES


def test_many_guesses_at_once_are_no_more_than_five(redis: Redis) -> None:
    wrong = other_than(issue(redis))

    def guess() -> bool:
        with pytest.raises(FairTicketError) as refused:
            answer(redis, wrong)
        return refused.type is Invalid

    assert rush(guess) == challenge.MOST_TRIES


def test_the_way_that_a_code_was_sent_is_told_with_its_answer(redis: Redis) -> None:
    code = challenge.issue(redis, SALE, FAN, pepper=PEPPER, way="phone")
    for _ in range(2):
        assert challenge.answer(redis, SALE, FAN, code, pepper=PEPPER) == "phone"


def test_goes_by_another_way_are_limited_together_with_codes(redis: Redis) -> None:
    code = issue(redis)
    for _ in range(challenge.MOST_CODES - 1):
        challenge.spend(redis, SALE, FAN)
    for another in (issue, lambda store: challenge.spend(store, SALE, FAN)):
        with pytest.raises(TooMany, match="your place is kept") as caught:
            another(redis)
        assert 1 < caught.value.retry_after_s <= challenge.LIVES_S
    answer(redis, code)  # the open code is good all the same
