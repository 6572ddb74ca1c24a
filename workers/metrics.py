"""What Prometheus sees of the workers: tasks by name and outcome, queues, lines and seats.

A worker's parent process serves them all at FAIRTICKET_METRICS_PORT (on FAIRTICKET_METRICS_HOST,
127.0.0.1 unless set). Its children count in files of PROMETHEUS_MULTIPROC_DIR, which must be set
before Python starts and be a folder of this one worker's own: it is emptied at the start.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from celery import Task, signals, states
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    multiprocess,
    start_http_server,
)

from fairness.errors import Rejected
from workers import logs

TASKS = Counter("fairticket_tasks", "Tasks that ended, by how.", ["task", "outcome"])
SECONDS = Histogram(
    "fairticket_task_seconds",
    "How long a task ran.",
    ["task"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
TRANSACTIONS = Counter(
    "fairticket_transactions",
    "Transactions of the box office: done, refused (wasted), or without an answer (away).",
    ["outcome"],
)
QUEUES = Gauge(
    "fairticket_queue_length",
    "Tasks that wait for a worker.",
    ["queue"],
    multiprocess_mode="mostrecent",
)
FANS = Gauge(
    "fairticket_fans",
    "Fans of a sale, by where they are.",
    ["sale", "state"],
    multiprocess_mode="mostrecent",
)
SEATS = Gauge(
    "fairticket_seats",
    "Seats of a sale, by what they are.",
    ["sale", "state"],
    multiprocess_mode="mostrecent",
)
log = logs.get(__name__)


def install() -> None:
    """Count every task that a worker runs, and serve the counts; doing it twice is once."""
    signals.task_prerun.connect(_started, dispatch_uid="metrics.started")
    signals.task_postrun.connect(_ended, dispatch_uid="metrics.ended")
    signals.worker_init.connect(_empty, dispatch_uid="metrics.empty")
    signals.worker_ready.connect(_serve, dispatch_uid="metrics.serve")
    signals.worker_process_shutdown.connect(_died, dispatch_uid="metrics.died")


def registry() -> CollectorRegistry:
    """Return where the metrics of all of this worker's processes are read."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    together = CollectorRegistry()
    multiprocess.MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


def show(gauge: Gauge, values: Mapping[str, int], **labels: str) -> None:
    """Set `gauge` for each name in `values`, its last label."""
    for name, value in values.items():
        gauge.labels(*labels.values(), name).set(value)


def count_transactions(ended: dict[str, int]) -> None:
    """Add how transactions ended, and empty `ended`."""
    while ended:
        outcome, count = ended.popitem()
        TRANSACTIONS.labels(outcome).inc(count)


def _started(task: Task[Any, Any], **_: Any) -> None:
    task.request.started = time.perf_counter()  # type: ignore[attr-defined]


def _ended(task: Task[Any, Any], state: str | None = None, retval: Any = None, **_: Any) -> None:
    seconds = time.perf_counter() - task.request.get("started", time.perf_counter())
    outcome = "rejected" if isinstance(retval, Rejected) else (state or "unknown").lower()
    TASKS.labels(task.name, outcome).inc()
    SECONDS.labels(task.name).observe(seconds)
    usual = task.request.get("celery_beat_task") and state == states.SUCCESS
    say = log.debug if usual else log.info
    error = type(retval).__name__ if isinstance(retval, Exception) else None
    say("task ended", task=task.name, outcome=outcome, error=error, ms=round(seconds * 1000))


def _empty(**_: Any) -> None:
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        for left in Path(folder).glob("*.db"):
            left.unlink()


def _serve(**_: Any) -> None:
    if port := os.environ.get("FAIRTICKET_METRICS_PORT"):
        host = os.environ.get("FAIRTICKET_METRICS_HOST", "127.0.0.1")
        start_http_server(int(port), host, registry())


def _died(pid: int, **_: Any) -> None:
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
