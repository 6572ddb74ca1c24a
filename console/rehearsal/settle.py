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

WITHIN_S = 60.0
LOOK_EVERY_S = 0.2


def settle(stand: Stand, sale: Sale) -> None:
    """Return when nothing of this sale is on its way; Unavailable names what still is."""
    line = clients.line(sale.sale_id)
    checks: dict[str, Callable[[], bool]] = {
        "windows to draw": lambda: line.status().windows_pending == 0,
        "decisions to log": lambda: stand.redis.xlen(keys.decisions(sale.sale_id)) == 0,
        "entries to log": lambda: not _promised(stand, LEDGER),
        "mails to send": lambda: not _promised(stand, *MAILS),
        "entries to seal": lambda: clients.log().sealed_size() == clients.ledger_store().size(),
    }
    deadline = time.monotonic() + WITHIN_S
    while open_ones := [what for what, done in checks.items() if not done()]:
        if time.monotonic() > deadline:
            raise Unavailable(
                f"after {WITHIN_S:g} s there are still {', '.join(open_ones)}",
                rule="the workers finish what was promised",
                remedy=f"look at the workers' logs in {stand.home.logs}",
            )
        time.sleep(LOOK_EVERY_S)


def _promised(stand: Stand, *kinds: str) -> bool:
    return any(True for kind in kinds for _ in stand.db.query(OUTBOX, kind=kind, limit=1))
