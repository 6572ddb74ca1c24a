"""The tasks of webhooks: events told to organisers' own systems."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from boxoffice.webhooks.model import Endpoint
from fairness.clock import now_us
from workers import clients, retry, telling
from workers.app import app

SIDE_BY_SIDE = 16  # endpoints: a slow one holds up only itself, and the end of the run


@app.task(name="webhooks.deliver", **retry.NEXT_TICK)
def deliver() -> None:
    """Send what is due, some endpoints at a time; what is left is for the next run."""
    telling.tell_refunds()
    waiting = clients.webhooks().waiting(now_us())
    if not waiting:
        return
    with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(waiting)), "webhooks") as threads:
        list(threads.map(_deliver, waiting))


@app.task(name="webhooks.forget", **retry.NEXT_TICK)
def forget() -> None:
    """Forget deliveries that are too old to be told again."""
    clients.webhooks().forget_old(now_us())


def _deliver(endpoint: Endpoint) -> None:
    clients.webhooks().deliver(endpoint, now_us())
