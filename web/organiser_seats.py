"""The seats of a sale for its organiser: the map as it is now, what is held back, what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.inventory.model import SeatState
from boxoffice.sales import acts, edits, stages
from boxoffice.sales.edits import Edit
from boxoffice.sales.model import DRAFT, Sale
from fairness.clock import iso, now_us
from web import bodies, facts, organiser_service, reading, seat_map, services
from web.access import Access, door
from web.forms import again_on
from web.texts import _
from workers import stocktaking

bp = Blueprint("organiser_seats", __name__, url_prefix="/organiser/sales/<id:sale_id>/seats")
api = Blueprint("organiser_seats_api", __name__, url_prefix="/api/v1/organiser/sales/<id:sale_id>")

MOST_SHOWN = 20  # changes
WORDS = {"free": "free", "held": "held by a fan", "sold": "paid", "blocked": "held back"}


class NewRelease(bodies.Body):
    """Seats that were held back go on sale: all of one reason, or the named ones of it."""

    reason: bodies.Line
    seats: Annotated[list[bodies.Line], Field(max_length=5_000, default_factory=list)]


class PlannedRelease(bodies.Body):
    """When the seats held back for a reason go on sale by themselves; no time: not any more."""

    reason: bodies.Line
    at: bodies.Moment | None = None


class SeatNow(TypedDict):
    """A seat as it is now: free, held, sold or blocked, and why it is held back."""

    seat_id: str
    state: str
    reason: str | None


class HeldBack(TypedDict):
    """Seats that are held back for one reason, and when they go on sale."""

    reason: str
    seats: int
    at: str | None


class ZoneNow(TypedDict):
    """How many seats of a zone are free, held, sold and blocked."""

    zone: str
    free: int
    held: int
    sold: int
    blocked: int


class SeatsNow(TypedDict):
    """Every seat of a sale, how many there are by zone, and what is held back."""

    seats: list[SeatNow]
    zones: list[ZoneNow]
    held_back: list[HeldBack]


@dataclass(frozen=True, slots=True)
class History:
    """What was changed, the newest first: the edits that are one change together."""

    changes: list[list[Edit]]
    can_undo: bool
    can_redo: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a zone; `general` when its places have no numbers."""

    zone: str
    row: str
    general: bool
    seats: list[SeatState]


@bp.get("")
@door(Access.ORGANISER)
def page(sale_id: str) -> ResponseReturnValue:
    """Show the map of the sale as it is now, and what is held back."""
    sale = organiser_service.own_sale(sale_id)
    plan = services.catalogue().plan(sale.plan_id)
    states = seats_now(sale, plan)
    seats = [seat for seat in plan.seats if seat.seat_id in states]
    editing = services.editing()
    rows = [
        Row(zone, row, general, [states[seat.seat_id] for seat in places])
        for (zone, row, general), places in groupby(seats, lambda s: (s.zone, s.row, s.general))
    ]
    return render_template(
        "organiser/seats.html",
        sale=sale,
        facts=facts.of_sale(sale_id),
        rows=rows,
        of=plan.by_id,
        tiers={tier: n for n, tier in enumerate(sale.tiers)},
        shapes=seat_map.shapes(plan),
        counts=Counter(state.state for state in states.values()),
        zones=by_zone(plan, states),
        zone_rows={
            zone: dict.fromkeys(s.row for s in seats if s.zone == zone) for zone in plan.zones
        },
        held_back=_held_back(sale),
        words={state: _(word) for state, word in WORDS.items()},
        ticked=set(request.form.getlist("seats")),
        editable=sale.state in (DRAFT, *acts.RUNNING),
        history=_shown(editing.history(sale_id, sale.organiser_id)),
        names={sale.organiser_id: services.accounts().get(sale.organiser_id).name},
    )


def seats_now(sale: Sale, plan: SeatingPlan) -> dict[str, SeatState]:
    """Return seat -> how it stands; a draft's seats stand as they will when it is scheduled."""
    if sale.state != DRAFT:
        found = services.inventory().seats(sale.sale_id, now_us())
        return {seat.seat_id: seat for seat in found}
    return {
        seat.seat_id: SeatState(
            seat.seat_id,
            (price := sale.prices[seat.category]).tier,
            price.cents,
            "blocked" if seat.seat_id in sale.held_back else "free",
            reason=sale.held_back.get(seat.seat_id),
        )
        for seat in plan.seats
    }


def by_zone(plan: SeatingPlan, states: Mapping[str, SeatState]) -> list[ZoneNow]:
    """Return the counts of each zone, in the order of the plan."""
    counts = {zone: Counter[str]() for zone in plan.zones}
    for seat in plan.seats:
        if seat.seat_id in states:
            counts[seat.zone][states[seat.seat_id].state] += 1
    return [
        {
            "zone": zone,
            "free": found["free"],
            "held": found["held"],
            "sold": found["sold"],
            "blocked": found["blocked"],
        }
        for zone, found in counts.items()
    ]


@bp.post("/release")
@door(Access.ORGANISER)
@again_on(page)
def release(sale_id: str) -> ResponseReturnValue:
    """Put seats that are held back on sale: those chosen, or all of a reason."""
    fields = {"reason": request.form.get("reason", ""), "seats": request.form.getlist("seats")}
    _release(sale_id, reading.checked(NewRelease, fields))
    return redirect(f"/organiser/sales/{sale_id}/seats", 303)


@bp.post("/plan")
@door(Access.ORGANISER)
@again_on(page)
def plan(sale_id: str) -> ResponseReturnValue:
    """Set when seats that are held back go on sale; an empty time takes it back."""
    _plan(sale_id, reading.form(PlannedRelease))
    return redirect(f"/organiser/sales/{sale_id}/seats", 303)


@api.get("/seats")
@door(Access.ORGANISER, answer=SeatsNow)
def see_seats(sale_id: str) -> ResponseReturnValue:
    """Give every seat as it is now, and what is held back."""
    return _now(sale_id)


@api.post("/releases")
@door(Access.ORGANISER, body=NewRelease, answer=SeatsNow)
def release_seats(sale_id: str, body: NewRelease) -> ResponseReturnValue:
    """Put seats that are held back on sale now. It is logged; twice is once."""
    _release(sale_id, body)
    return _now(sale_id)


@api.put("/releases")
@door(Access.ORGANISER, body=PlannedRelease, answer=SeatsNow)
def plan_release(sale_id: str, body: PlannedRelease) -> ResponseReturnValue:
    """Set when the seats held back for a reason go on sale by themselves. It is logged."""
    _plan(sale_id, body)
    return _now(sale_id)


def _now(sale_id: str) -> SeatsNow:
    sale = organiser_service.own_sale(sale_id)
    plan = services.catalogue().plan(sale.plan_id)
    found = seats_now(sale, plan)
    return {
        "seats": [
            {"seat_id": s.seat_id, "state": s.state, "reason": s.reason} for s in found.values()
        ],
        "zones": by_zone(plan, found),
        "held_back": _held_back(sale),
    }


def _release(sale_id: str, body: NewRelease) -> None:
    me = organiser_service.me()
    services.sales().release(sale_id, me, now_us(), body.reason, body.seats)
    facts.forget(sale_id)
    stocktaking.reconcile(sale_id)  # the fans see them at once


def _plan(sale_id: str, body: PlannedRelease) -> None:
    at_us = round(body.at.timestamp() * 1_000_000) if body.at else None
    services.sales().plan_release(sale_id, organiser_service.me(), now_us(), body.reason, at_us)
    facts.forget(sale_id)


def _held_back(sale: Sale) -> list[HeldBack]:
    left = Counter(sale.held_back.values())
    return [
        {
            "reason": reason,
            "seats": left[reason],
            "at": iso(sale.releases[reason]) if reason in sale.releases else None,
        }
        for reason in stages.reasons(sale)
    ]


def _shown(history: Sequence[Edit]) -> History:
    standing, undone = edits.stacks(history)
    newest = [list(part) for _, part in groupby(reversed(history), lambda e: (e.group, e.turn))]
    return History(newest[:MOST_SHOWN], bool(standing), bool(undone))
