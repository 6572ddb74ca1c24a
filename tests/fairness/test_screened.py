"""What screening decided about a window is written all at once, and only once."""

from __future__ import annotations

from redis import Redis

from fairness import keys
from fairness.line import Line

SALE = "demo"


def closed(redis: Redis) -> Line:
    redis.hset(keys.windows(SALE), "1", "closed")
    redis.hset(keys.state(SALE), "served", 0)
    return Line(redis, SALE)


def test_verdicts_merges_and_the_step_are_written_together(redis: Redis) -> None:
    line = closed(redis)

    assert line.screened(1, {"ada": ("review", '[{"rule":"r","weight":1}]')}, {"ben": "cy"})

    assert line.verdict("ada") == {"verdict": "review", "findings": [{"rule": "r", "weight": 1}]}
    assert line.merged() == {"ben": "cy"}
    assert line.pending() == {1: "screened"}


def test_a_second_screening_changes_nothing(redis: Redis) -> None:
    line = closed(redis)
    line.screened(1, {}, {})

    assert not line.screened(1, {"ada": ("refuse", "[]")}, {"ben": "cy"})

    assert line.verdicts() == {}
    assert line.merged() == {}


def test_the_changed_commitment_is_real(redis: Redis) -> None:
    """Without the guard, a slow screening changes what was committed. It proves the one above."""
    line = closed(redis)
    line.screened(1, {}, {})
    line.advance(1, "committed")

    line.set_verdict("ada", "refuse", "[]")
    line.merge({"ben": "cy"})

    assert line.verdicts() != {}
    assert line.merged() != {}


def test_nobody_becomes_their_own_lead(redis: Redis) -> None:
    line = closed(redis)

    line.screened(1, {}, {"ada": "ben", "ben": "ada", "cy": "cy"})

    assert line.merged() == {"ada": "ben"}


def test_a_window_of_thousands_fits_into_one_step(redis: Redis) -> None:
    line = closed(redis)
    verdicts = {f"fan-{n}": ("challenge", "[]") for n in range(10_000)}

    assert line.screened(1, verdicts, {f"fan-{n}": "fan-0" for n in range(1, 10_000)})

    assert len(line.verdicts()) == 10_000
    assert len(line.merged()) == 9_999
