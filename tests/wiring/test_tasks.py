"""Every task has a queue, every beat entry names a task, every step is one."""

from __future__ import annotations

import pytest
from celery.exceptions import QueueNotFound

from schedules.timetable import TIMETABLE
from workers import queues, steps
from workers.app import app


def ours() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in app.tasks if not name.startswith("celery.")}


def test_every_task_has_a_queue() -> None:
    assert ours()
    for name in ours():
        assert app.amqp.router.route({}, name)["queue"].name in queues.ALL, name


def test_every_queue_has_a_task() -> None:
    assert {name.partition(".")[0] for name in ours()} == set(queues.ALL)


def test_every_beat_entry_names_a_task() -> None:
    assert app.conf.beat_schedule is TIMETABLE
    assert {entry["task"] for entry in TIMETABLE.values()} <= ours()


def test_every_beat_entry_expires_while_it_waits() -> None:
    assert all(entry["options"]["expires"] for entry in TIMETABLE.values())


def test_every_step_is_a_task() -> None:
    named = {value for name, value in vars(steps).items() if name.isupper() and "." in str(value)}
    assert named
    assert named <= ours()


def test_every_task_says_how_it_is_retried() -> None:
    for name in ours():
        task = app.tasks[name]
        assert task.throws, name
        assert task.max_retries is not None, name


def test_an_unrouted_task_fails_where_it_is_sent() -> None:
    with pytest.raises(QueueNotFound):
        app.send_task("nobody.knows")


def test_no_wait_for_a_retry_outlives_the_visibility_timeout() -> None:
    longest = max(getattr(app.tasks[n], "retry_backoff_max", 0) for n in ours())
    assert longest < app.conf.broker_transport_options["visibility_timeout"]


def test_a_frozen_broker_costs_seconds() -> None:
    options = app.conf.broker_transport_options
    assert 0 < options["socket_timeout"] <= 3
    assert 0 < options["socket_connect_timeout"] <= 2
    assert options["health_check_interval"] == 5
    assert options["socket_keepalive"] is True


def test_only_json_travels() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
