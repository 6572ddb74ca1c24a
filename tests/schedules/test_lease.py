"""Two clocks run; one ticks."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery.beat import Scheduler
from redis import Redis

from fairness import keys
from schedules.lease import STANDBY_S, Lease, LeasedScheduler
from tests.engines import wait_until
from workers import clients
from workers.app import app


def test_one_of_two_holds_the_lease(redis: Redis) -> None:
    first, second = Lease(redis), Lease(redis)

    assert (first.hold(), second.hold(), first.hold()) == (1, 0, 1)


def test_a_lease_given_back_is_taken_at_once_under_a_new_number(redis: Redis) -> None:
    first, second = Lease(redis), Lease(redis)
    first.hold()

    second.release()  # not theirs to give
    assert second.hold() == 0
    first.release()

    assert (second.hold(), first.hold()) == (2, 0)


def test_a_lease_of_a_clock_that_died_lapses(redis: Redis) -> None:
    dead, heir = Lease(redis, length_ms=100), Lease(redis, length_ms=100)
    dead.hold()

    wait_until(heir.hold, 5, "the heir takes over")

    assert dead.hold() == 0
    assert heir.hold() == 2


def ticks(scheduler: type[Scheduler], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let two clocks run until an entry of 50 ms was due some times; return who sent it."""
    sent = list[str]()
    entry = {"task": "line.tick", "schedule": 0.05}
    clocks = {name: scheduler(app=app, max_interval=0.05, lazy=True) for name in ("1st", "2nd")}
    for name, clock in clocks.items():
        clock.update_from_dict({"often": entry})
        monkeypatch.setattr(clock, "apply_entry", lambda *_, name=name, **__: sent.append(name))

    def enough() -> bool:
        for clock in clocks.values():
            clock.tick()
        return len(sent) >= 6

    wait_until(enough)
    for clock in clocks.values():
        clock.close()
    return sent


@pytest.mark.usefixtures("mailbox")
def test_the_doubled_tick_is_real(monkeypatch: pytest.MonkeyPatch) -> None:
    """If this one fails, the next one proves nothing."""
    assert set(ticks(Scheduler, monkeypatch)) == {"1st", "2nd"}


@pytest.mark.usefixtures("mailbox")
def test_of_two_clocks_one_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(ticks(LeasedScheduler, monkeypatch)) == {"1st"}


@pytest.mark.usefixtures("mailbox")
def test_a_clock_that_stops_lets_the_other_tick_at_once() -> None:
    first, second = (LeasedScheduler(app=app, lazy=True) for _ in range(2))
    first.tick()
    assert second.tick() == STANDBY_S

    first.close()
    second.tick()

    assert second.number == 2
    second.close()


@pytest.mark.usefixtures("mailbox")
def test_a_clock_without_a_store_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    clients.reset()
    nowhere = Redis.from_url("redis://127.0.0.1:1", decode_responses=True)
    monkeypatch.setattr(clients, "redis", lambda: nowhere)

    assert LeasedScheduler(app=app, lazy=True).tick() == STANDBY_S


@contextmanager
def beat(folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "celery", "-A", "schedules.timetable", "beat", "--pidfile="]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log, env=dict(os.environ))
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


@pytest.mark.usefixtures("mailbox")
def test_a_killed_beat_is_followed_by_the_one_that_stands_by(redis: Redis, tmp_path: Path) -> None:
    broker = clients.broker()
    with beat(tmp_path, "first") as first:
        wait_until(lambda: redis.get(keys.beat_number()) == "1", 30, "the first ticks")
        with beat(tmp_path, "second"):
            first.kill()
            wait_until(lambda: redis.get(keys.beat_number()) == "2", 30, "the second takes over")
            broker.delete("line")
            wait_until(lambda: broker.llen("line"), 10, "the second sends")
