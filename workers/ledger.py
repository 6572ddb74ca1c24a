"""The task of the log."""

from __future__ import annotations

from workers import clients, journal, reporting, retry, steps, witnessing
from workers.app import app


@app.task(name=steps.SEAL, **retry.NEXT_TICK)
def seal() -> None:
    """Log what was decided, publish the log, and have the windows drawn that this allows."""
    try:
        journal.write_down()
    finally:  # what cannot be logged now must not keep the lines from moving
        clients.log().seal()
        witnessing.ask_soon()
        for sale_id in journal.live_sales():
            if "committed" in clients.line(sale_id).pending().values():
                steps.send(steps.DRAW, sale_id)
    reporting.refresh()
