"""The task of the mail."""

from __future__ import annotations

from fairness.clock import now_us
from workers import clients, retry, steps
from workers.app import app

AT_ONCE = 100  # mails in one run


@app.task(name=steps.DELIVER, **retry.NEXT_TICK)
def deliver() -> None:
    """Send promised mail; when there is more than fits into one run, go on in the next."""
    if clients.notices().deliver(AT_ONCE, now_us()).sent == AT_ONCE:
        steps.send(steps.DELIVER)
