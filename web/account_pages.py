"""Signing up, in and out."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.accounts.model import Account
from boxoffice.checks import one_of
from boxoffice.languages import ENGLISH, LANGUAGES
from web import accounts_service, auth, bodies, leaving_service, passkey_service, reading, texts
from web.access import Access, door
from web.forms import again_on
from workers import clients

bp = Blueprint("account", __name__)


@bp.get("/sign-in")
@door(Access.PUBLIC)
def sign_in_page() -> ResponseReturnValue:
    """Show the form to sign in."""
    return render_template(
        "sign_in.html",
        next=_next(),
        passkeys=passkey_service.available(),
        left=request.args.get("left") == "1",
    )


@bp.get("/sign-up")
@door(Access.PUBLIC)
def sign_up_page() -> ResponseReturnValue:
    """Show the form to sign up."""
    return render_template("sign_up.html", next=_next())


@bp.post("/sign-in")
@door(Access.PUBLIC)
@again_on(sign_in_page)
def sign_in() -> ResponseReturnValue:
    """Sign the browser in."""
    return welcome(accounts_service.sign_in(reading.form(bodies.SignIn)))


@bp.post("/sign-up")
@door(Access.PUBLIC)
@again_on(sign_up_page)
def sign_up() -> ResponseReturnValue:
    """Make an account and sign the browser in."""
    return welcome(accounts_service.sign_up(reading.form(bodies.SignUp)))


@bp.post("/sign-out")
@door(Access.PUBLIC)
def sign_out() -> ResponseReturnValue:
    """Sign the browser out."""
    return auth.forget(redirect("/", 303))  # type: ignore[arg-type]


@bp.post("/language")
@door(Access.PUBLIC)
def choose_language() -> ResponseReturnValue:
    """Show the site in another language, and write letters to a signed-in reader in it."""
    chosen = one_of("language", request.form.get("language", ""), LANGUAGES)
    if found := auth.maybe_caller():
        clients.contacts().set_language(found.account_id, chosen)
    return auth.speak(redirect(_next(), 303), chosen)  # type: ignore[arg-type]


def welcome(account: Account) -> ResponseReturnValue:
    """Sign the browser in, and lead on to where its reader wanted to go.

    Who was leaving stays, and is told.
    """
    token = auth.issue(account.account_id, account.role, auth.device_id())
    home = "/organiser" if account.role == "organiser" else "/"
    way = "/account/leave?kept=1" if leaving_service.welcome_back(account) else _next()
    answer = auth.remember(redirect(way if way != "/" else home, 303), token)  # type: ignore[arg-type]
    # English may only mean that nobody has chosen: then the browser knows better.
    if texts.COOKIE in request.cookies or account.language == ENGLISH:
        return answer
    return auth.speak(answer, account.language)


def _next() -> str:
    """Return where to go afterwards: a path of this site, never another one."""
    asked = request.values.get("next", "/")
    safe = asked.startswith("/") and not asked.startswith(("//", "/\\")) and asked.isprintable()
    return asked if safe else "/"
