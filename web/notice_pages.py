"""How a fan wants to be written to, and the link in a mail that ends one kind of notice."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.accounts.contacts import Contact
from boxoffice.languages import NAMES
from boxoffice.notices.model import MAIL, OPTIONAL, SMS, URGENT
from boxoffice.notices.unsubscribing import Unsubscribing
from web import auth
from web.access import Access, door
from web.forms import again_on
from workers import channels, clients
from workers.settings import settings

bp = Blueprint("notice_pages", __name__)
# Mail programs press for their users, and have no form of this site: the link itself is the proof.
one_press = Blueprint("one_press", __name__)


@bp.get("/account/notices")
@door(Access.FAN)
def preferences() -> ResponseReturnValue:
    """Show language, notices and address of the reader."""
    mine = clients.contacts().get(auth.caller().account_id)
    return render_template(
        "notices.html",
        mine=mine,
        languages=NAMES,
        optional=OPTIONAL,
        ways={name: ways_of(name, mine) for name in OPTIONAL},
        saved=request.args.get("saved") == "1",
    )


@bp.post("/account/notices")
@door(Access.FAN)
@again_on(preferences)
def choose() -> ResponseReturnValue:
    """Keep the reader's language and the notices that they ticked."""
    contacts, me = clients.contacts(), auth.caller().account_id
    mine = contacts.get(me)
    wants = {
        name: [way for way in ways_of(name, mine) if f"{name}.{way}" in request.form]
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


def ways_of(name: str, mine: Contact) -> list[str]:
    """Return the ways by which this person can get a notice."""
    short = name in URGENT and bool(mine.phone) and SMS in channels.of(settings())
    return [MAIL, SMS] if short else [MAIL]
