"""The organiser's console: make an event, put it on sale, steer the sale, see that it is fair."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from fairness import board
from fairness.clock import SECOND, now_us
from fairness.errors import Invalid, NotFound
from web import bodies, charts, desk_service, organiser_service, reading, services, transfer_service
from web.access import Access, door
from web.forms import again_on

bp = Blueprint("organiser", __name__, url_prefix="/organiser")
CURRENCIES = ("EUR", "GBP", "USD", "CHF", "SEK", "PLN")
AMENDMENTS: dict[str, type[bodies.Body]] = {
    "rate": bodies.NewRate,
    "capacity": bodies.NewCapacity,
    "message": bodies.NewMessage,
}
LONG_ONES = 100  # rows of a list shown on the page


@bp.get("")
@door(Access.ORGANISER)
def events() -> ResponseReturnValue:
    """Show the organiser's events and sales."""
    me = organiser_service.me()
    found = services.catalogue().events(me)
    return render_template(
        "organiser/events.html",
        events=found,
        titles={event.event_id: event.title for event in found},
        sales=services.sales().of_organiser(me),
        tours=services.tours().of_organiser(me),
    )


@bp.get("/events/new")
@door(Access.ORGANISER)
def new_event() -> ResponseReturnValue:
    """Show the form for an event."""
    return render_template("organiser/new_event.html")


@bp.post("/events")
@door(Access.ORGANISER)
@again_on(new_event)
def add_event() -> ResponseReturnValue:
    """Add an event."""
    event = organiser_service.add_event(reading.form(bodies.NewEvent))
    return redirect(f"/organiser/events/{event.event_id}", 303)


@bp.get("/events/<id:event_id>")
@door(Access.ORGANISER)
def event(event_id: str) -> ResponseReturnValue:
    """Show an event, its dates, and the form for another one."""
    found = organiser_service.own_event(event_id)
    catalogue = services.catalogue()
    dates = catalogue.performances(event_id)
    return render_template(
        "organiser/event.html",
        event=found,
        dates=[(date, catalogue.venue(date.venue_id)) for date in dates],
        sales=services.sales().of_performances([date.performance_id for date in dates]),
        venues=catalogue.venues(),
        plans=organiser_service.known_plans(),
    )


@bp.post("/events/<id:event_id>/dates")
@door(Access.ORGANISER)
@again_on(event)
def add_performance(event_id: str) -> ResponseReturnValue:
    """Add a date, with its venue and plan, each a known or a new one."""
    organiser_service.own_event(event_id)
    starts_at = request.form.get("starts_at", "")
    plan_id = _plan()  # the part with the most faults first: nothing is kept when it fails
    body = reading.checked(
        bodies.NewPerformance,
        {
            "event_id": event_id,
            "plan_id": plan_id,
            "venue_id": _venue(),
            "starts_at": starts_at,
        },
    )
    date = organiser_service.add_performance(body)
    return redirect(f"/organiser/dates/{date.performance_id}/sale", 303)


@bp.get("/dates/<id:performance_id>/sale")
@door(Access.ORGANISER)
def new_sale(performance_id: str) -> ResponseReturnValue:
    """Show the form for the sale of a date."""
    catalogue = services.catalogue()
    date = catalogue.performance(performance_id)
    plan = catalogue.plan(date.plan_id)
    seats = {name: sum(s.category == name for s in plan.seats) for name in plan.categories}
    return render_template(
        "organiser/new_sale.html",
        event=organiser_service.own_event(date.event_id),
        date=date,
        venue=catalogue.venue(date.venue_id),
        plan=plan,
        seats=seats,
        currencies=CURRENCIES,
        soon_us=now_us() + 600 * SECOND,
    )


@bp.post("/dates/<id:performance_id>/sale")
@door(Access.ORGANISER)
@again_on(new_sale)
def add_sale(performance_id: str) -> ResponseReturnValue:
    """Add a sale, as a draft."""
    plan = services.catalogue().plan(services.catalogue().performance(performance_id).plan_id)
    fields = {k: v for k, v in request.form.items() if "-" not in k and k != "csrf_token" and v}
    prices = {
        name: {"tier": request.form.get(f"tier-{n}", ""), "cents": _cents(n)}
        for n, name in enumerate(plan.categories)
    }
    body = reading.checked(
        bodies.NewSale, {**fields, "performance_id": performance_id, "prices": prices}
    )
    return redirect(f"/organiser/sales/{transfer_service.add_sale(body).sale_id}", 303)


@bp.get("/sales/<id:sale_id>")
@door(Access.ORGANISER)
def sale(sale_id: str) -> ResponseReturnValue:
    """Show a sale as it runs, and what can be done to it."""
    live = organiser_service.live(sale_id)
    stopped = organiser_service.stopped(sale_id)
    orders = organiser_service.orders(sale_id)
    return render_template(
        "organiser/sale.html",
        live=live,
        sale=live.facts.sale,
        line=live.line,
        estimates=board.estimates(services.redis(), sale_id),
        stopped=stopped,
        waiting=sum(one.appeal is not None and one.appeal.state == "open" for one in stopped),
        orders=orders,
        most=LONG_ONES,
        stock_chart=charts.stock(live.stock),
        sold_chart=charts.sold(orders),
    )


@bp.post("/sales/<id:sale_id>/acts/<act>")
@door(Access.ORGANISER)
@again_on(sale)
def act_on(sale_id: str, act: str) -> ResponseReturnValue:
    """Schedule, open, pause, resume, close or discard a sale."""
    organiser_service.act(sale_id, act)
    return redirect("/organiser" if act == "discard" else f"/organiser/sales/{sale_id}", 303)


@bp.post("/sales/<id:sale_id>/amend/<what>")
@door(Access.ORGANISER)
@again_on(sale)
def amend(sale_id: str, what: str) -> ResponseReturnValue:
    """Change the rate, the capacity or the message."""
    if what not in AMENDMENTS:
        raise NotFound(f"there is nothing called {what}", field="what")
    organiser_service.amend(sale_id, **reading.form(AMENDMENTS[what]).model_dump())
    return redirect(f"/organiser/sales/{sale_id}", 303)


@bp.post("/sales/<id:sale_id>/appeals/<fan>")
@door(Access.ORGANISER)
@again_on(sale)
def decide(sale_id: str, fan: str) -> ResponseReturnValue:
    """Decide an appeal."""
    desk_service.answer(sale_id, fan, reading.form(bodies.Decision))
    return redirect(f"/organiser/sales/{sale_id}/desk", 303)


def _venue() -> str:
    """Return the venue that was chosen, or the new one that was named."""
    if request.form.get("venue_id"):
        return request.form["venue_id"]
    names = ("name", "city", "country")
    fields = {k: v for k in names if (v := request.form.get(f"venue_{k}", ""))}
    return organiser_service.add_venue(reading.checked(bodies.NewVenue, fields)).venue_id


def _plan() -> str:
    """Return the plan that was uploaded, or the known one that was chosen."""
    file = request.files.get("plan")
    if file is None or not file.filename:
        if not request.form.get("plan_id"):
            raise Invalid(
                "no seating plan was chosen",
                field="plan",
                rule="a file, or a plan you used before",
                remedy="choose a CSV or a pretix JSON file",
            )
        return request.form["plan_id"]
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid(
            "the file is not text", field="plan", rule="UTF-8", remedy="save it as UTF-8"
        ) from error
    name = file.filename.rsplit(".", 1)[0][:100]
    kind = "pretix" if text.lstrip().startswith("{") else "csv"
    body = reading.checked(bodies.NewPlan, {"name": name, kind: text})
    return organiser_service.add_plan(body).plan_id


def _cents(number: int) -> object:
    """Return a price typed as 75 or 75.00 in minor units; as it is when it is no number."""
    typed = request.form.get(f"price-{number}", "").strip().replace(",", ".")
    try:
        return round(float(typed) * 100)
    except (ValueError, OverflowError):
        return typed
