"""The task of screening."""

from __future__ import annotations

from workers import pipeline, retry, steps
from workers.app import app


@app.task(name=steps.SCREEN, **retry.TRANSIENT)
def screen(sale_id: str) -> None:
    """Judge the closed windows, then have them committed."""
    if pipeline.screen(sale_id):
        steps.send(steps.COMMIT, sale_id)
