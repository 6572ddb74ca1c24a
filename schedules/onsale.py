"""Sales open and close by themselves, on time, and also when no clock ran at that moment."""

from __future__ import annotations

from contextlib import suppress

from boxoffice.ledger.promises import manifest_batch
from boxoffice.sales.acting import CLOCK
from boxoffice.sales.model import CLOSED, OPEN, PAUSED, SCHEDULED, Sale
from fairness import keys
from fairness.clock import SECOND, now_us
from fairness.errors import Conflict
from workers import clients, rebuild, retry, steps
from workers.app import app
from workers.upkeep import closed_batch

# A line is set up this long before it opens; it lets nobody in before its time, by its own clock.
AHEAD_US = 3 * SECOND


@app.task(name="line.onsale", **retry.NEXT_TICK)
def onsale() -> None:
    """Do what the present time asks for; what was done before, or was missed, does not matter."""
    now = now_us()
    for sale in clients.sales().due(now).to_close:
        clients.sales().close(sale.sale_id, CLOCK, now)
    if not clients.redis().exists(keys.COMPLETE):
        bring_back_closed()
    for sale in clients.sales().in_state(SCHEDULED, OPEN, PAUSED):
        clients.sales().release_due(sale, now)
        if is_near(sale, now) and set_up_line(sale) and sale.manifest.opens_at_us <= now:
            open_sale(sale, now)


def is_near(sale: Sale, now: int) -> bool:
    """Return whether the sale's line should be there."""
    started = sale.state != SCHEDULED or sale.manifest.opens_at_us - AHEAD_US <= now
    return started and sale.manifest.ends_at_us > now


def set_up_line(sale: Sale) -> bool:
    """Have the line there once its manifest is published in the log; return whether it is.

    One that was there and is not now is lost: it is rebuilt, never opened anew.
    """
    line = clients.line(sale.sale_id)
    if line.is_there():
        rebuild.keep(line)
        return True
    if rebuild.was_set_up(sale.sale_id):
        steps.remind(clients.redis(), steps.REBUILD, sale.sale_id)
        return False
    logged = clients.log().batch(manifest_batch(sale.sale_id))
    if logged is None or logged[1] > clients.log().sealed_size():
        return False
    try:
        line.open(sale.manifest)
    except Conflict:  # it was set up just before the organiser opened the sale earlier
        line.open(line.manifest())
    rebuild.keep(line)
    return True


def bring_back_closed() -> None:
    """Have the lines rebuilt that a new or emptied store lost with work left to do in them."""
    lost = [sale.sale_id for sale in clients.sales().in_state(CLOSED) if is_lost(sale.sale_id)]
    for sale_id in lost:
        steps.remind(clients.redis(), steps.REBUILD, sale_id)
    if not lost:
        clients.redis().set(keys.COMPLETE, 1)


def is_lost(sale_id: str) -> bool:
    """Return whether a line is missing that was set up and has not come to its end."""
    line = clients.line(sale_id)
    if line.is_there() or clients.log().batch(closed_batch(sale_id)):
        return False
    return rebuild.was_set_up(sale_id)


def open_sale(sale: Sale, now: int) -> None:
    """Open a scheduled sale whose time has come."""
    if sale.state == SCHEDULED:
        with suppress(Conflict):  # the organiser was faster, in whichever way
            clients.sales().open(sale.sale_id, CLOCK, now)
