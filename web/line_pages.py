"""The waiting page: joining, the place, the turn. Works without a script; better with one."""

from __future__ import annotations

from math import ceil
from typing import Any

from flask import Blueprint, Response, redirect, render_template
from flask.typing import ResponseReturnValue

from fairness import board, eta
from fairness.clock import SECOND, now_us
from fairness.errors import Unavailable
from web import (
    auth,
    bodies,
    challenge_service,
    facts,
    line_service,
    passkey_pages,
    reading,
    services,
)
from web.access import Access, door
from web.answers import Place
from web.forms import again_on
from web.passkey_bodies import Answered, AskCode
from web.texts import _, mark
from workers import linkage
from workers.settings import settings

bp = Blueprint("waiting", __name__, url_prefix="/sales/<id:sale_id>/line")
WAITING = ("soon", "open", "waiting_draw", "in_line", "called", "inside")
NEAR = 100  # places: who is nearer looks more often
MINUTES, HOURS = mark("{low}–{high} min"), mark("{low}–{high} h")
NOWHERE: Place = {
    "state": "unknown", "place": None, "ahead": None, "window": None, "turn_ends_at": None,
    "shared_with": None, "verdict": "admit", "reasons": [],
    "not_before": None,
}  # fmt: skip


@bp.get("")
@door(Access.PUBLIC)
def page(sale_id: str) -> ResponseReturnValue:
    """Show the sale and where the reader stands in its line."""
    known = facts.of_public_sale(sale_id)
    place = _place(sale_id) if auth.maybe_caller() else NOWHERE
    shown = _board(sale_id)
    phase = phase_of(known, place)
    appealed = place["verdict"] in ("review", "refuse") and _appealed(sale_id)
    return render_template(
        "line.html",
        facts=known,
        sale=known.sale,
        rules=known.sale.manifest,
        place=place,
        board=shown,
        eta=eta_of(place, shown),
        chance=chance_of(place, shown),
        refresh_s=refresh_s(phase, place),
        phase=phase,
        appealed=appealed,
        ways=challenge_service.ways(sale_id) if place["verdict"] == "challenge" else None,
        listens=settings().board_events > 0,
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


@bp.post("/not-before")
@door(Access.FAN)
@again_on(page)
def defer(sale_id: str) -> ResponseReturnValue:
    """Ask to be called later, or take that back."""
    minutes = reading.form(bodies.Later).minutes
    line_service.defer(sale_id, now_us() + minutes * 60 * SECOND if minutes else 0)
    return _back(sale_id)


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
    """Send the reader a code, by e-mail or to their phone."""
    way = reading.form(AskCode).way
    challenge_service.send_code(sale_id, way)
    return redirect(f"/sales/{sale_id}/line?sent={way}", 303)


@bp.post("/answer")
@door(Access.FAN)
@again_on(page)
def answer_code(sale_id: str) -> ResponseReturnValue:
    """Take the code from the mail or the short message."""
    challenge_service.answer_code(sale_id, reading.form(bodies.Answer).code)
    return _back(sale_id)


@bp.post("/passkey/options")
@door(Access.FAN)
def ask_passkey(sale_id: str) -> ResponseReturnValue:
    """Ask the reader's browser for a passkey."""
    return passkey_pages.asked(challenge_service.ask_passkey(sale_id))


@bp.post("/passkey")
@door(Access.FAN)
@again_on(page)
def answer_passkey(sale_id: str) -> ResponseReturnValue:
    """Take what the reader's passkey answered."""
    told = reading.form(Answered, ceremony=passkey_pages.ceremony())
    challenge_service.answer_passkey(sale_id, told)
    return _back(sale_id)


@bp.post("/appeal")
@door(Access.FAN)
@again_on(page)
def appeal(sale_id: str) -> ResponseReturnValue:
    """Ask the organiser to look again."""
    line_service.appeal(sale_id, reading.form(bodies.Appeal).text)
    return _back(sale_id)


@bp.get("/appeal")
@door(Access.FAN)
def see_appeal(sale_id: str) -> ResponseReturnValue:
    """Show where another look is asked for, and for how long it has been."""
    known, shown = facts.of_public_sale(sale_id), _board(sale_id)
    filed = services.appeals().get(sale_id, line_service.fan(sale_id))
    return render_template(
        "appeal.html",
        facts=known,
        sale=known.sale,
        place=line_service.place(sale_id),
        shares_limit=linkage.shares(sale_id, line_service.fan(sale_id)),
        appeal=filed,
        minutes=(now_us() - filed.created_us) // (60 * SECOND) if filed else 0,
        left=sum(tier["free"] for tier in shown["stock"].values()) if "stock" in shown else None,
    )


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


def phase_of(known: facts.Facts, place: Place) -> str:
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


def eta_of(place: Place, shown: dict[str, Any]) -> str:
    """Return how long it may take: a range, since it is an estimate; `waiting.js` says the same."""
    ahead, waits = place["ahead"], shown.get("eta", {}).get("waits", ())
    if shown.get("status") == "paused":
        return _("paused")
    if ahead == 0:
        return _("any moment")
    wait = eta.between(waits, ahead) if ahead else None
    if wait is None:
        return _("not known yet")
    hours = wait[1] > 2 * 3600
    unit = 3600 if hours else 60
    low, high = max(1, wait[0] // unit), ceil(wait[1] / unit)
    if not hours and high <= 1:
        return _("any moment")
    return _(HOURS if hours else MINUTES, low=low, high=max(low, high))


def chance_of(place: Place, shown: dict[str, Any]) -> str:
    """Return "good", "low", "returns" or "none": whether seats last until the reader's turn."""
    return board.chance(shown, place["place"] or 0)


def refresh_s(phase: str, place: Place) -> int | None:
    """Return after how many seconds a page without a script loads again; None: it does not.

    Never under somebody's hands: not while there is a form to fill in.
    """
    if phase not in WAITING or place["verdict"] in line_service.STOPPED:
        return None
    near = phase in ("waiting_draw", "called") or (place["ahead"] or 0) < NEAR
    return 20 if near else 60


def _appealed(sale_id: str) -> bool:
    """Say whether there is an appeal; the page does not fail because the database is away."""
    try:
        return services.appeals().get(sale_id, line_service.fan(sale_id)) is not None
    except Unavailable:
        return False


def _back(sale_id: str) -> Response:
    return redirect(f"/sales/{sale_id}/line", 303)  # type: ignore[return-value]
