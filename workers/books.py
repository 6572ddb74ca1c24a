"""Closing a sale's books: whose fans its fans were is forgotten, for good."""

from __future__ import annotations

from boxoffice.sales.appeals import Appeals
from boxoffice.sales.model import Sale
from fairness.clock import now_us
from fairness.errors import Conflict
from workers import clients
from workers.upkeep import closed_batch


def close(sale_id: str, by: str) -> Sale:
    """Destroy the sale's key and all that names both a fan and an account; logged, once.

    The log, orders, tickets and payments stay as they are. Conflict until the sale is over: closed,
    nobody in the shop, every letter sent. Stopped half-way, it is simply done again.
    """
    sale = clients.sales().may_close_books(sale_id, by)
    if clients.log().batch(closed_batch(sale_id)) is None:
        raise Conflict(
            "this sale is closed, but not over yet",
            field="state",
            value=sale.state,
            rule="every turn, hold and window has come to its end",
            remedy="wait until the last turns have ended, then do it again",
        )
    clients.notices().forget(sale_id)
    Appeals(clients.database()).forget_accounts(sale_id)
    clients.line(sale_id).forget()
    return clients.sales().close_books(sale_id, by, now_us())
