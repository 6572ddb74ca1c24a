"""Whom an order in a tour counts for: the fan, and those they share a place with on any date."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from boxoffice.orders.model import TourShare
from boxoffice.sales.model import DRAFT, OPEN, PAUSED, Sale, Tour
from fairness.clock import SECOND, now_us
from fairness.errors import Rebuilding
from fairness.identity import fan_of
from workers import clients


def share(sale: Sale, account_id: str) -> TourShare | None:
    """Return how an order of this account counts in the sale's tour; None when nothing limits it.

    Rebuilding while a line of the tour is being rebuilt: it knows who is linked to whom.
    """
    rules = sale.manifest
    if not rules.limit_per_tour:
        return None
    tour, dates = _recent(rules.tour, now_us() // SECOND)
    if not tour.key:  # the books of all its dates are closed: nothing is sold any more
        return None
    names = {fan_of(tour.key, account_id)}
    for date in dates:
        lead = _lead(date, account_id)
        names |= {f"{date.sale_id}#{lead}"} if lead else set()
    people = tuple(sorted(f"{tour.tour_id}#{name}" for name in names))
    return TourShare(rules.limit_per_tour, people)


def _lead(sale: Sale, account_id: str) -> str | None:
    """Return whose place the account has in this sale; None when it has none."""
    fan, line = fan_of(sale.key, account_id), clients.line(sale.sale_id)
    try:
        lead = line.lead_of(fan)
        return lead if lead != fan or line.arrived(fan) is not None else None
    except Rebuilding:
        if sale.state in (OPEN, PAUSED):
            raise
        return None


@lru_cache(maxsize=16)
def _recent(tour_id: str, _second: int) -> tuple[Tour, Sequence[Sale]]:
    # A sale whose books are closed has no key: nobody's name in it can be known any more.
    tour = clients.tours().get(tour_id)
    sales = clients.tours().sales_of(tour).values()
    return tour, [sale for sale in sales if sale.state != DRAFT and sale.key]
