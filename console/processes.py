"""What each kind of process is: the command it is started with. One image, one wheel, these."""

from __future__ import annotations

import sys
from pathlib import Path

_PYTHON = sys.executable


def web(host: str, port: int, workers: int = 1) -> list[str]:
    """Return the web front end's command; FAIRTICKET_SERVICE says which service it is.

    One event loop and one thread a worker: more threads make a join slower. More cores, more
    workers.
    """
    return [
        _PYTHON, "-m", "web.serve", "--host", host, "--port", str(port), "--workers", str(workers),
    ]  # fmt: skip


def worker(queue: str, concurrency: int = 1) -> list[str]:
    """Return the command of the worker group that serves one queue and has its name."""
    return [
        _PYTHON, "-m", "celery", "-A", "workers.app", "worker", "-Q", queue, "-n", f"{queue}@%h",
        "--concurrency", str(concurrency), "--loglevel", "info", "--without-mingle",
    ]  # fmt: skip


def beat() -> list[str]:
    """Return the clock's command. Several may run; a lease lets one tick."""
    return [_PYTHON, "-m", "celery", "-A", "schedules.timetable", "beat", "--pidfile="]


def flower(host: str, port: int) -> list[str]:
    """Return Flower's command; FLOWER_BASIC_AUTH=user:password keeps others out."""
    return [
        _PYTHON, "-m", "celery", "-A", "workers.app", "flower", f"--address={host}",
        f"--port={port}", "--persistent=False", "--max_tasks=20000",
    ]  # fmt: skip


def witness(home: Path, host: str, port: int, log: str) -> list[str]:
    """Return the command of a witness of the log with this key line."""
    return [
        _PYTHON, "-m", "console", "witness", "--home", str(home), "--host", host,
        "--port", str(port), "--log", log,
    ]  # fmt: skip


def mailsink(host: str, smtp_port: int, http_port: int, file: Path) -> list[str]:
    """Return the command of the mail sink."""
    return [
        _PYTHON, "-m", "console", "mailsink", "--host", host,
        "--smtp-port", str(smtp_port), "--http-port", str(http_port), "--file", str(file),
    ]  # fmt: skip
