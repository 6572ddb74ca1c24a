from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.retry import Retry

from fairness import keys
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, LineClosed, NotFound, Unavailable
from fairness.line import Line
from fairness.manifest import Manifest
from tests.fairness.conftest import HOUR, Opener, pass_time, placed, store_now_us


def test_a_second_join_returns_the_first(opened: Opener) -> None:
    line = opened()
    first = line.join("ada", "{}")
    line.join("ben", "{}")

    again = line.join("ada", '{"other": "device"}')

    assert (again.at_us, again.window) == (first.at_us, first.window)
    assert (first.first, again.first) == (True, False)
    assert line.visits(first.window, ["ada", "nobody"]) == {"ada": "{}"}


def test_arrival_times_strictly_increase_even_within_a_microsecond(opened: Opener) -> None:
    line = opened()
    fans = [f"fan-{number}" for number in range(2000)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda fan: line.join(fan, "{}"), fans))

    times = [at_us for _, at_us in line.arrivals()]

    assert len(set(times)) == len(fans)


def test_arrival_times_increase_while_the_clock_is_back(redis: Redis, opened: Opener) -> None:
    line = opened()
    ahead_us = store_now_us(redis) + SECOND
    redis.hset(keys.state("demo"), "last_us", ahead_us)  # as if the clock had been a second ahead

    assert [line.join(fan, "{}").at_us for fan in ("zoe", "ada")] == [ahead_us + 1, ahead_us + 2]


def test_joining_is_one_round_trip(redis: Redis, opened: Opener) -> None:
    line = opened()
    line.join("ada", "{}")
    before = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
    processed = redis.info("stats")["total_commands_processed"]

    line.join("ben", "{}")

    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1
    # The script's own commands count as processed too: nothing else was sent but the infos.
    assert redis.info("stats")["total_commands_processed"] - processed < 15


def test_the_window_in_the_answer_is_the_manifests(opened: Opener) -> None:
    line = opened()
    arrival = line.join("ada", "{}")
    assert arrival.window == line.manifest().window_of(arrival.at_us) > 0


def test_before_the_start_everybody_is_in_the_opening_window(redis: Redis, opened: Opener) -> None:
    line = opened(starts_at_us=store_now_us(redis) + HOUR // 2)
    assert {line.join(fan, "{}").window for fan in ("ada", "ben")} == {0}


def test_nobody_joins_before_the_line_opens(redis: Redis, opened: Opener) -> None:
    soon = store_now_us(redis) + HOUR // 2
    line = opened(opens_at_us=soon, starts_at_us=soon)

    with pytest.raises(LineClosed, match="this line is open from"):
        line.join("ada", "{}")
    assert line.arrivals() == []


def test_nobody_joins_after_the_end(redis: Redis, opened: Opener) -> None:
    line = opened(ends_at_us=store_now_us(redis) - 1)
    with pytest.raises(LineClosed):
        line.join("ada", "{}")


def test_a_closed_line_takes_nobody_new_but_knows_who_came(opened: Opener) -> None:
    line = opened()
    first = line.join("ada", "{}")
    line.control(status="closed")

    with pytest.raises(LineClosed):
        line.join("ben", "{}")
    assert line.join("ada", "{}").at_us == first.at_us


def test_a_paused_line_still_takes_arrivals(opened: Opener) -> None:
    line = opened()
    line.control(status="paused")
    assert line.join("ada", "{}").first


def test_a_line_that_was_never_opened_is_not_found(redis: Redis) -> None:
    line = Line(redis, "nowhere")
    for ask in (
        line.manifest,
        line.status,
        lambda: line.join("ada", "{}"),
        lambda: line.position("ada"),
        lambda: line.leave("ada"),
        lambda: line.enter("ada"),
        lambda: line.control(rate_per_s=5),
    ):
        with pytest.raises(NotFound, match="no line for this sale"):
            ask()

    assert (line.close_due_windows(), line.admit(9)) == ([], [])


def test_opening_again_changes_nothing(redis: Redis, opened: Opener) -> None:
    line = opened()
    line.control(status="paused", rate_per_s=7)

    line.open(line.manifest())

    assert (line.status().status, line.status().rate_per_s) == ("paused", 7)
    assert redis.smembers(keys.LIVE_SALES) == {"demo"}


def test_the_rules_of_an_open_line_do_not_change(opened: Opener) -> None:
    line = opened()
    other = Manifest.from_entry({**line.manifest().to_entry(), "tie_us": 7})

    with pytest.raises(Conflict, match="other rules"):
        line.open(other)
    assert Line(line._redis, "demo").manifest().tie_us == 1000


@pytest.mark.parametrize(
    ("field", "value"), [("status", "ajar"), ("rate_per_s", 0), ("capacity", -1)]
)
def test_control_names_the_field_that_breaks_a_rule(
    opened: Opener, field: str, value: object
) -> None:
    line = opened()
    with pytest.raises(Invalid) as raised:
        line.control(**{field: value})  # type: ignore[arg-type]
    assert raised.value.field == field


def test_control_changes_only_what_is_given(opened: Opener) -> None:
    line = opened(capacity=9)
    line.control(message="Doors are late")
    line.control(rate_per_s=3)

    status = line.status()

    assert (status.message, status.rate_per_s, status.capacity) == ("Doors are late", 3, 9)
    line.control(message="")
    assert line.status().message == ""


def test_who_leaves_by_mistake_has_their_place_back(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    assert line.leave("ben")
    assert line.position("ben").state == "left"

    line.join("ben", "{}")

    assert (line.position("ben").state, line.position("ben").place) == ("in_line", 2)


def test_who_left_and_was_passed_over_does_not_come_back(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    line.leave("ada")
    assert line.admit(9) == ["ben"]

    line.join("ada", "{}")

    assert line.position("ada").state == "left"


def test_leaving_twice_or_without_joining_is_no_error(opened: Opener) -> None:
    line = opened()
    line.join("ada", "{}")
    assert [line.leave("ada"), line.leave("ada"), line.leave("nobody")] == [True, True, False]
    assert line.status().left == 1


def test_a_position_tells_every_step_of_the_way(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=1)
    assert line.position("ben").state == "unknown"
    line.join("ada", "{}")
    line.join("ben", "{}")
    assert line.position("ben").state == "waiting_draw"
    assert line.position("ben").ahead is None
    placed(redis, line, [])
    assert (line.position("ben").place, line.position("ben").ahead) == (2, 1)
    line.admit(9)
    assert line.position("ben").ahead == 0
    line.enter("ada")
    line.finish("ada")
    line.control(rate_per_s=1000)
    line.admit(9)
    called = line.position("ben")
    assert (called.state, called.ahead) == ("called", None)
    line.enter("ben")
    assert line.position("ben").state == "inside"
    assert line.position("ben").turn_ends_us == called.turn_ends_us
    line.finish("ben")
    assert line.position("ben").state == "done"
    assert line.position("ben").place == 2


def test_the_status_counts_everybody_once(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=3)
    placed(redis, line, ["ada", "ben", "cy", "dee", "eve", "fay"])
    line.merge({"fay": "eve"})
    line.leave("ada")
    line.admit(99)
    line.enter("ben")
    line.enter("cy")
    line.finish("cy")

    status = line.status()

    assert (status.arrived, status.placed, status.merged, status.left) == (6, 6, 1, 1)
    assert (status.served_place, status.called, status.turns) == (4, 3, 2)
    assert (status.inside, status.done, status.windows_pending) == (1, 1, 0)


def test_everything_works_when_the_store_has_forgotten_its_scripts(
    redis: Redis, opened: Opener
) -> None:
    line = opened()
    line.join("ada", "{}")
    redis.script_flush()
    placed(redis, line, ["ben"])
    redis.script_flush()
    assert line.admit(9) == ["ada", "ben"]
    redis.script_flush()
    line.enter("ada")
    redis.script_flush()
    assert line.position("ada").state == "inside"


def test_a_store_out_of_reach_is_unavailable_and_lets_nobody_in(tmp_path: Path) -> None:
    nowhere = Redis(unix_socket_path=str(tmp_path / "none"), retry=Retry(NoBackoff(), 0))
    line = Line(nowhere, "demo")
    for ask in (lambda: line.join("ada", "{}"), line.manifest, lambda: line.enter("ada")):
        with pytest.raises(Unavailable, match="your place is kept") as raised:
            ask()
        assert isinstance(raised.value.__cause__, StoreUnreachable)


def test_all_keys_of_a_sale_are_in_one_slot(redis: Redis, opened: Opener) -> None:
    line = opened()
    placed(redis, line, ["ada", "ben"])
    line.set_verdict("ben", "review", "[]")
    line.merge({"cy": "ada"})
    line.leave("ben")
    line.admit(9)
    line.enter("ada")
    line.finish("ada")

    ours = [key for key in redis.scan_iter() if key != keys.LIVE_SALES]

    assert len(ours) >= 10
    assert {redis.execute_command("CLUSTER", "KEYSLOT", key) for key in ours} == {
        redis.execute_command("CLUSTER", "KEYSLOT", keys.state("demo"))
    }


def test_forgetting_removes_this_line_and_no_other(redis: Redis, opened: Opener) -> None:
    line, other = opened("demo"), opened("demo-2")
    placed(redis, line, ["ada"])
    other.join("ada", "{}")

    line.forget()

    assert list(redis.scan_iter("*{demo}*")) == []
    assert redis.smembers(keys.LIVE_SALES) == {"demo-2"}
    assert other.position("ada").state == "waiting_draw"
    with pytest.raises(NotFound):
        line.manifest()


def test_a_retired_line_can_still_be_read(redis: Redis, opened: Opener) -> None:
    line = opened()
    line.join("ada", "{}")
    pass_time(redis, line)

    line.retire()

    assert redis.smembers(keys.LIVE_SALES) == set()
    assert line.position("ada").state == "waiting_draw"
