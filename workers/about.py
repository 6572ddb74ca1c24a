"""What tickets are for, in the one line that orders and mails show."""

from __future__ import annotations

from functools import lru_cache

from boxoffice.sales.model import Sale
from fairness.clock import SECOND, now_us
from workers import clients


def about(sale: Sale) -> str:
    """Return the event and its venue, as they were within the last minute."""
    return _about(sale.event_id, sale.performance_id, now_us() // (60 * SECOND))


@lru_cache(maxsize=64)
def _about(event_id: str, performance_id: str, _minute: int) -> str:
    catalogue = clients.catalogue()
    venue = catalogue.venue(catalogue.performance(performance_id).venue_id)
    return f"{catalogue.event(event_id).title}, {venue.name}, {venue.city}"
