"""Events as the site shows them: with their dates, places and sales."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from boxoffice.sales.model import Sale, Tour
from boxoffice.search.model import Hit
from fairness.clock import iso
from web import services
from web.answers import EventAnswer
from web.bodies import EventQuery, us

SHOWN_STATES = ("scheduled", "open", "paused", "closed")


def find(query: EventQuery) -> list[Hit]:
    """Return the events that match, the best first."""
    return services.search().find(
        words=query.q,
        city=query.city,
        from_us=_midnight(query.from_) if query.from_ else None,
        to_us=_midnight(query.to + timedelta(days=1)) if query.to else None,
    )


def one(event_id: str) -> Hit:
    """Return an event with all its listed dates; NotFound."""
    catalogue = services.catalogue()
    event = catalogue.event(event_id)
    dates = [p for p in catalogue.performances(event_id) if p.listed]
    return Hit(event, tuple((p, catalogue.venue(p.venue_id)) for p in dates), 0, ())


def also_like(event_id: str) -> list[Hit]:
    """Return events that are like this one."""
    return services.search().also_like(event_id)


def sales_of(hits: list[Hit]) -> dict[str, Sale]:
    """Return performance -> its sale, for the sales that fans may know of."""
    ids = [p.performance_id for hit in hits for p, _ in hit.performances]
    found = services.sales().of_performances(ids) if ids else {}
    return {key: sale for key, sale in found.items() if sale.state in SHOWN_STATES}


def tours_of(hits: list[Hit]) -> list[Tour]:
    """Return the tours that have dates of these events on sale, each once."""
    on_sale = sales_of(hits)
    found = services.tours().of_performances(list(on_sale)) if on_sale else {}
    return list({tour.tour_id: tour for tour in found.values()}.values())


def document(hit: Hit) -> EventAnswer:
    """Return an event as the API shows it."""
    sales = sales_of([hit])
    event = hit.event
    return {
        "event_id": event.event_id,
        "title": event.title,
        "artist": event.artist,
        "genre": event.genre,
        "description": event.description,
        "performances": [
            {
                "performance_id": performance.performance_id,
                "venue": venue.name,
                "city": venue.city,
                "starts_at": iso(performance.starts_at_us),
                "sale_id": sale.sale_id if sale else None,
                "sale_state": sale.state if sale else None,
            }
            for performance, venue in hit.performances
            for sale in (sales.get(performance.performance_id),)
        ],
    }


def _midnight(day: date) -> int:
    return us(datetime.combine(day, time.min, UTC))
