"""Tasks of the line: its tick, and a window's way through log and draw."""

from __future__ import annotations

from workers import journal, logs, pipeline, rebuild, retry, steps, upkeep
from workers.app import app

log = logs.get(__name__)


@app.task(name="line.tick", **retry.NEXT_TICK)
def tick() -> None:
    """Look after every live sale; one that fails does not stop the others."""
    upkeep.count_queues()
    failure: Exception | None = None
    for sale_id in journal.live_sales():
        try:
            upkeep.move(sale_id)
        except Exception as error:
            log.warning("a sale was not moved", sale_id=sale_id, error=type(error).__name__)
            failure = error
    if failure:
        raise failure


@app.task(name=steps.COMMIT, **retry.TRANSIENT)
def commit(sale_id: str) -> None:
    """Log the screened windows, then have the log published."""
    if pipeline.commit(sale_id):
        steps.send(steps.SEAL)


@app.task(name=steps.DRAW, **retry.TRANSIENT)
def draw(sale_id: str) -> None:
    """Draw the published windows, then call those who come first."""
    if pipeline.draw(sale_id):
        steps.send(steps.ADMIT, sale_id)


@app.task(name=steps.ADMIT, **retry.TRANSIENT)
def admit(sale_id: str) -> None:
    """Call the next fans."""
    pipeline.admit(sale_id)


@app.task(name=steps.MOVE, **retry.NEXT_TICK)
def move(sale_id: str) -> None:
    """Do now what the next tick would do: an organiser has changed something."""
    if sale_id in journal.live_sales():
        upkeep.move(sale_id)


@app.task(name=steps.REBUILD, **retry.NEXT_TICK)
def rebuild_line(sale_id: str) -> None:
    """Make a line again that the store has lost, and have the log told."""
    if rebuild.rebuild(sale_id):
        steps.send(steps.SEAL)
