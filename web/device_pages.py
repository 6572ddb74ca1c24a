"""Browsers of a fan that show our notices: added by an explicit press, listed, removed."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue
from pydantic import Field

from boxoffice.notices.devices import LONGEST, NAME, Device, id_of
from boxoffice.notices.model import MAIL, OPTIONAL, PUSH
from fairness.clock import now_us
from fairness.errors import NotFound
from web import auth, notice_pages, static_files
from web.access import Access, door
from web.bodies import Body, Id
from web.forms import again_on
from workers import clients
from workers.settings import settings

BROWSERS = {
    "Edg": "Edge", "OPR": "Opera", "SamsungBrowser": "Samsung Internet", "FxiOS": "Firefox",
    "Firefox": "Firefox", "CriOS": "Chrome", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
SYSTEMS = {
    "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows",
    "Mac OS X": "Mac", "CrOS": "Chromebook", "Linux": "Linux",
}  # fmt: skip

bp = Blueprint("device_pages", __name__)
# A browser's worker has no form of this site; the address that only it and we know is the proof.
moves = Blueprint("device_moves", __name__)


class Moved(Body):
    """A browser's new address for what is pushed, and the one that it had before."""

    account: Id
    before: Annotated[str, Field(max_length=LONGEST)]
    endpoint: Annotated[str, Field(max_length=LONGEST)]
    p256dh: Annotated[str, Field(max_length=200)]
    auth: Annotated[str, Field(max_length=100)]


@bp.get("/account/worker.js")
@door(Access.PUBLIC)
def worker() -> ResponseReturnValue:
    """Give the script that shows what is pushed; browsers fetch it again while nobody looks."""
    return static_files.worker_script("notice_worker.js")


@bp.post("/account/devices")
@door(Access.FAN)
@again_on(notice_pages.preferences)
def add() -> ResponseReturnValue:
    """Keep this browser; with the reader's first one they get by it all that can be pushed."""
    its, me, form = settings(), auth.caller().account_id, request.form
    if not its.push_key:
        raise NotFound("notices on devices are not switched on here")
    endpoint = form.get("endpoint", "")
    name = name_of(request.user_agent.string)
    device = Device(
        me, id_of(endpoint), endpoint, form.get("p256dh", ""), form.get("auth", ""), name, now_us()
    )
    if clients.devices().add(device, its.pushed_by):
        wants = clients.contacts().get(me).wants
        pushed = {n: list(dict.fromkeys([*wants.get(n, [MAIL]), PUSH])) for n in OPTIONAL}
        clients.contacts().set_wants(me, {**wants, **pushed})
    return redirect("/account/notices?saved=1", 303)


@moves.post("/account/devices/moved")
@door(Access.PUBLIC, body=Moved)
def move(body: Moved) -> ResponseReturnValue:
    """Keep a device whose browser changed its address by itself, perhaps while nobody looked."""
    name = id_of(body.endpoint)
    device = Device(body.account, name, body.endpoint, body.p256dh, body.auth, "", now_us())
    clients.devices().move(body.before, device, settings().pushed_by)
    return "", 204


@bp.post("/account/devices/<id:device_id>/remove")
@door(Access.FAN)
def remove(device_id: str) -> ResponseReturnValue:
    """Forget one of the reader's browsers; twice is once."""
    clients.devices().remove(auth.caller().account_id, device_id)
    return redirect("/account/notices?saved=1", 303)


def name_of(agent: str) -> str:
    """Return how its owner knows a browser: "Firefox, Android"."""
    found = [
        next((name for sign, name in names.items() if sign in agent), "?")
        for names in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(found)[:NAME]
