"""The waiting page: joining, the place, the turn. Works without a script; better with one."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from fairness import board
from fairness.clock import now_us
from fairness.errors import Unavailable
from web import auth, bodies, facts, line_service, reading, services
from web.access import Access, door
from web.answers import Place
from web.forms import again_on
from web.texts import _

bp = Blueprint("waiting", __name__, url_prefix="/sales/<id:sale_id>/line")
NOWHERE: Place = {
    "state": "unknown", "place": None, "ahead": None, "window": None, "turn_ends_at": None,
    "shared_with": None, "verdict": "admit", "reasons": [],
}  # fmt: skip


@bp.get("")
@door(Access.PUBLIC)
def page(sale_id: str) -> ResponseReturnValue:
    """Show the sale and where the reader stands in its line."""
    known = facts.of_public_sale(sale_id)
    place = _place(sale_id) if auth.maybe_caller() else NOWHERE
    shown = _board(sale_id)
    appealed = place["verdict"] in ("review", "refuse") and _appealed(sale_id)
    return render_template(
        "line.html",
        facts=known,
        sale=known.sale,
        rules=known.sale.manifest,
        place=place,
        board=shown,
        eta=_eta(place, shown),
        phase=_phase(known, place),
        appealed=appealed,
    )


@bp.post("/join")
@door(Access.FAN)
@again_on(page)
def join(sale_id: str) -> ResponseReturnValue:
    """Join the line."""
    _, receipt = line_service.join(sale_id, reading.form(bodies.Join))
    return auth.keep_receipt(_back(sale_id), sale_id, receipt)


@bp.post("/leave")
@door(Access.FAN)
def leave(sale_id: str) -> ResponseReturnValue:
    """Leave the line."""
    line_service.leave(sale_id)
    return auth.drop_receipt(_back(sale_id), sale_id)


@bp.post("/enter")
@door(Access.FAN)
@again_on(page)
def enter(sale_id: str) -> ResponseReturnValue:
    """Take up the turn and go into the shop."""
    turn = line_service.enter(sale_id)
    response = redirect(f"/sales/{sale_id}/shop", 303)
    return auth.keep_pass(response, sale_id, turn.token, turn.life_s)  # type: ignore[arg-type]


@bp.post("/code")
@door(Access.FAN)
@again_on(page)
def send_code(sale_id: str) -> ResponseReturnValue:
    """Mail the reader a code."""
    line_service.send_code(sale_id)
    return redirect(f"/sales/{sale_id}/line?sent=1", 303)


@bp.post("/answer")
@door(Access.FAN)
@again_on(page)
def answer_code(sale_id: str) -> ResponseReturnValue:
    """Take the code from the mail."""
    line_service.answer_code(sale_id, reading.form(bodies.Answer).code)
    return _back(sale_id)


@bp.post("/appeal")
@door(Access.FAN)
@again_on(page)
def appeal(sale_id: str) -> ResponseReturnValue:
    """Ask the organiser to look again."""
    line_service.appeal(sale_id, reading.form(bodies.Appeal).text)
    return _back(sale_id)


@bp.get("/receipt")
@door(Access.FAN)
def receipt(sale_id: str) -> ResponseReturnValue:
    """Give the reader's receipt as a file: the promise, with the proof once there is one."""
    response = Response(line_service.receipt(sale_id).text(), content_type="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{sale_id}.json"'
    return response


@bp.get("/check")
@door(Access.PUBLIC)
def check(sale_id: str) -> ResponseReturnValue:
    """Show where a receipt is checked: by the reader's browser, from the public log."""
    return render_template("check.html", sale_id=sale_id)


def _place(sale_id: str) -> Place:
    """Return where the reader stands, after giving back what a lost line had promised them."""
    place = line_service.place(sale_id)
    receipt = auth.kept_receipt()
    if place["state"] == "unknown" and receipt and line_service.come_back(sale_id, receipt):
        place = line_service.place(sale_id)
    return place


def _phase(known: facts.Facts, place: Place) -> str:
    """Return which face the page shows."""
    rules, now = known.sale.manifest, now_us()
    if place["verdict"] in ("review", "refuse") and place["state"] not in ("done", "left"):
        return "held_up"
    if place["state"] != "unknown":
        return place["state"]
    if known.sale.state == "closed" or now >= rules.ends_at_us:
        return "over"
    return "soon" if now < rules.opens_at_us else "open"


def _board(sale_id: str) -> dict[str, Any]:
    return board.read(services.redis(), sale_id) or {}


def _eta(place: Place, now_on_board: dict[str, Any]) -> str:
    """Return how long it may take: a range, since it is an estimate; the script says the same."""
    ahead = place["ahead"]
    seconds = board.eta_s(ahead, now_on_board.get("pace_per_s", 0.0)) if ahead else 0
    if ahead is None or seconds is None:
        return "–"
    low, high = max(1, int(seconds / 60 * 0.8)), ceil(seconds / 60 * 1.3)
    return _("any moment") if high <= 1 else _("{low}–{high} min", low=low, high=high)


def _appealed(sale_id: str) -> bool:
    """Say whether there is an appeal; the page does not fail because the database is away."""
    try:
        return services.appeals().get(sale_id, line_service.fan(sale_id)) is not None
    except Unavailable:
        return False


def _back(sale_id: str) -> Response:
    return redirect(f"/sales/{sale_id}/line", 303)  # type: ignore[return-value]
