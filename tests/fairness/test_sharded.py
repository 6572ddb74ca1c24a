"""Arrivals at several stores, whose clocks are off: the order rule holds exactly."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from fairness import draw, keys
from fairness.clock import SECOND
from fairness.errors import Invalid, LineClosed, NoLine, NotFound, Unavailable
from fairness.ledger.history import History
from fairness.line import Arrival, ShardedLine, recovery
from fairness.line.remains import Calls
from fairness.manifest import Manifest
from tests.fairness.conftest import HOUR, store_now_us

TIE_US, BOUND_US = 6_000, 2_000
CLOCK = re.compile(r"time\[1\] \* 1000000 \+ time\[2\]")


class Skewed(Redis):
    """A store whose clock is off, as its scripts see it."""

    off_us = 0

    def register_script(self, script: Any) -> Any:
        skewed, found = CLOCK.subn(rf"\g<0> + {self.off_us}", script)
        assert found == 1
        return super().register_script(skewed)


@pytest.fixture
def others(redis_url: str) -> Iterator[list[Skewed]]:
    stores = [Skewed.from_url(f"{redis_url}/{db}", decode_responses=True) for db in (2, 3)]
    for store in stores:
        store.flushdb()
    yield stores
    for store in stores:
        store.close()


Opener = Callable[..., ShardedLine]


@pytest.fixture
def opened(redis: Redis, others: list[Skewed]) -> Opener:
    def open_line(*off_us: int, **rules: int) -> ShardedLine:
        for store, off in zip(others, off_us, strict=False):
            store.off_us = off
        now = store_now_us(redis)
        given = {"tie_us": TIE_US, "clock_bound_us": BOUND_US} | rules
        line = ShardedLine(redis, "demo", others)
        line.open(Manifest("demo", now - HOUR, now - HOUR, now + HOUR, **given))
        return line

    return open_line


def closed(redis: Redis, line: ShardedLine) -> list[int]:
    """Return what closes when everybody's window is over by every clock."""
    rules = line.manifest()
    newest = line.arrivals()[-1][1]
    until = rules.window_ends_us(rules.window_of(newest)) + 2 * BOUND_US
    while store_now_us(redis) < until:
        pass
    return line.close_due_windows()


def visits_of(line: ShardedLine, arrivals: Iterable[Arrival]) -> dict[str, str]:
    """Return what the first store knows for screening."""
    known = dict[str, str]()
    for arrival in arrivals:
        known |= line.visits(arrival.window, [arrival.fan])
    return known


def place(line: ShardedLine) -> dict[str, int]:
    for window in line.windows_in("closed"):
        line.advance(window.number, "committed")
        leaves = draw.leaves("demo", window.arrivals)
        seed = window.number.to_bytes(32)
        line.place(window.number, [window.arrivals[n][0] for n in draw.order(seed, leaves)])
    return line.places()


def test_every_shard_gets_fans_and_a_second_join_finds_the_first(
    redis: Redis, opened: Opener, others: list[Skewed]
) -> None:
    line = opened(900, -900)
    first = {f"fan-{n}": line.join(f"fan-{n}", "{}") for n in range(40)}

    assert all(store.zcard(keys.arrivals("demo")) > 4 for store in (redis, *others))
    assert len({arrival.at_us for arrival in first.values()}) == 40
    assert all(line.join(fan, "").at_us == arrival.at_us for fan, arrival in first.items())
    assert {fan: line.arrived(fan) for fan in first} == {f: a.at_us for f, a in first.items()}
    assert all(line.position(fan).state == "waiting_draw" for fan in first)
    assert line.status().arrived == 40

    closed(redis, line)
    assert line.status().arrived == 40
    assert visits_of(line, first.values()) == dict.fromkeys(first, "{}")
    assert not any(list(store.scan_iter(keys.visits("demo") + "*")) for store in others)
    places = place(line)

    assert sorted(places.values()) == list(range(1, 41))
    assert line.status().arrived == 40
    assert all(line.join(fan, "").at_us == arrival.at_us for fan, arrival in first.items())
    assert dict(line.arrivals()) == {fan: arrival.at_us for fan, arrival in first.items()}


def test_a_fan_asks_to_be_called_later_before_their_arrival_is_collected(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    fans = [line.join(f"fan-{n}", "{}").fan for n in range(12)]
    later_us = store_now_us(redis) + 600 * SECOND

    assert [line.defer(fan, later_us) for fan in fans] == [later_us] * 12
    with pytest.raises(NotFound):
        line.defer("nobody", later_us)

    closed(redis, line)
    assert len(place(line)) == 12
    assert {line.position(fan).not_before_us for fan in fans} == {later_us}


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    off_us=st.tuples(*[st.integers(-BOUND_US, BOUND_US)] * 2),
    gaps_us=st.lists(st.integers(0, 5_000), min_size=5, max_size=14),
)
def test_who_came_more_than_the_bound_earlier_is_placed_first_whatever_the_clocks(
    redis: Redis,
    opened: Opener,
    others: list[Skewed],
    off_us: tuple[int, int],
    gaps_us: list[int],
) -> None:
    ShardedLine(redis, "demo", others).forget()
    line = opened(*off_us)
    came: dict[str, tuple[int, int]] = {}  # fan -> between which µs of true time
    for number, gap_us in enumerate(gaps_us):
        start = store_now_us(redis)
        while store_now_us(redis) < start + gap_us:
            pass
        before = store_now_us(redis)
        line.join(f"fan-{number}", "{}")
        came[f"fan-{number}"] = (before, store_now_us(redis))
        if number % 4 == 0:
            line.close_due_windows()
            place(line)

    closed(redis, line)
    places = place(line)

    assert sorted(places.values()) == list(range(1, len(came) + 1))
    for one, (_, until) in came.items():
        for other, (since, _) in came.items():
            if since - until > TIE_US + 2 * BOUND_US:
                assert places[one] < places[other]


def test_no_window_closes_before_the_slowest_clock_says_so(
    redis: Redis, opened: Opener, others: list[Skewed]
) -> None:
    line = opened(0, -60 * SECOND, clock_bound_us=TIE_US // 2)
    for n in range(12):
        line.join(f"fan-{n}", "{}")
    closed(redis, line)
    shut = {fan for window in line.windows_in("closed") for fan, _ in window.arrivals}
    assert {line._of(fan)._redis for fan in shut} <= {others[1]}
    others[1].off_us = 0
    line = ShardedLine(redis, "demo", others)
    assert line.close_due_windows() != []


def test_leaving_and_coming_back_works_in_every_shard(redis: Redis, opened: Opener) -> None:
    line = opened()
    fans = [f"fan-{n}" for n in range(9)]
    for fan in fans:
        line.join(fan, "{}")
    assert all(line.leave(fan) for fan in fans)
    assert not line.leave("nobody")
    assert {line.position(fan).state for fan in fans} == {"left"}
    for fan in fans:
        line.join(fan, "{}")
    assert {line.position(fan).state for fan in fans} == {"waiting_draw"}


def test_collecting_is_resumed_after_a_crash_and_done_once(
    redis: Redis, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = opened()
    joined = [line.join(f"fan-{n}", "{}") for n in range(20)]
    with monkeypatch.context() as patched:
        patched.setattr(line, "_close", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            closed(redis, line)

    assert line.close_due_windows() != []
    assert len(place(line)) == 20
    assert line.status().arrived == 20
    assert len(visits_of(line, joined)) == 20


def test_a_shard_that_is_lost_is_mended_and_its_fans_keep_their_times(
    redis: Redis, opened: Opener, others: list[Skewed], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "GRACE_US", SECOND // 5)
    line = opened()
    first = {f"fan-{n}": line.join(f"fan-{n}", "{}").at_us for n in range(12)}
    closed(redis, line)
    places = place(line)
    late = next(f"late-{n}" for n in range(99) if line._of(f"late-{n}")._redis is others[0])
    promised = line.join(late, "{}").at_us

    others[0].flushdb()
    assert not line.is_there()
    with pytest.raises(NoLine):
        line.join(late, "{}")
    line.mend()

    assert line.is_there()
    assert {fan: line.join(fan, "").at_us for fan in first} == first
    again = line.restore(late, "{}", promised)
    assert again is not None
    assert again.at_us == promised
    assert line.places() == places


def test_a_first_store_that_is_lost_collects_again_what_the_shards_have(
    redis: Redis, opened: Opener, others: list[Skewed]
) -> None:
    line = opened()
    rules = line.manifest()
    joined = {f"fan-{n}": line.join(f"fan-{n}", "{}").at_us for n in range(12)}
    theirs = {fan: at for fan, at in joined.items() if line._of(fan) is not line}
    closed(redis, line)
    redis.flushdb()
    assert not line.is_there()

    steered = {"status": "open", "rate_per_s": 50, "capacity": 200, "message": ""}
    assert line.put_in_place(line.prepare(History("demo"), Calls({}, 0), rules, steered, 0))
    line.adopt(History("demo"))
    line.close_due_windows()

    assert dict(line.arrivals()) == theirs
    assert place(line).keys() == theirs.keys()


def test_a_shard_that_is_away_holds_up_the_draw_and_nothing_else(
    redis: Redis, opened: Opener, others: list[Skewed], monkeypatch: pytest.MonkeyPatch
) -> None:
    line = opened(rate_per_s=1_000)
    fans = [line.join(f"fan-{n}", "{}").fan for n in range(12)]
    closed(redis, line)
    places = place(line)
    waiting = next(f"new-{n}" for n in range(99) if line._of(f"new-{n}")._redis is others[0])
    line.join(waiting, "{}")
    assert line.status().arrived == 13

    with monkeypatch.context() as away:
        gone = Redis.from_url("redis://127.0.0.1:1/0", decode_responses=True)
        away.setattr(others[0], "connection_pool", gone.connection_pool)
        assert line.close_due_windows() == []
        assert line.status().arrived == 13
        assert line.admit(99) == list(places)
        assert {line.position(fan).state for fan in fans} == {"called"}
        with pytest.raises(Unavailable):
            line.position(waiting)
        line.control(status="closed")
        assert line.status().status == "closed"

    assert closed(redis, line) != []
    with pytest.raises(LineClosed):
        line.join(next(f"x-{n}" for n in range(99) if line._of(f"x-{n}")._redis is others[0]), "")
    assert place(line).keys() == {*fans, waiting}


def test_rules_that_know_no_clock_bound_are_refused(opened: Opener) -> None:
    with pytest.raises(Invalid, match="how far the clocks"):
        opened(clock_bound_us=0)
