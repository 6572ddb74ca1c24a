from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from fairness import draw, keys
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, Unavailable
from fairness.line import Line
from fairness.measures import out_of_window_inversions
from tests.fairness.conftest import HOUR, Opener, pass_time, placed, store_now_us


def test_a_window_closes_when_it_is_over_and_only_once(redis: Redis, opened: Opener) -> None:
    line = opened()
    arrival = line.join("ada", "{}")
    pass_time(redis, line)

    assert line.close_due_windows() == [arrival.window]
    assert line.close_due_windows() == []
    (window,) = line.windows_in("closed")
    assert (window.number, window.arrivals) == (arrival.window, (("ada", arrival.at_us),))


def test_a_window_that_is_not_over_stays_open(redis: Redis, opened: Opener) -> None:
    line = opened(starts_at_us=store_now_us(redis) + HOUR // 2)
    line.join("ada", "{}")
    assert line.close_due_windows() == []
    assert line.windows_in("closed") == []


def test_windows_nobody_came_in_are_passed_by(redis: Redis, opened: Opener) -> None:
    line = opened()
    pass_time(redis, line)
    assert line.close_due_windows() == []
    assert redis.hgetall(keys.windows("demo")) == {}


def test_the_board_can_say_whose_place_is_drawn(redis: Redis, opened: Opener) -> None:
    soon = opened("soon", starts_at_us=store_now_us(redis) + HOUR // 2)
    soon.close_due_windows()
    assert soon.status().first_undrawn == 0
    line = opened()
    first = line.join("ada", "{}")
    pass_time(redis, line)
    line.close_due_windows()
    assert line.status().first_undrawn == first.window
    line.advance(first.window, "committed")
    line.place(first.window, ["ada"])
    assert line.status().first_undrawn > first.window


def test_many_windows_close_at_once_in_order(redis: Redis, opened: Opener) -> None:
    line = opened()
    windows = []
    for number in range(5):
        windows.append(line.join(f"fan-{number}", "{}").window)
        pass_time(redis, line)

    assert line.close_due_windows() == windows
    assert [window.number for window in line.windows_in("closed")] == windows


def test_nobody_lands_in_a_closed_window_when_the_clock_steps_back(
    redis: Redis, opened: Opener
) -> None:
    """The store's clock cannot be set here; moving the sale's times on is the same to it."""
    line = opened(tie_us=SECOND)
    placed(redis, line, ["ada"])
    closed_us = int(redis.hget(keys.state("demo"), "closed_us") or 0)
    assert closed_us > SECOND
    # One minute later on the clock all of this happened, and now it is set back by that minute.
    for field in ("shut_us", "closed_us", "last_us"):
        redis.hincrby(keys.state("demo"), field, 60 * SECOND)

    late = line.join("ben", "{}")

    assert late.at_us == closed_us + 60 * SECOND
    assert line.close_due_windows() == []  # and the window it landed in is not closed early


def test_joins_during_closing_never_land_in_what_is_closed(redis: Redis, opened: Opener) -> None:
    line = opened()
    seen: dict[int, tuple[tuple[str, int], ...]] = {}

    def join(number: int) -> None:
        line.join(f"fan-{number}", "{}")
        if number % 20 == 0:
            line.close_due_windows()
            for window in line.windows_in("closed"):
                assert seen.setdefault(window.number, window.arrivals) == window.arrivals

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(join, range(2000)))

    assert len(seen) > 3
    for window in line.windows_in("closed"):
        assert seen.setdefault(window.number, window.arrivals) == window.arrivals


def test_a_step_is_never_taken_back(redis: Redis, opened: Opener) -> None:
    line = opened()
    number = line.join("ada", "{}").window
    pass_time(redis, line)
    line.close_due_windows()
    line.advance(number, "committed")

    line.advance(number, "screened")

    assert [window.number for window in line.windows_in("committed")] == [number]
    assert line.windows_in("screened") == []
    with pytest.raises(Invalid, match="cannot be advanced to drawn"):
        line.advance(number, "drawn")


def test_what_screening_decided_is_kept_at_once_and_once(redis: Redis, opened: Opener) -> None:
    line = opened()
    number = line.join("ada", "{}").window
    pass_time(redis, line)
    line.close_due_windows()

    assert line.screened(number, {"ada": ("review", "[]")}, {"ben": "ada", "ada": "ben"})
    assert not line.screened(number, {"ada": ("refuse", "[]")}, {"cy": "ada"})

    assert line.pending() == {number: "screened"}
    assert line.verdicts() == {"ada": {"verdict": "review", "findings": []}}
    assert line.merged() == {"ben": "ada"}


@pytest.fixture
def committed(redis: Redis, opened: Opener) -> tuple[Line, int]:
    """A line whose first window has three fans and is committed, and that window's number."""
    line = opened(tie_us=50_000)
    while len({line.join(fan, "{}").window for fan in ("ada", "ben", "cy")}) > 1:
        line.forget()  # the window ended between two of them
        line = opened(tie_us=50_000)
    pass_time(redis, line)
    (number,) = line.close_due_windows()
    line.advance(number, "committed")
    return line, number


def test_placing_twice_changes_nothing(committed: tuple[Line, int]) -> None:
    line, number = committed
    assert line.place(number, ["cy", "ada", "ben"]) == 3

    assert line.place(number, ["ada", "ben", "cy"]) == 0

    assert line.places() == {"cy": 1, "ada": 2, "ben": 3}
    assert line.windows_in("committed") == []
    line.advance(number, "screened")  # a task that comes too late
    assert line.windows_in("screened") == []


def test_places_can_be_given_with_what_the_log_says_of_the_arrivals(
    committed: tuple[Line, int],
) -> None:
    line, number = committed
    times = dict(line.arrivals())
    order = ["cy", "ada"]  # ben shares a place
    asked: list[str] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(line, "_scored", lambda *_: asked)
        assert line.place(number, order, [times[fan] for fan in order], ["ada", "cy"]) == 2

    assert dict(line.arrivals()) == times
    assert line.status().arrived == 3
    assert line.windows_in("committed") == []


def test_placing_again_after_a_crash_half_way_completes_the_same_order(
    committed: tuple[Line, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, number = committed
    monkeypatch.setattr("fairness.line.windows.PART", 1)
    run = line._run

    def crash(name: str, *args: str | int) -> None:
        raise Unavailable

    def run_once(name: str, *args: str | int) -> object:
        monkeypatch.setattr(line, "_run", crash)
        return run(name, *args)

    monkeypatch.setattr(line, "_run", run_once)
    with pytest.raises(Unavailable):
        line.place(number, ["cy", "ada", "ben"])
    monkeypatch.setattr(line, "_run", run)
    assert line.places() == {"cy": 1}

    with pytest.raises(Conflict, match="drawn once"):
        line.place(number, ["ada", "cy", "ben"])
    assert line.place(number, ["cy", "ada", "ben"]) == 2

    assert line.places() == {"cy": 1, "ada": 2, "ben": 3}


def test_all_who_place_at_once_agree(
    committed: tuple[Line, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    line, number = committed
    monkeypatch.setattr("fairness.line.windows.PART", 1)
    together = Barrier(8)

    def place(_: int) -> int:
        together.wait()
        return line.place(number, ["cy", "ada", "ben"])

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(place, range(8))) == 3
    assert line.places() == {"cy": 1, "ada": 2, "ben": 3}


def test_a_window_is_not_drawn_before_it_is_committed(redis: Redis, opened: Opener) -> None:
    line = opened()
    number = line.join("ada", "{}").window
    pass_time(redis, line)
    line.close_due_windows()

    with pytest.raises(Conflict, match="committed before it is drawn"):
        line.place(number, ["ada"])
    assert line.places() == {}


def test_a_window_is_not_drawn_before_an_earlier_one(redis: Redis, opened: Opener) -> None:
    line = opened()
    for fan in ("ada", "ben"):
        line.join(fan, "{}")
        pass_time(redis, line)
    first, second = line.close_due_windows()
    line.advance(second, "committed")

    with pytest.raises(Conflict, match="in their order"):
        line.place(second, ["ben"])
    line.advance(first, "committed")
    line.place(first, ["ada"])
    line.place(second, ["ben"])
    assert line.places() == {"ada": 1, "ben": 2}


def test_a_window_in_which_all_are_merged_has_no_places(committed: tuple[Line, int]) -> None:
    line, number = committed
    assert line.place(number, []) == 0
    assert line.windows_in("committed") == []


def test_nobody_has_two_places(committed: tuple[Line, int]) -> None:
    line, number = committed
    with pytest.raises(Invalid, match="twice"):
        line.place(number, ["ada", "ada"])
    assert line.places() == {}


def test_three_thousand_fans_are_placed_without_a_gap(redis: Redis, opened: Opener) -> None:
    line = opened(starts_at_us=store_now_us(redis) + SECOND // 2, opening_us=0)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: line.join(f"fan-{n}", "{}"), range(3000)))
    pass_time(redis, line)
    line.close_due_windows()
    for window in line.windows_in("closed"):
        line.advance(window.number, "committed")
        line.place(window.number, [fan for fan, _ in window.arrivals])

    assert list(line.places().values()) == list(range(1, 3001))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    gaps_us=st.lists(st.integers(1, 400_000), min_size=2, max_size=30),
    seed=st.binary(min_size=32, max_size=32),
)
def test_more_than_a_tie_window_apart_the_earlier_is_placed_first(
    redis: Redis, opened: Opener, gaps_us: list[int], seed: bytes
) -> None:
    """Through the real line: only the arrival times are put there by hand."""
    Line(redis, "demo").forget()
    line = opened(tie_us=250_000)
    at_us = line.manifest().window_ends_us(0)
    for number, gap_us in enumerate(gaps_us):
        at_us += gap_us
        redis.zadd(keys.arrivals("demo"), {f"fan-{number}": at_us})
    line.close_due_windows()
    for window in line.windows_in("closed"):
        line.advance(window.number, "committed")
        leaves = [draw.leaf("demo", fan, at) for fan, at in window.arrivals]
        line.place(window.number, [window.arrivals[i][0] for i in draw.order(seed, leaves)])

    places = line.places()
    served = [(at, places[fan]) for fan, at in line.arrivals()]

    assert sorted(places.values()) == list(range(1, len(gaps_us) + 1))
    assert out_of_window_inversions(served, 250_000) == 0
