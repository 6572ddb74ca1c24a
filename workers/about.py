"""What tickets are for: the sale, and the one line that orders and mails show."""

from __future__ import annotations

from functools import lru_cache

from boxoffice.sales.model import Sale
from fairness.clock import SECOND, now_us
from workers import clients


def recent_sale(sale_id: str) -> Sale:
    """Return the sale as it was within the last second; its rules and prices never change."""
    return _sale(sale_id, now_us() // SECOND)


@lru_cache(maxsize=64)
def _sale(sale_id: str, _second: int) -> Sale:
    return clients.sales().get(sale_id)


def about(sale: Sale) -> str:
    """Return the event and its venue, as they were within the last minute."""
    return _about(sale.event_id, sale.performance_id, now_us() // (60 * SECOND))


@lru_cache(maxsize=64)
def _about(event_id: str, performance_id: str, _minute: int) -> str:
    catalogue = clients.catalogue()
    venue = catalogue.venue(catalogue.performance(performance_id).venue_id)
    return f"{catalogue.event(event_id).title}, {venue.name}, {venue.city}"
