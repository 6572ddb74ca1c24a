"""Sales open and close by themselves, on time, and also when no clock ran at that moment."""

from __future__ import annotations

from contextlib import suppress

from boxoffice.ledger.promises import manifest_batch
from boxoffice.sales.model import OPEN, PAUSED, SCHEDULED, Sale
from boxoffice.sales.service import CLOCK
from fairness import keys
from fairness.clock import SECOND, now_us
from fairness.errors import Conflict
from workers import clients, retry
from workers.app import app

# A line is set up this long before it opens; it lets nobody in before its time, by its own clock.
AHEAD_US = 3 * SECOND


@app.task(name="line.onsale", **retry.NEXT_TICK)
def onsale() -> None:
    """Do what the present time asks for; what was done before, or was missed, does not matter."""
    now = now_us()
    for sale in clients.sales().due(now).to_close:
        clients.sales().close(sale.sale_id, CLOCK, now)
    for sale in clients.sales().in_state(SCHEDULED, OPEN, PAUSED):
        if is_near(sale, now) and set_up_line(sale) and sale.manifest.opens_at_us <= now:
            open_sale(sale, now)


def is_near(sale: Sale, now: int) -> bool:
    """Return whether the sale's line should be there."""
    started = sale.state != SCHEDULED or sale.manifest.opens_at_us - AHEAD_US <= now
    return started and sale.manifest.ends_at_us > now


def set_up_line(sale: Sale) -> bool:
    """Have the line there once its manifest is published in the log; return whether it is."""
    if clients.redis().sismember(keys.LIVE_SALES, sale.sale_id):
        return True
    logged = clients.log().batch(manifest_batch(sale.sale_id))
    if logged is None or logged[1] > clients.log().sealed_size():
        return False
    line = clients.line(sale.sale_id)
    try:
        line.open(sale.manifest)
    except Conflict:  # it was set up just before the organiser opened the sale earlier
        line.open(line.manifest())
    return True


def open_sale(sale: Sale, now: int) -> None:
    """Open a scheduled sale whose time has come."""
    if sale.state == SCHEDULED:
        with suppress(Conflict):  # the organiser was faster, in whichever way
            clients.sales().open(sale.sale_id, CLOCK, now)
