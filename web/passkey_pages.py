"""The page of an account's passkeys, and signing in with one. Their buttons need a script."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, session
from flask.typing import ResponseReturnValue

from web import account_pages, auth, passkey_service, reading
from web.access import Access, door
from web.device_pages import name_of
from web.forms import again_on
from web.passkey_bodies import Answered, Ceremony, NewPasskey

CEREMONY = "ceremony"  # of the session: the answer comes from the browser that was asked

bp = Blueprint("passkey_pages", __name__)


def asked(ceremony: Ceremony) -> ResponseReturnValue:
    """Give a ceremony to the page's script, and bind it to this browser."""
    session[CEREMONY] = ceremony["ceremony"]
    return dict(ceremony["options"])


def ceremony() -> str:
    """Return the ceremony that this browser was asked in, and end it."""
    return str(session.pop(CEREMONY, "none"))


@bp.get("/account/security")
@door(Access.FAN)
def page() -> ResponseReturnValue:
    """Show the reader's passkeys."""
    return render_template(
        "security.html",
        mine=passkey_service.mine(),
        available=passkey_service.available(),
        fresh=auth.is_fresh(),
        name=name_of(request.user_agent.string),
        saved=request.args.get("saved"),
    )


@bp.post("/account/security/options")
@door(Access.FAN)
def ask_to_make() -> ResponseReturnValue:
    """Ask the reader's browser for a new passkey."""
    return asked(passkey_service.ask_to_make())


@bp.post("/account/security/passkeys")
@door(Access.FAN)
@again_on(page)
def make() -> ResponseReturnValue:
    """Keep the passkey that the reader's browser has made."""
    passkey_service.make(reading.form(NewPasskey, ceremony=ceremony()))
    return redirect("/account/security?saved=made", 303)


@bp.post("/account/security/passkeys/<id:passkey_id>/remove")
@door(Access.FAN)
@again_on(page)
def remove(passkey_id: str) -> ResponseReturnValue:
    """Remove one of the reader's passkeys."""
    passkey_service.remove(passkey_id)
    return redirect("/account/security?saved=removed", 303)


@bp.post("/sign-in/passkey/options")
@door(Access.PUBLIC)
def ask_to_sign_in() -> ResponseReturnValue:
    """Ask a browser for any passkey of this site."""
    return asked(passkey_service.ask_to_sign_in())


@bp.post("/sign-in/passkey")
@door(Access.PUBLIC)
@again_on(account_pages.sign_in_page)
def sign_in() -> ResponseReturnValue:
    """Sign the browser in with what its passkey answered."""
    return account_pages.welcome(
        passkey_service.sign_in(reading.form(Answered, ceremony=ceremony()))
    )
