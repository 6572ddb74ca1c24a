"""One id from the request through every task that it causes, in every log line."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from typing import Any

from celery import Task, signals

NONE = "-"
HARMLESS = re.compile(r"[\w-]{8,64}")
trace_id: ContextVar[str] = ContextVar("trace_id", default=NONE)


def new() -> str:
    """Return a fresh trace id: 22 letters that mean nothing."""
    return secrets.token_urlsafe(16)


def begin(given: str) -> str:
    """Go on with the trace id that came from outside, or begin a new one; return it."""
    found = name(given)
    trace_id.set(found)
    return found


def name(given: str) -> str:
    """Return the trace id that came from outside, if it is one, else a new one."""
    return given if given and HARMLESS.fullmatch(given) else new()


def install() -> None:
    """Send the id with every task, and take it up before one runs; doing it twice is once."""
    signals.before_task_publish.connect(_send, dispatch_uid="trace.send")
    signals.task_prerun.connect(_receive, dispatch_uid="trace.receive")
    signals.task_postrun.connect(_forget, dispatch_uid="trace.forget")


def _send(headers: dict[str, Any], **_: Any) -> None:
    if trace_id.get() != NONE:  # a retry has none of its own and keeps the one that came with it
        headers["trace_id"] = trace_id.get()


def _receive(task: Task[Any, Any], **_: Any) -> None:
    trace_id.set(task.request.get("trace_id") or new())  # the clock's tasks start a trace


def _forget(**_: Any) -> None:
    trace_id.set(NONE)
