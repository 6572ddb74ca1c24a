from __future__ import annotations

from redis import Redis

from fairness.lanes import Lane


def test_a_rush_sends_one_worker_and_a_lull_lets_it_go(redis: Redis) -> None:
    lane = Lane(redis, "sale", "A")
    token, waiting, _ = lane.put("1")
    assert token
    assert waiting == 1
    assert [lane.put("2"), lane.put("3"), lane.rouse()] == [(None, 2, 0), (None, 3, 0), None]
    first = lane.take(token, 2)
    assert [work for _, work in first] == ["1", "2"]
    lane.done([number for number, _ in first], 100)
    rest = lane.take(token, 2)
    assert [work for _, work in rest] == ["3"]
    lane.done([number for number, _ in rest], 100)
    assert lane.take(token, 2) == []
    assert lane.rouse() is None, "nothing waits"
    assert lane.put("4")[0], "it sleeps: the next work sends a worker"


def test_work_that_is_not_done_stays_and_another_worker_keeps_off(redis: Redis) -> None:
    lane = Lane(redis, "sale", "A")
    token = lane.put("1")[0] or ""
    taken = lane.take(token, 5)
    assert lane.take("another", 5) == []
    assert lane.take(token, 5) == taken
    assert lane.waiting() == 1


def test_what_a_dead_worker_left_is_given_to_a_new_one(redis: Redis) -> None:
    lane = Lane(redis, "sale", "A")
    lane.take(lane.put("1")[0] or "", 5)
    redis.delete("sale:{sale}:awake:A")  # what ten seconds do

    token = lane.rouse()

    assert token
    assert [work for _, work in lane.take(token, 5)] == ["1"]


def test_a_task_that_comes_again_goes_on_with_its_lane(redis: Redis) -> None:
    lane = Lane(redis, "sale", "A")
    token = lane.put("1")[0] or ""
    lane.take(token, 1)
    redis.delete("sale:{sale}:awake:A")
    assert [work for _, work in lane.take(token, 1)] == ["1"]


def test_who_puts_work_is_told_how_long_batches_took_of_late(redis: Redis) -> None:
    lane = Lane(redis, "sale", "A")
    token = lane.put("1")[0] or ""
    assert lane.put("2").batch_ms == 0, "nobody knows yet"
    for took_ms, told_ms in ((100, 100), (200, 125), (100, 118)):
        ((number, _),) = lane.take(token, 1)
        lane.done([number], took_ms)
        assert lane.put("more").batch_ms == told_ms
    assert 0 < redis.pttl("sale:{sale}:pace:A") <= 60_000  # type: ignore[operator]
    assert Lane(redis, "sale", "B").put("1").batch_ms == 0
