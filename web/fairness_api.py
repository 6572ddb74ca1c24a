"""The API of the fairness service: the hot, small one. Joining costs one call to the store."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fairness import board
from fairness.clock import SECOND, iso, now_us
from fairness.errors import NotFound
from web import bodies, challenge_service, facts, line_service, services
from web.access import Access, door
from web.answers import Done, Joined, NotBefore, Place, Turn
from web.passkey_bodies import Answered, AskCode, Ceremony

bp = Blueprint("line", __name__, url_prefix="/api/v1/sales/<id:sale_id>")


@bp.put("/place")
@door(Access.FAN, body=bodies.Join, answer=Joined)
def join(sale_id: str, body: bodies.Join) -> ResponseReturnValue:
    """Join the line. Joining again, also from another device, returns the first arrival.

    The receipt is a signed promise: keep it to prove when you came.
    """
    return dict(line_service.joined(*line_service.join(sale_id, body)))


@bp.get("/place")
@door(Access.FAN, answer=Place)
def see_place(sale_id: str) -> ResponseReturnValue:
    """Say where I stand. `reasons` is filled when a verdict holds me up."""
    return dict(line_service.place(sale_id))


@bp.delete("/place")
@door(Access.FAN, answer=Done)
def leave(sale_id: str) -> ResponseReturnValue:
    """Leave the line. The place is given up for good."""
    line_service.leave(sale_id)
    return {"done": True}


@bp.put("/place/not-before")
@door(Access.FAN, body=bodies.NotBefore, answer=NotBefore)
def defer(sale_id: str, body: bodies.NotBefore) -> ResponseReturnValue:
    """Ask not to be called before a time that I can manage. No reason is asked.

    The place is kept. When it is reached earlier others go on, and when the time has come I am
    called before everybody else. Seats are not set aside meanwhile.
    """
    return {"not_before": line_service.defer(sale_id, bodies.us(body.at))}


@bp.delete("/place/not-before")
@door(Access.FAN, answer=NotBefore)
def undefer(sale_id: str) -> ResponseReturnValue:
    """Take that back: call me as soon as it is my turn."""
    return {"not_before": line_service.defer(sale_id, 0)}


@bp.post("/turn")
@door(Access.FAN, answer=Turn)
def enter(sale_id: str) -> ResponseReturnValue:
    """Take up my turn: gives the pass to the shop. Asking again gives a pass for the same turn."""
    turn = line_service.enter(sale_id)
    return {"pass": turn.token, "ends_at": iso(turn.ends_us)}


@bp.delete("/turn")
@door(Access.FAN, answer=Done)
def finish(sale_id: str) -> ResponseReturnValue:
    """Leave the shop, so that the next fan can go in."""
    services.line(sale_id).finish(line_service.fan(sale_id), "left")
    return {"done": True}


@bp.get("/board")
@door(Access.PUBLIC, answer=dict[str, Any])
def see_board(sale_id: str) -> ResponseReturnValue:
    """Give the one public document of a sale: served place, rate, stock, message, checkpoint.

    It has an ETag and may be cached for a second.
    """
    text = board.text(services.redis(), sale_id)
    if text is None:
        if facts.of_sale(sale_id).has_line:
            raise line_service.rebuilding()
        raise NotFound(
            "the line has not opened yet",
            field="sale_id",
            value=sale_id,
            rule="a sale whose line has opened",
            remedy="come back when it opens",
        )
    response = Response(text, content_type="application/json")
    response.set_etag(sha256(text.encode()).hexdigest()[:16])
    response.headers["Cache-Control"] = "public, max-age=1"
    # nginx counts whole seconds, and one more: told "1 s" it would keep a board for two.
    response.headers["X-Accel-Expires"] = f"@{now_us() // SECOND}"
    return response.make_conditional(request)


@bp.get("/board/events")
@door(Access.PUBLIC)
def listen_to_board(sale_id: str) -> ResponseReturnValue:
    """Tell what changes on the board, as server-sent events, where the deployment offers that."""
    see_board(sale_id=sale_id)  # says why, when there is no board
    raise NotFound(
        "nobody more can listen to the board here",
        field="sale_id",
        value=sale_id,
        rule="as many listeners as the deployment has room for",
        remedy="ask for the board itself, once a second at most",
    )


@bp.post("/challenge")
@door(Access.FAN, body=AskCode, answer=Done, status=202)
def send_code(sale_id: str, body: AskCode) -> ResponseReturnValue:
    """Send me a code that lifts a challenge: by e-mail, or to my telephone number."""
    challenge_service.send_code(sale_id, body.way)
    return {"done": True}


@bp.post("/challenge/answer")
@door(Access.FAN, body=bodies.Answer, answer=Done)
def answer_code(sale_id: str, body: bodies.Answer) -> ResponseReturnValue:
    """Answer a challenge with the newest code."""
    challenge_service.answer_code(sale_id, body.code)
    return {"done": True}


@bp.post("/challenge/passkey/options")
@door(Access.FAN, answer=Ceremony)
def ask_passkey(sale_id: str) -> ResponseReturnValue:
    """Begin to answer a challenge with a passkey that I made before I joined this line."""
    return dict(challenge_service.ask_passkey(sale_id))


@bp.post("/challenge/passkey")
@door(Access.FAN, body=Answered, answer=Done)
def answer_passkey(sale_id: str, body: Answered) -> ResponseReturnValue:
    """Answer a challenge with a passkey. One go over all ways counts, right or wrong."""
    challenge_service.answer_passkey(sale_id, body)
    return {"done": True}


@bp.post("/appeal")
@door(Access.FAN, body=bodies.Appeal, answer=Done, status=202)
def appeal(sale_id: str, body: bodies.Appeal) -> ResponseReturnValue:
    """Ask the organiser to look at a verdict again. The place is kept meanwhile."""
    line_service.appeal(sale_id, body.text)
    return {"done": True}
