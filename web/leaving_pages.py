"""Leaving for good, on a page and in the API."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from typing_extensions import TypedDict

from boxoffice.accounts.leaving import GRACE_US
from fairness.clock import SECOND, iso, now_us
from fairness.errors import Invalid
from web import auth, leaving_service, services
from web.access import Access, door
from web.forms import again_on
from workers import leaving

bp = Blueprint("leaving_pages", __name__)
api = Blueprint("leaving", __name__, url_prefix="/api/v1")


class LeavingAnswer(TypedDict):
    """When the account is removed, unless its owner signs in before."""

    removed_at: str


@bp.get("/account/leave")
@door(Access.FAN)
def page() -> ResponseReturnValue:
    """Say what goes and what stays with an account, and what is in the way."""
    me = services.accounts().get(auth.caller().account_id)
    return render_template(
        "leave.html",
        me=me,
        in_the_way=leaving.in_the_way(me.account_id, now_us()) if me.role == "fan" else [],
        fresh=auth.is_fresh(),
        days=GRACE_US // (24 * 3600 * SECOND),
        kept=request.args.get("kept") == "1",
    )


@bp.post("/account/leave")
@door(Access.FAN)
@again_on(page)
def leave() -> ResponseReturnValue:
    """Have the reader's account removed after a week, and sign them out everywhere."""
    if request.form.get("sure") != "yes":
        raise Invalid(
            "please say that you are sure",
            field="sure",
            rule="a tick in the box",
            remedy="tick the box, or leave everything as it is",
        )
    leaving_service.leave()
    return auth.forget(redirect("/sign-in?left=1", 303))  # type: ignore[arg-type]


@api.delete("/account")
@door(Access.FAN, answer=LeavingAnswer)
def remove() -> ResponseReturnValue:
    """Have my account removed after seven days; signing in before then keeps it.

    All sign-ins end at once. Needs one that is at most 15 minutes old. Refused, with their pages,
    while tickets for what is still to come, places in lines or money would be lost.
    """
    return {"removed_at": iso(leaving_service.leave().due_us)}
