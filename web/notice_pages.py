"""How a fan wants to be written to, and the link in a mail that ends one kind of notice."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.accounts.contacts import Contact, number_of
from boxoffice.languages import NAMES
from boxoffice.notices.bounces import bounces
from boxoffice.notices.devices import Device
from boxoffice.notices.model import BY_WAY, MAIL, OPTIONAL, PHONE_CODE, PUSH, SMS
from boxoffice.notices.unsubscribing import Unsubscribing
from fairness.clock import now_us
from fairness.errors import Invalid, NotFound
from fairness.screening import challenge
from web import auth, services
from web.access import Access, door
from web.answers import Done
from web.forms import again_on
from workers import channels, clients, steps
from workers.settings import settings

PHONE = "phone"  # of whose codes there is one open at a time


@dataclass(frozen=True, slots=True)
class Pushing:
    """The key that browsers subscribe with, and the reader's devices."""

    key: str
    devices: list[Device]


bp = Blueprint("notice_pages", __name__)
# Mail programs press for their users, and have no form of this site: the link itself is the proof.
one_press = Blueprint("one_press", __name__)


@bp.get("/account/notices")
@door(Access.FAN)
def preferences() -> ResponseReturnValue:
    """Show language, notices and address of the reader."""
    mine = clients.contacts().get(auth.caller().account_id)
    push = pushing(mine.account_id)
    return render_template(
        "notices.html",
        mine=mine,
        languages=NAMES,
        optional=OPTIONAL,
        ways={name: ways_of(name, mine, push) for name in OPTIONAL},
        push=push,
        sms=SMS in channels.of(settings()),
        saved=request.args.get("saved") == "1",
    )


@bp.post("/account/notices")
@door(Access.FAN)
@again_on(preferences)
def choose() -> ResponseReturnValue:
    """Keep the reader's language and the notices that they ticked."""
    contacts, me = clients.contacts(), auth.caller().account_id
    mine, push = contacts.get(me), pushing(me)
    wants = {
        name: [way for way in ways_of(name, mine, push) if f"{name}.{way}" in request.form]
        for name in OPTIONAL
    }
    contacts.set_language(me, request.form.get("language", ""))
    contacts.set_wants(me, wants)
    return redirect("/account/notices?saved=1", 303)


@bp.post("/account/notices/address")
@door(Access.FAN)
def try_again() -> ResponseReturnValue:
    """Write to the reader's address again, which took no mail before."""
    clients.contacts().reachable(auth.caller().account_id)
    return redirect("/account/notices?saved=1", 303)


@bp.post("/account/phone")
@door(Access.FAN)
@again_on(preferences)
def ask_phone() -> ResponseReturnValue:
    """Send a code to a telephone number, to see whose it is; an empty number forgets the old."""
    its, me, contacts = settings(), auth.caller().account_id, clients.contacts()
    if SMS not in channels.of(its):
        raise NotFound("short messages are not switched on here")
    typed = request.form.get("phone", "").strip()
    if not typed:
        contacts.set_phone(me, "")
        return redirect("/account/notices?saved=1", 303)
    number_of(typed)
    code = challenge.issue(clients.redis(), PHONE, me, pepper=its.pepper)
    contacts.ask_phone(me, typed)  # after the code: the one before it must not let this one in
    now = now_us()
    clients.notices().promise(PHONE_CODE, me, {"code": code}, f"{me}-phone", now, SMS)
    steps.send(steps.DELIVER)
    return redirect("/account/notices", 303)


@bp.post("/account/phone/code")
@door(Access.FAN)
@again_on(preferences)
def confirm_phone() -> ResponseReturnValue:
    """Keep the number that was sent a code, when the code is right."""
    me, contacts = auth.caller().account_id, clients.contacts()
    typed = request.form.get("code", "")
    try:
        challenge.answer(clients.redis(), PHONE, me, typed, pepper=settings().pepper)
    except Invalid as error:
        raise Invalid(
            "this is not the code that we sent you last",
            field="code",
            rule="the digits of our newest short message",
            remedy="look for it, or ask for a new code",
        ) from error
    if asked := contacts.get(me).phone_asked:
        contacts.set_phone(me, asked)
    return redirect("/account/notices?saved=1", 303)


@bp.get("/notices/<id:account_id>/<name>/<mark>/stop")
@door(Access.PUBLIC)
def stop_page(account_id: str, name: str, mark: str) -> ResponseReturnValue:
    """Ask whether to end this kind of notice: a link that is only looked at changes nothing."""
    Unsubscribing(settings().pepper).check(account_id, name, mark)
    return render_template("notice_stop.html", name=name, done=False)


@one_press.post("/notices/<id:account_id>/<name>/<mark>/stop")
@door(Access.PUBLIC)
def stop(account_id: str, name: str, mark: str) -> ResponseReturnValue:
    """End this kind of notice by mail, with one press (RFC 8058)."""
    Unsubscribing(settings().pepper).check(account_id, name, mark)
    contacts = clients.contacts()
    wants = dict(contacts.get(account_id).wants)
    wants[name] = [way for way in wants.get(name, ()) if way != MAIL]
    contacts.set_wants(account_id, wants)
    return render_template("notice_stop.html", name=name, done=True)


@one_press.post("/webhooks/ses")
@door(Access.PUBLIC, answer=Done)
def bounced() -> ResponseReturnValue:
    """Take what SES says of mails that did not arrive, signed by SNS. Twice is once."""
    topic = settings().bounce_topic
    if not topic:
        raise NotFound("bounces are not told here", field="path")
    for bounce in bounces(request.get_data(), topic):
        account = services.accounts().find(bounce.email)
        if account:
            clients.contacts().bounced(account.account_id, bounce.why, now_us())
    return {"done": True}


def ways_of(name: str, mine: Contact, push: Pushing | None) -> list[str]:
    """Return the ways by which this person can get a notice."""
    devices = push is not None and bool(push.devices) and name in BY_WAY[PUSH]
    short = name in BY_WAY[SMS] and bool(mine.phone) and SMS in channels.of(settings())
    return [MAIL, *([PUSH] if devices else []), *([SMS] if short else [])]


def pushing(account_id: str) -> Pushing | None:
    """Return what the page shows of somebody's devices; None when they are not switched on."""
    its = settings()
    if not its.push_key:
        return None
    return Pushing(channels.voucher(its).public, clients.devices().of(account_id))
