"""The task of the log."""

from __future__ import annotations

from workers import clients, journal, reporting, retry, steps, witnessing
from workers.app import app

WRITE_S = 0.6  # under load: so long entries are logged, then they are published
ROUNDS = 8  # of writing and publishing, before the clock's next call is waited for


@app.task(name=steps.SEAL, **retry.NEXT_TICK)
def seal() -> None:
    """Log what was decided, publish the log, and have the windows drawn that this allows."""
    for _ in range(ROUNDS):
        if not write_and_publish():
            break
    reporting.refresh()


def write_and_publish() -> bool:
    """Do one round; return whether there is more to write down already."""
    more = False
    try:
        more = journal.write_down(WRITE_S)
    finally:  # what cannot be logged now must not keep the lines from moving
        clients.log().seal()
        witnessing.ask_soon()
        for sale_id in journal.live_sales():
            if "committed" in clients.line(sale_id).pending().values():
                steps.send(steps.DRAW, sale_id)
    return more
