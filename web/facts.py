"""What a sale is, kept in this process for seconds: the hot routes never ask the database."""

from __future__ import annotations

import time
from dataclasses import dataclass
from threading import Lock

from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.sales.model import OPEN, PAUSED, Sale
from fairness.errors import NotFound, Unavailable
from fairness.identity import fan_of
from web import services

FRESH_S = 2.0
MOST = 500  # sales remembered at once


@dataclass(frozen=True, slots=True)
class Facts:
    """A sale with what it is for."""

    sale: Sale
    event: Event
    performance: Performance
    venue: Venue

    @property
    def about(self) -> str:
        """Return what the tickets are for, in one line."""
        return f"{self.event.title}, {self.venue.name}, {self.venue.city}"

    def fan(self, account_id: str) -> str:
        """Return what the line calls this person in this sale; NotFound once nobody can say."""
        if not self.sale.key:
            raise NotFound(
                "the books of this sale are closed: who stood where in its line is forgotten",
                field="sale_id",
                value=self.sale.sale_id,
                rule="a sale whose books are open",
                remedy="your orders and tickets are still under My orders",
            )
        return fan_of(self.sale.key, account_id)

    @property
    def has_line(self) -> bool:
        """Return whether there must be a line: when it is not there, it is being rebuilt."""
        return self.sale.state in (OPEN, PAUSED)

    def plan(self) -> SeatingPlan:
        """Return the seating plan; plans never change, the catalogue remembers them."""
        return services.catalogue().plan(self.sale.plan_id)


_known: dict[str, tuple[float, Facts]] = {}
_lock = Lock()


def of_sale(sale_id: str) -> Facts:
    """Return the facts of a sale, at most FRESH_S old; NotFound.

    While the database is away the last known facts serve: the line does not depend on it.
    """
    known = _known.get(sale_id)
    if known and known[0] > time.monotonic():
        return known[1]
    try:
        facts = _read(sale_id)
    except Unavailable:
        if known is None:
            raise
        facts = known[1]
    with _lock:
        if len(_known) >= MOST:
            _known.clear()
        _known[sale_id] = (time.monotonic() + FRESH_S, facts)
    return facts


def is_fresh(sale_id: str) -> bool:
    """Return whether `of_sale` would answer without asking the database."""
    known = _known.get(sale_id)
    return known is not None and known[0] > time.monotonic()


def of_public_sale(sale_id: str) -> Facts:
    """Return the facts of a sale that fans may know of; NotFound for a draft too."""
    facts = of_sale(sale_id)
    if facts.sale.state == "draft":
        raise NotFound("there is no such sale", field="sale_id", value=sale_id)
    return facts


def forget(sale_id: str | None = None) -> None:
    """Read a sale afresh at the next question; all of them when none is named."""
    with _lock:
        if sale_id is None:
            _known.clear()
        else:
            _known.pop(sale_id, None)


def _read(sale_id: str) -> Facts:
    sale = services.sales().get(sale_id)
    catalogue = services.catalogue()
    performance = catalogue.performance(sale.performance_id)
    return Facts(
        sale, catalogue.event(sale.event_id), performance, catalogue.venue(performance.venue_id)
    )
