"""The page of a tour: one button for all its lines, and every place, turn and message at once."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Blueprint, redirect, render_template
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError

from fairness import board
from fairness.errors import Unavailable
from web import auth, line_pages, reading, services, tour_service
from web.access import Access, door
from web.facts import Facts
from web.forms import again_on
from web.tour_documents import JoinTour
from web.tour_service import Date, Stand

bp = Blueprint("tours", __name__, url_prefix="/tours/<id:tour_id>")


@bp.get("")
@door(Access.PUBLIC)
def page(tour_id: str) -> ResponseReturnValue:
    """Show the dates of a tour, and where the reader stands on each."""
    known = tour_service.find(tour_id)
    stands: dict[str, Stand] = {}
    if auth.maybe_caller():
        stands = {stand.sale.sale_id: stand for stand in tour_service.places(tour_id)}
    rows = [_row(date, stands) for date in known.dates]
    return render_template(
        "tour.html",
        tour=known.tour,
        rows=rows,
        joinable=[row for row in rows if row["phase"] == "open"],
        waits=any(row["phase"] in line_pages.WAITING for row in rows),
    )


@bp.post("/join")
@door(Access.FAN)
@again_on(page)
def join(tour_id: str) -> ResponseReturnValue:
    """Join every line of the tour that is open."""
    response = redirect(f"/tours/{tour_id}", 303)
    for stand in tour_service.join(tour_id, reading.form(JoinTour)):
        if stand.receipt:
            auth.keep_receipt(response, stand.sale.sale_id, stand.receipt)  # type: ignore[arg-type]
    return response


def _row(date: Date, stands: dict[str, Stand]) -> dict[str, Any]:
    """Return what the page shows of one date."""
    row: dict[str, Any] = {"date": date, "sale": date.sale, "phase": "", "board": {}}
    if date.sale is None:
        return row
    stand = stands.get(date.sale.sale_id)
    place = (stand and stand.place) or line_pages.NOWHERE
    known = Facts(date.sale, date.event, date.performance, date.venue)
    with suppress(Unavailable, RedisError):  # the page stands without it
        row["board"] = board.read(services.redis(), date.sale.sale_id) or {}
    problem = stand.problem if stand else None
    row |= {"place": place, "problem": problem, "eta": line_pages.eta_of(place, row["board"])}
    return row | {"phase": "away" if problem else line_pages.phase_of(known, place)}
