"""Waiting until a closed sale has come to rest: every promise kept, every decision published."""

from __future__ import annotations

import time
from collections.abc import Callable

from boxoffice.outbox import LEDGER, MAILS
from boxoffice.sales.model import Sale
from boxoffice.tables import OUTBOX
from console.rehearsal.stand import Stand
from fairness import keys
from fairness.errors import Unavailable
from workers import clients

STALLED_S = 60.0
LOOK_EVERY_S = 0.2


def settle(stand: Stand, sale: Sale) -> None:
    """Return when nothing of this sale is on its way.

    Unavailable when nothing has moved for a minute; it names what is still to do. Stopped when
    someone pressed Ctrl-C.
    """
    line = clients.line(sale.sale_id)
    looks: dict[str, Callable[[], object]] = {
        "windows to draw": lambda: line.status().windows_pending,
        "decisions to log": lambda: stand.redis.xlen(keys.decisions(sale.sale_id)),
        "entries to log": lambda: _oldest(stand, LEDGER),
        "mails to send": lambda: _oldest(stand, *MAILS),
        "entries to seal": lambda: clients.ledger_store().size() - clients.log().sealed_size(),
    }
    before: dict[str, object] = {}
    moved = time.monotonic()
    while left := {what: seen for what, look in looks.items() if (seen := look())}:
        stand.go_on()
        if left != before:
            before, moved = left, time.monotonic()
        if time.monotonic() > moved + STALLED_S:
            raise Unavailable(
                f"for {STALLED_S:g} s nothing has moved of {', '.join(left)}",
                rule="the workers finish what was promised",
                remedy=f"look at the workers' logs in {stand.home.logs}",
            )
        time.sleep(LOOK_EVERY_S)


def _oldest(stand: Stand, *kinds: str) -> list[str]:
    rows = (stand.db.query(OUTBOX, kind=kind, limit=1) for kind in kinds)
    return [repr(row) for found in rows for row in found]
