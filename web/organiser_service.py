"""What an organiser does, for the API and for the console alike."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from boxoffice.catalogue import plans
from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.inventory.model import TierStock
from boxoffice.orders.model import Order
from boxoffice.sales.desk import precision
from boxoffice.sales.model import Appeal, Price, Sale
from fairness.clock import SECOND, now_us
from fairness.errors import Forbidden, NotFound, Unavailable
from fairness.line import LineStatus
from fairness.screening import calibration
from web import auth, bodies, facts, line_service, services
from web.answers import Reason
from web.bodies import us
from workers import books, steps
from workers.settings import settings

MILLI = SECOND // 1_000


@dataclass(frozen=True, slots=True)
class Stopped:
    """A fan the screening stopped, and what they said about it."""

    fan: str
    verdict: str
    reasons: list[Reason]
    appeal: Appeal | None


@dataclass(frozen=True, slots=True)
class Live:
    """A sale as it runs. `line` is None before the line opens."""

    facts: facts.Facts
    line: LineStatus | None
    stock: list[TierStock]


def me() -> str:
    """Return the organiser's account id."""
    return auth.caller().account_id


def own_event(event_id: str) -> Event:
    """Return one of the organiser's events; NotFound, Forbidden."""
    event = services.catalogue().event(event_id)
    if event.organiser_id != me():
        raise Forbidden("this event belongs to another organiser")
    return event


def own_sale(sale_id: str) -> Sale:
    """Return one of the organiser's sales as it is now; NotFound, Forbidden."""
    return services.sales().own(sale_id, me())


def add_event(body: bodies.NewEvent) -> Event:
    """Return the new event."""
    return services.catalogue().add_event(
        me(), body.title, body.artist, body.genre, body.description
    )


def add_venue(body: bodies.NewVenue) -> Venue:
    """Return the new venue."""
    return services.catalogue().add_venue(body.name, body.city, body.country)


def add_plan(body: bodies.NewPlan) -> SeatingPlan:
    """Return the plan, kept; Invalid lists every fault."""
    if body.csv is not None:
        plan = plans.from_csv(body.csv, body.name or "Plan")
    else:
        plan = plans.from_pretix(body.pretix or "", body.name)
    if body.focus is not None:
        plan = plan.focused_on(body.focus)
    services.catalogue().add_plan(plan)
    return plan


def add_performance(body: bodies.NewPerformance) -> Performance:
    """Return the new performance."""
    return services.catalogue().add_performance(
        body.event_id, me(), body.venue_id, body.plan_id, us(body.starts_at)
    )


def add_sale(body: bodies.NewSale) -> Sale:
    """Return the new sale, a draft."""
    rules = {
        "opens_at_us": us(body.opens_at),
        "starts_at_us": us(body.starts_at),
        "ends_at_us": us(body.ends_at),
        "opening_us": body.opening_s * SECOND,
        "tie_us": body.tie_ms * MILLI,
        "clock_bound_us": settings().clock_bound_us,
        "capacity": body.capacity,
        "rate_per_s": body.rate_per_s,
        "limit_per_person": body.limit_per_person,
        "turn_us": body.turn_s * SECOND,
        "hold_us": body.hold_s * SECOND,
        "away_us": body.away_s * SECOND,
        "held_most_ppm": body.held_most_ppm,
        "challenged_most_ppm": body.challenged_most_ppm,
        "beacon": body.beacon,
        "beacon_fallback": body.beacon_fallback,
    }
    prices = {name: Price(price.tier, price.cents) for name, price in body.prices.items()}
    return services.sales().create(
        body.performance_id,
        me(),
        rules,
        prices,
        currency=body.currency,
        held_back=body.held_back,
        weights=calibration.of(decided()),
        now_us=now_us(),
    )


def decided() -> dict[str, tuple[int, int]]:
    """Return rule -> (right, cases) over what was decided about all of the organiser's sales."""
    mine = services.sales().of_organiser(me())
    return precision([one for sale in mine for one in services.desk().of_sale(sale.sale_id)])


def act(sale_id: str, name: str) -> Sale:
    """Do one of ACTS to a sale; NotFound for any other name."""
    if name not in ACTS:
        raise NotFound(f"there is no act {name}", field="act", rule=f"one of {', '.join(ACTS)}")
    sale = ACTS[name](sale_id)
    _take_effect(sale_id)
    return sale


def amend(sale_id: str, **changes: Any) -> Sale:
    """Change rate, capacity or message while the sale runs."""
    sale = services.sales().amend(sale_id, me(), now_us(), **changes)
    _take_effect(sale_id)
    return sale


def live(sale_id: str) -> Live:
    """Return a sale of the organiser's as it runs."""
    own_sale(sale_id)
    facts.forget(sale_id)
    known = facts.of_sale(sale_id)
    try:
        status = services.line(sale_id).status()
    except NotFound:
        status = None
    return Live(known, status, services.inventory().stock(sale_id, now_us()))


def stopped(sale_id: str) -> list[Stopped]:
    """Return the fans the screening stopped or who appealed; open appeals come first."""
    own_sale(sale_id)
    verdicts = services.line(sale_id).verdicts()
    appeals = {appeal.fan: appeal for appeal in services.appeals().of_sale(sale_id)}
    found = [
        Stopped(
            fan,
            verdicts.get(fan, {}).get("verdict", "admit"),
            line_service.reasons(verdicts.get(fan)),
            appeals.get(fan),
        )
        for fan in {*verdicts, *appeals}
    ]
    shown = [one for one in found if one.appeal or one.verdict in line_service.STOPPED]
    return sorted(shown, key=_urgency)


def orders(sale_id: str) -> list[Order]:
    """Return the orders of a sale of the organiser's, the newest first."""
    own_sale(sale_id)
    return sorted(services.orders().of_sale(sale_id), key=lambda order: -order.created_us)


def known_plans() -> list[SeatingPlan]:
    """Return the plans of the organiser's performances, each once, by name."""
    catalogue = services.catalogue()
    mine = {event.event_id for event in catalogue.events(me())}
    ids = {p.plan_id for p in catalogue.performances() if p.event_id in mine}
    return sorted((catalogue.plan(plan_id) for plan_id in ids), key=lambda plan: plan.name)


def _take_effect(sale_id: str) -> None:
    """Have the line do at once what was decided; should this be lost, the next tick does it."""
    facts.forget(sale_id)
    with suppress(Unavailable):
        steps.send(steps.MOVE, sale_id)


def _urgency(one: Stopped) -> tuple[bool, int, str]:
    waits = one.appeal is not None and one.appeal.state == "open"
    return (not waits, one.appeal.created_us if one.appeal else 0, one.fan)


def _discard(sale_id: str) -> Sale:
    sale = own_sale(sale_id)
    services.sales().discard(sale_id, me())
    return sale


ACTS: dict[str, Callable[[str], Sale]] = {
    "schedule": lambda sale_id: services.sales().schedule(sale_id, me(), now_us()),
    "open": lambda sale_id: services.sales().open(sale_id, me(), now_us()),
    "pause": lambda sale_id: services.sales().pause(sale_id, me(), now_us()),
    "resume": lambda sale_id: services.sales().resume(sale_id, me(), now_us()),
    "close": lambda sale_id: services.sales().close(sale_id, me(), now_us()),
    "close-books": lambda sale_id: books.close(sale_id, me()),
    "discard": _discard,
}
