"""Logs: one JSON object a line, with the trace id, without personal data.

What is logged is the name of what happened, ids, counts and times: never a task's arguments, an
address, a name or a card.
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import structlog
from billiard import util
from celery import signals
from structlog.typing import EventDict, Processor, WrappedLogger

from workers.trace import trace_id

# These say every second that all is well, or repeat what our own line says with arguments.
_QUIET = (
    "celery.beat",
    "celery.worker.strategy",
    "celery.app.trace",
    "kombu",
    "botocore",
    "multiprocessing",
)


def install() -> None:
    """Let Celery's processes log in our way; doing it twice is once."""
    signals.setup_logging.connect(_setup, dispatch_uid="logs.setup")


def configure(level: str | None = None) -> None:
    """Send every log line of this process to stderr as JSON, from `level` (FAIRTICKET_LOG)."""
    shared: list[Processor] = [
        _with_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    logging.basicConfig(
        level=level or os.environ.get("FAIRTICKET_LOG", "INFO"), handlers=[handler], force=True
    )
    logging.captureWarnings(True)
    util.get_logger().propagate = True  # the process pool's, which else writes plain lines
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def get(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger: `log.info("what happened", sale_id=…)`."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def _with_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["trace_id"] = trace_id.get()
    return event


def _setup(**_: Any) -> None:
    configure()
