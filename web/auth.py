"""Who is asking: a signed token, as a cookie of a browser or as the bearer of an API client.

The token is checked without asking any store, so that joining a line costs one call. The API
takes a cookie only for reading: another site can make a browser send cookies, never a header.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from functools import cache

import orjson
from flask import Response, g, request

from boxoffice.accounts.leaving import SIGN_IN_S
from boxoffice.gate.model import Gate
from fairness.clock import now_us
from fairness.errors import Forbidden, NotSignedIn, PassInvalid
from fairness.passes import Pass
from web import ended, services, texts
from workers.settings import settings

TOKEN_COOKIE = "fan"  # noqa: S105
DEVICE_COOKIE = "device"
PASS_COOKIE = "pass"  # noqa: S105
RECEIPT_COOKIE = "receipt"
TOKEN_LIFE_S = SIGN_IN_S
DEVICE_LIFE_S = 365 * 24 * 3600
FRESH_S = 15 * 60  # a sign-in that is trusted with what else signs in
READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A signed-in person and the device they came with."""

    account_id: str
    role: str  # fan | organiser
    device_id: str
    issued_s: int = 0  # when they signed in


def issue(account_id: str, role: str, device_id: str) -> str:
    """Return a token that says who this is, good for TOKEN_LIFE_S."""
    # Who signs in again in the second in which their sign-ins ended means to.
    issued_s = max(int(time.time()), ended.when(account_id) + 1)
    claims = json.dumps([account_id, role, device_id, issued_s], separators=(",", ":"))
    payload = base64.urlsafe_b64encode(claims.encode())
    return f"{payload.decode()}.{hmac.digest(_key(), payload, 'sha256').hex()}"


def check(token: str) -> Caller:
    """Return who `token` was issued to; NotSignedIn when it is forged, too old or was ended."""
    payload, _, signature = token.encode().rpartition(b".")
    genuine = hmac.digest(_key(), payload, "sha256").hex().encode()
    if hmac.compare_digest(signature, genuine):
        account_id, role, device, issued_s = orjson.loads(base64.urlsafe_b64decode(payload))
        if time.time() - issued_s <= TOKEN_LIFE_S and issued_s > ended.when(account_id):
            return Caller(account_id, role, device, issued_s)
    raise NotSignedIn(
        "this sign-in has expired or is not ours",
        field="Authorization",
        rule="a token of ours, at most 14 days old",
        remedy="sign in again",
    )


def caller() -> Caller:
    """Return who is asking; NotSignedIn when nobody is signed in."""
    found = maybe_caller()
    if found is None:
        raise NotSignedIn(
            field="Authorization", rule="a signed-in fan", remedy="sign in, or send a bearer token"
        )
    return found


def maybe_caller() -> Caller | None:
    """Return who is asking, or None; a token that is there but bad is NotSignedIn in the API."""
    if "caller" not in g:
        g.caller = _from_request()
    found: Caller | None = g.caller
    return found


def require_organiser() -> Caller:
    """Return the organiser who asks; Forbidden for anyone else, by the account as it is now."""
    found = caller()
    if found.role != "organiser" or services.accounts().get(found.account_id).role != "organiser":
        raise Forbidden(
            "this is for organisers", rule="an organiser's account", remedy="sign in as organiser"
        )
    return found


def is_fresh() -> bool:
    """Return whether the caller signed in at most FRESH_S ago."""
    return time.time() - caller().issued_s <= FRESH_S


def require_fresh() -> Caller:
    """Return the caller; Forbidden when they signed in longer than FRESH_S ago.

    Whoever finds a phone unlocked must not be able to add a key of their own to it.
    """
    if not is_fresh():
        raise Forbidden(
            "you signed in some time ago, and this changes who can sign in",
            rule="a sign-in that is at most 15 minutes old",
            remedy="sign in again, then come back",
        )
    return caller()


def turn(sale_id: str) -> Pass:
    """Return the checked pass of the caller for this sale; PassInvalid otherwise."""
    token = request.headers.get("Pass") or request.cookies.get(PASS_COOKIE)
    who = caller()
    if not token:
        raise PassInvalid(
            "no pass was sent",
            field="Pass",
            rule="the pass of a turn",
            remedy="wait for your turn in the line, then enter the shop",
        )
    return services.passes().check(token, sale_id, who.account_id, now_us())


def gate(performance_id: str) -> Gate:
    """Return the gate whose token was sent, if it is open and of this performance; NotSignedIn."""
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    token = bearer.strip() if scheme.lower() == "bearer" else ""
    return services.gates().of_token(performance_id, token, now_us())


def device_id() -> str:
    """Return this browser's random number, a new one at its first visit."""
    found = request.cookies.get(DEVICE_COOKIE, "")
    return found if 8 <= len(found) <= 64 else secrets.token_urlsafe(16)


def remember(response: Response, token: str) -> Response:
    """Sign the browser in."""
    _cookie(response, TOKEN_COOKIE, token, TOKEN_LIFE_S)
    _cookie(response, DEVICE_COOKIE, check(token).device_id, DEVICE_LIFE_S)
    return response


def forget(response: Response) -> Response:
    """Sign the browser out; it stays the same device."""
    response.delete_cookie(TOKEN_COOKIE)
    return response


def speak(response: Response, language: str) -> Response:
    """Show this browser the site in a language from now on."""
    _cookie(response, texts.COOKIE, language, DEVICE_LIFE_S)
    return response


def keep_pass(response: Response, sale_id: str, token: str, life_s: int) -> Response:
    """Keep the pass in the browser, for the pages of this sale only."""
    _cookie(response, PASS_COOKIE, token, life_s, path=f"/sales/{sale_id}/")
    return response


def keep_receipt(response: Response, sale_id: str, receipt: str) -> Response:
    """Keep the receipt of an arrival in the browser, so that it can be shown after a loss."""
    _cookie(response, RECEIPT_COOKIE, receipt, TOKEN_LIFE_S, path=f"/sales/{sale_id}/line")
    return response


def drop_receipt(response: Response, sale_id: str) -> Response:
    """Forget it: who left does not come back by it."""
    response.delete_cookie(RECEIPT_COOKIE, path=f"/sales/{sale_id}/line")
    return response


def kept_receipt() -> str:
    """Return the receipt that this browser keeps, or nothing."""
    return request.cookies.get(RECEIPT_COOKIE, "")


def _from_request() -> Caller | None:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return check(bearer.strip())
    cookie = request.cookies.get(TOKEN_COOKIE)
    in_api = request.path.startswith("/api/")
    if not cookie or (in_api and request.method not in READING):
        return None
    try:
        return check(cookie)
    except NotSignedIn:
        if in_api:
            raise
        return None


def _cookie(response: Response, name: str, value: str, life_s: int, path: str = "/") -> None:
    response.set_cookie(
        name,
        value,
        max_age=life_s,
        path=path,
        httponly=True,
        samesite="Lax",
        secure=settings().public_url.startswith("https://"),
    )


@cache
def _key() -> bytes:
    """Return the key of the tokens, which signs nothing else."""
    return hmac.digest(settings().session_key.encode(), b"fan-token", "sha256")
