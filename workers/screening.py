"""The tasks of screening: before the draw, at ordering, and over the orders of a sale."""

from __future__ import annotations

from functools import partial

from workers import journal, lanes, linkage, pipeline, retry, steps
from workers.app import app


@app.task(name=steps.SCREEN, **retry.TRANSIENT)
def screen(sale_id: str) -> None:
    """Judge the closed windows, then have them committed."""
    if pipeline.screen(sale_id):
        steps.send(steps.COMMIT, sale_id)


@app.task(name=steps.LINK, **retry.TRANSIENT)
def link(sale_id: str, lane: str, token: str) -> None:
    """Compare the senders of new orders with others; who is one buyer shares one limit."""
    lanes.drain(steps.LINK, sale_id, lane, token, partial(linkage.of_work, sale_id))


@app.task(name="screening.sweep", **retry.NEXT_TICK)
def sweep() -> None:
    """Look through all orders of the sales that are on or were, for groups that were found late."""
    for sale_id in {*journal.live_sales(), *linkage.resting()}:
        if linkage.is_due(sale_id):
            linkage.sweep(sale_id)
