"""Closing a sale's books: whose fans its fans were is forgotten, for good."""

from __future__ import annotations

from boxoffice.orders.store import OrderStore
from boxoffice.resales.service import Resales
from boxoffice.sales import archive
from boxoffice.sales.appeals import Appeals
from boxoffice.sales.model import Sale
from fairness.clock import now_us
from fairness.errors import Conflict
from workers import clients, remembering, reporting
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
    reporting.fix(sale_id, now_us())
    if sale.key:  # once: what is looked up goes on to be forgotten below
        remembering.remember(sale)
    clients.notices().forget(sale_id)
    Appeals(clients.database()).forget_accounts(sale_id)
    Resales(clients.database()).forget_words(sale_id)
    clients.waitlist().forget(sale_id)
    OrderStore(clients.database()).forget_marks(sale_id)
    archive.forget(clients.database(), sale_id)
    clients.line(sale_id).forget()
    tour_id = sale.manifest.tour
    if tour_id:
        _forget_people(tour_id, f"{tour_id}#{sale_id}#")
    closed = clients.sales().close_books(sale_id, by, now_us())
    if tour_id and clients.tours().close_books(tour_id):
        _forget_people(tour_id, f"{tour_id}#")
    return closed


def _forget_people(tour_id: str, prefix: str) -> None:
    """Take the names of a date, or all names of a tour, off the orders of all its dates."""
    tours, orders = clients.tours(), OrderStore(clients.database())
    for sale in tours.sales_of(tours.get(tour_id)).values():
        orders.forget_people(sale.sale_id, prefix)
