"""All the dates of a tour at once, for the API and for the page alike.

Each date keeps its own line, and knows the fan by a name of its own: one step here is one join in
each of them, and a date that cannot be joined does not hold up the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from redis.exceptions import RedisError

from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.sales.model import CLOSED, DRAFT, Sale, Tour
from fairness.clock import iso, now_us
from fairness.errors import Conflict, FairTicketError, NotFound, NotSignedIn, Unavailable
from web import bodies, facts, line_service, problems, services
from web.answers import Place, Problem
from web.tour_documents import JoinTour, TourAnswer, TourPlaces

FRESH_S = 2.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Date:
    """One date of a tour; `sale` is None while fans may not know of one."""

    performance: Performance
    event: Event
    venue: Venue
    sale: Sale | None

    @property
    def can_be_joined(self) -> bool:
        """Return whether its line should take fans now."""
        if self.sale is None or self.sale.state == CLOSED:
            return False
        rules = self.sale.manifest
        return rules.opens_at_us <= now_us() < rules.ends_at_us


@dataclass(frozen=True, slots=True)
class Known:
    """A tour and its dates, the earliest first."""

    tour: Tour
    dates: tuple[Date, ...]

    @property
    def sales(self) -> list[Sale]:
        """Return the sales that fans may know of."""
        return [date.sale for date in self.dates if date.sale]


@dataclass(frozen=True, slots=True)
class Stand:
    """What one date answered: the place, or the problem; a receipt after joining."""

    sale: Sale
    place: Place | None = None
    receipt: str | None = None
    problem: Problem | None = None


def find(tour_id: str) -> Known:
    """Return a tour, at most FRESH_S old; NotFound, also when none of its dates is public yet."""
    known = _known(tour_id, int(time.monotonic() / FRESH_S))
    if not known.sales:
        raise NotFound("there is no such tour", field="tour_id", value=tour_id)
    return known


def join(tour_id: str, told: JoinTour) -> list[Stand]:
    """Put the caller in every line of the tour that is open, once; say what became of each.

    Conflict, or what stood in the way, when not one of them could be joined.
    """

    def joined(sale: Sale) -> Stand:
        receipt = told.receipts.get(sale.sale_id, "")
        one = bodies.Join(**told.model_dump(exclude={"receipts"}), receipt=receipt)
        _, promise = line_service.join(sale.sale_id, one)
        return Stand(sale, line_service.place(sale.sale_id), promise)

    open_now = [d.sale for d in find(tour_id).dates if d.sale and d.can_be_joined]
    if not open_now:
        raise Conflict(
            "no line of this tour is open now",
            field="tour_id",
            value=tour_id,
            rule="at least one open line",
            remedy="come back when the lines open; joining early gives no advantage",
        )
    return _each(open_now, joined)


def places(tour_id: str) -> list[Stand]:
    """Return where the caller stands in each line of the tour."""
    return _each(find(tour_id).sales, lambda s: Stand(s, line_service.place(s.sale_id)))


def document(known: Known) -> TourAnswer:
    """Return a tour as the API shows it."""
    return {
        "tour_id": known.tour.tour_id,
        "title": known.tour.title,
        "limit_per_person": known.tour.limit_per_person or None,
        "dates": [
            {
                "performance_id": date.performance.performance_id,
                "title": date.event.title,
                "venue": date.venue.name,
                "city": date.venue.city,
                "starts_at": iso(date.performance.starts_at_us),
                "sale_id": date.sale.sale_id if date.sale else None,
                "sale_state": date.sale.state if date.sale else None,
            }
            for date in known.dates
        ],
    }


def places_document(tour_id: str, stands: list[Stand]) -> TourPlaces:
    """Return where a fan stands as the API shows it."""
    return {
        "tour_id": tour_id,
        "places": [
            {
                "sale_id": stand.sale.sale_id,
                "performance_id": stand.sale.performance_id,
                "message": stand.sale.message,
                "place": stand.place,
                "receipt": stand.receipt,
                "problem": stand.problem,
            }
            for stand in stands
        ],
    }


def _each(sales: list[Sale], ask: Callable[[Sale], Stand]) -> list[Stand]:
    """Ask every line; raise what went wrong only when it did so on every date."""
    stands, wrong = list[Stand](), list[Exception]()
    for sale in sales:
        try:
            stands.append(ask(sale))
        except NotSignedIn:
            raise
        except FairTicketError as error:
            wrong.append(error)
            stands.append(Stand(sale, problem=_problem(error)))
        except RedisError as error:
            wrong.append(error)
            down = Unavailable(problems.STORE_DOWN, remedy="wait a few seconds and try again")
            stands.append(Stand(sale, problem=_problem(down)))
    if len(wrong) == len(sales):
        raise wrong[0]
    return stands


def _problem(error: FairTicketError) -> Problem:
    return problems.problem_of(error)  # type: ignore[return-value]


@lru_cache(maxsize=64)
def _known(tour_id: str, _moment: int) -> Known:
    tour = services.tours().get(tour_id)
    sales, catalogue = services.tours().sales_of(tour), services.catalogue()
    dates = []
    for performance_id in tour.performance_ids:
        sale = sales.get(performance_id)
        if sale and sale.state != DRAFT:
            its = facts.of_sale(sale.sale_id)
            dates.append(Date(its.performance, its.event, its.venue, its.sale))
            continue
        date = catalogue.performance(performance_id)
        event, venue = catalogue.event(date.event_id), catalogue.venue(date.venue_id)
        if date.listed:
            dates.append(Date(date, event, venue, None))
    dates.sort(key=lambda date: date.performance.starts_at_us)
    return Known(tour, tuple(dates))
