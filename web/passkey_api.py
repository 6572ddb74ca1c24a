"""The API of passkeys: making, listing, removing, and signing in with one."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from web import auth, leaving_service, passkey_service
from web.access import Access, door
from web.answers import Done, Token
from web.passkey_bodies import Answered, Ceremony, NewPasskey, PasskeyAnswer, PasskeysAnswer

bp = Blueprint("passkeys", __name__, url_prefix="/api/v1")


@bp.get("/passkeys")
@door(Access.FAN, answer=PasskeysAnswer)
def see() -> ResponseReturnValue:
    """Give my passkeys: the name, when it was made and used last."""
    return {"passkeys": [passkey_service.document(found) for found in passkey_service.mine()]}


@bp.post("/passkeys/options")
@door(Access.FAN, answer=Ceremony)
def ask_to_make() -> ResponseReturnValue:
    """Begin to make a passkey. Needs a sign-in that is at most 15 minutes old."""
    return dict(passkey_service.ask_to_make())


@bp.post("/passkeys")
@door(Access.FAN, body=NewPasskey, answer=PasskeyAnswer, status=201)
def make(body: NewPasskey) -> ResponseReturnValue:
    """Keep the passkey that the browser made. Needs a sign-in that is at most 15 minutes old."""
    return dict(passkey_service.document(passkey_service.make(body)))


@bp.delete("/passkeys/<id:passkey_id>")
@door(Access.FAN, answer=Done)
def remove(passkey_id: str) -> ResponseReturnValue:
    """Remove one of my passkeys. Needs a sign-in that is at most 15 minutes old."""
    passkey_service.remove(passkey_id)
    return {"done": True}


@bp.post("/sessions/passkey/options")
@door(Access.PUBLIC, answer=Ceremony)
def ask_to_sign_in() -> ResponseReturnValue:
    """Begin to sign in with a passkey; no address is needed, the passkey says whose it is."""
    return dict(passkey_service.ask_to_sign_in())


@bp.post("/sessions/passkey")
@door(Access.PUBLIC, body=Answered, answer=Token, status=201)
def sign_in(body: Answered) -> ResponseReturnValue:
    """Sign in with what the passkey answered: gives the bearer token."""
    account = passkey_service.sign_in(body)
    leaving_service.welcome_back(account)
    token = auth.issue(account.account_id, account.role, auth.device_id())
    response = jsonify(token=token, account_id=account.account_id, role=account.role)
    response.status_code = 201
    return response
