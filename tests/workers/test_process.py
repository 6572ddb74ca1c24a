"""A worker as it runs in production: forked children, JSON logs, metrics of all of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from console import engines
from fairness import keys
from tests.engines import wait_until
from tests.workers import stage
from tests.workers.stage import Mailbox
from workers import clients, lanes, steps, trace


@contextmanager
def worker(folder: Path, queue: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        sys.executable, "-m", "celery", "-A", "workers.app", "worker", "-Q", queue,
        "-n", f"{queue}@test", "--concurrency", "1", "--without-mingle", "--without-gossip",
    ]  # fmt: skip
    env = {
        **os.environ,
        "FAIRTICKET_METRICS_PORT": str(port),
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
    }
    (folder / "metrics").mkdir()
    (folder / "metrics" / "counter_1.db").write_bytes(b"left by an earlier one")
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log, env=env)
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def metrics(port: int) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            return str(answer.read().decode())
    except (URLError, OSError):
        return ""


def lines(folder: Path) -> list[dict[str, object]]:
    """Return the log lines; every one is JSON, but for what Celery tells root before it logs."""
    written = (folder / "worker.log").read_text().splitlines()
    start = next((n for n, line in enumerate(written) if line.startswith("{")), len(written))
    return [json.loads(line) for line in written[start:]]


def test_a_worker_counts_logs_and_carries_the_trace(mailbox: Mailbox, tmp_path: Path) -> None:
    clients.redis().sadd(keys.LIVE_SALES, "no-such-sale")
    port = engines.free_port()
    with worker(tmp_path, "line", port):
        mine = trace.new()
        trace.trace_id.set(mine)
        steps.send(steps.COMMIT, "no-such-sale")
        steps.send(steps.ADMIT, "no-such-sale")
        steps.send("line.tick")
        trace.trace_id.set(trace.NONE)
        ended = 'fairticket_tasks_total{outcome="%s",task="%s"} 1.0'
        wait_until(lambda: ended % ("rejected", "line.tick") in metrics(port), 30, "all is counted")
        shown = metrics(port)

    assert ended % ("success", "line.commit") in shown
    assert ended % ("rejected", "line.admit") in shown
    assert 'fairticket_task_seconds_count{task="line.commit"} 1.0' in shown
    assert re.search(r'fairticket_queue_length\{queue="orders"\} \d', shown)
    ours = [line for line in lines(tmp_path) if line["event"] == "task ended"]
    assert [line["task"] for line in ours] == ["line.commit", "line.admit", "line.tick"]
    assert {line["trace_id"] for line in ours} == {mine}


def test_a_child_that_is_killed_gives_its_task_back(mailbox: Mailbox, tmp_path: Path) -> None:
    """Another child ends it; and no log has the card's token."""
    crowd = stage.crowd(fans=1)
    order_id, token = "ord_killed", crowd.token()
    broker = clients.broker()
    with worker(tmp_path, "orders", engines.free_port()) as process:
        wait_until(lambda: children(process.pid), 30, "the child is there")
        os.kill(children(process.pid)[0], signal.SIGSTOP)  # it takes the task and does not end it
        lanes.pay(crowd.sale_id, order_id, token)
        wait_until(lambda: broker.hlen("unacked") == 1, 10, "the task is with the worker")
        os.kill(children(process.pid)[0], signal.SIGKILL)
        wait_until(lambda: ended(tmp_path, "orders.pay"), 20, "the task runs in another child")

    assert token not in (tmp_path / "worker.log").read_text()


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-axo", "pid=,ppid="], capture_output=True, check=True).stdout
    rows = (map(int, row.split()) for row in listed.splitlines())
    return [child for child, parent in rows if parent == pid]


def ended(folder: Path, task: str) -> bool:
    return any(line.get("task") == task for line in lines(folder))
