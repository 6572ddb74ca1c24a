from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from console.supervisor import Stopped, Supervisor
from fairness.errors import Unavailable
from tests.console.children import BROKEN, STUBBORN, child, lives, pid
from tests.engines import ROOT, wait_until


@contextmanager
def supervising(folder: Path) -> Iterator[tuple[Supervisor, list[str]]]:
    lines: list[str] = []
    logs = folder / "logs"
    logs.mkdir()
    supervisor = Supervisor(logs, lines.append)
    try:
        yield supervisor, lines
    finally:
        supervisor.stop()


@contextmanager
def watched(folder: Path) -> Iterator[tuple[Supervisor, list[str]]]:
    with supervising(folder) as (supervisor, lines):
        watcher = Thread(target=supervisor.watch)
        watcher.start()
        try:
            yield supervisor, lines
        finally:
            supervisor.leave()
            watcher.join()


def test_start_returns_when_all_are_ready(tmp_path: Path) -> None:
    with supervising(tmp_path) as (supervisor, _):
        supervisor.start([child(tmp_path, "a"), child(tmp_path, "b")])
        assert supervisor.pids() == {name: pid(tmp_path, name) for name in ("a", "b")}


def test_children_end_in_the_reverse_order_of_their_start(tmp_path: Path) -> None:
    with supervising(tmp_path) as (supervisor, _):
        for name in ("store", "worker", "gateway"):
            supervisor.start([child(tmp_path, name)])
    assert (tmp_path / "ended").read_text().split() == ["gateway", "worker", "store"]


def test_a_killed_child_is_started_again_and_said_to_be(tmp_path: Path) -> None:
    with watched(tmp_path) as (supervisor, lines):
        supervisor.start([child(tmp_path, "worker-line")])
        first = pid(tmp_path, "worker-line")
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: pid(tmp_path, "worker-line") != first, what="it runs again")
        assert "worker-line was ended by SIGKILL; starting it again in 0.2 s" in lines[0]
        assert str(tmp_path / "logs" / "worker-line.log") in lines[0]


def test_what_keeps_dying_is_started_less_and_less_often(tmp_path: Path) -> None:
    with watched(tmp_path) as (supervisor, lines):
        supervisor.backoff_s = (0.01, 0.02, 0.03)
        supervisor.start([child(tmp_path, "web", BROKEN, ready=lambda: True)])
        wait_until(lambda: len(lines) >= 4, what="it died four times")
        waits = [line.split("again in ")[1].split()[0] for line in lines[:4]]
        assert waits == ["0.01", "0.02", "0.03", "0.03"]
        assert "ended with exit code 3" in lines[0]


def test_what_a_dead_child_had_started_does_not_outlive_it(tmp_path: Path) -> None:
    with watched(tmp_path) as (supervisor, _):
        supervisor.start([child(tmp_path, "web", STUBBORN, grace_s=0.2)])
        grandchild = pid(tmp_path, "web", "grandchild")
        os.kill(pid(tmp_path, "web"), signal.SIGKILL)
        wait_until(lambda: not lives(grandchild), what="its child is gone too")


def test_a_child_that_does_not_end_is_killed_with_all_it_started(tmp_path: Path) -> None:
    with supervising(tmp_path) as (supervisor, lines):
        supervisor.start([child(tmp_path, "web", STUBBORN, grace_s=0.1)])
    assert lines == ["web did not end by itself: killed"]
    assert not lives(pid(tmp_path, "web"))
    assert not lives(pid(tmp_path, "web", "grandchild"))


def test_a_second_request_to_leave_does_not_wait(tmp_path: Path) -> None:
    with supervising(tmp_path) as (supervisor, lines):
        supervisor.start([child(tmp_path, "web", STUBBORN, grace_s=3600)])
        supervisor.leave()
        supervisor.leave()
    assert lines == ["web did not end by itself: killed"]


def test_a_child_that_dies_at_the_start_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with (
        pytest.raises(Unavailable, match=r"(?s)code 3.*the disk is full") as e,
        supervising(tmp_path) as (supervisor, _),
    ):
        supervisor.start([child(tmp_path, "dynamodb", BROKEN)])
    assert e.value.field == "dynamodb"
    assert str(tmp_path / "logs" / "dynamodb.log") in (e.value.remedy or "")


def test_a_child_that_is_never_ready_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(Unavailable, match=r"flower is not ready after 0\.1 s"),
        supervising(tmp_path) as (supervisor, _),
    ):
        supervisor.start([child(tmp_path, "flower", ready=lambda: False, within_s=0.1)])


def test_leaving_while_a_child_starts_stops_what_runs(tmp_path: Path) -> None:
    with supervising(tmp_path) as (supervisor, _):
        supervisor.start([child(tmp_path, "store")])
        supervisor.leave()
        with pytest.raises(Stopped):
            supervisor.start([child(tmp_path, "worker", ready=lambda: False)])
    assert not lives(pid(tmp_path, "store"))


def test_a_long_log_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.supervisor._LOG_BYTES", 10)
    with supervising(tmp_path) as (supervisor, _):
        (tmp_path / "logs" / "a.log").write_text("what an earlier run said\n")
        supervisor.start([child(tmp_path, "a")])
        assert "earlier" in (tmp_path / "logs" / "a.log.1").read_text()
        assert "earlier" not in (tmp_path / "logs" / "a.log").read_text()


PARENT = """
import sys
from pathlib import Path
from console.supervisor import Supervisor
from tests.console.children import POLITE, STUBBORN, child
folder = Path(sys.argv[1])
(folder / "logs").mkdir()
supervisor = Supervisor(folder / "logs", print)
supervisor.start([child(folder, "a", POLITE), child(folder, "b", STUBBORN)])
print("up", flush=True)
supervisor.watch()
"""


def test_nothing_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PARENT), str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        left = [pid(tmp_path, *each) for each in (("a",), ("b",), ("b", "grandchild"))]
        assert all(lives(process) for process in left)
        parent.kill()
    wait_until(lambda: not any(lives(process) for process in left), what="all are gone")
    assert (tmp_path / "ended").read_text() == "a\n"


def test_a_killed_guardian_is_replaced(tmp_path: Path) -> None:
    with watched(tmp_path) as (supervisor, _):
        supervisor.start([child(tmp_path, "a")])
        first = supervisor._guardian
        first.kill()
        wait_until(lambda: supervisor._guardian is not first, what="there is a new guardian")
        assert lives(supervisor._guardian.pid)
