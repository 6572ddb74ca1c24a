"""The seats of a sale for its organiser: the map as it is now, and seats held back go on sale."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from boxoffice.inventory.model import SeatState
from boxoffice.sales.model import Sale
from fairness.clock import iso, now_us
from web import bodies, facts, organiser_service, reading, seat_map, services
from web.access import Access, door
from web.forms import again_on
from workers import stocktaking

bp = Blueprint("organiser_seats", __name__, url_prefix="/organiser/sales/<id:sale_id>/seats")
api = Blueprint("organiser_seats_api", __name__, url_prefix="/api/v1/organiser/sales/<id:sale_id>")


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


class SeatsNow(TypedDict):
    """Every seat of a sale, and what is held back."""

    seats: list[SeatNow]
    held_back: list[HeldBack]


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
    known, found = facts.of_sale(sale_id), services.inventory().seats(sale_id, now_us())
    plan, states = known.plan(), {state.seat_id: state for state in found}
    seats = [seat for seat in plan.seats if seat.seat_id in states]
    rows = [
        Row(zone, row, general, [states[seat.seat_id] for seat in places])
        for (zone, row, general), places in groupby(seats, lambda s: (s.zone, s.row, s.general))
    ]
    return render_template(
        "organiser/seats.html",
        sale=sale,
        facts=known,
        rows=rows,
        of=plan.by_id,
        tiers={tier: n for n, tier in enumerate(sale.tiers)},
        shapes=seat_map.shapes(plan),
        counts=Counter(state.state for state in found),
        held_back=_held_back(sale),
    )


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
    found = services.inventory().seats(sale_id, now_us())
    return {
        "seats": [{"seat_id": s.seat_id, "state": s.state, "reason": s.reason} for s in found],
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
        for reason in sale.manifest.held_back
    ]
