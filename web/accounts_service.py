"""Signing up and in, with a limit on guesses."""

from __future__ import annotations

from flask import request

from boxoffice.accounts.model import Account
from boxoffice.languages import best
from fairness import keys
from fairness.clock import now_us
from fairness.errors import NotSignedIn, TooMany
from fairness.identity import keyed_hash
from web import services
from web.bodies import SignIn, SignUp
from workers.settings import settings

TRIES = 10
TRIES_LIFE_S = 60


def sign_up(body: SignUp) -> Account:
    """Return the new account, which is written to; Conflict when the address has one."""
    now = now_us()
    account = services.accounts().sign_up(
        body.email,
        body.password,
        body.name,
        language=best(request.accept_languages.values()),
        now_us=now,
    )
    services.notices().promise("signed_up", account.account_id, {}, account.account_id, now)
    return account


def sign_in(body: SignIn) -> Account:
    """Return the account; NotSignedIn, or TooMany after TRIES wrong tries in a minute."""
    key = keys.tries(keyed_hash(settings().pepper, "sign-in", body.email.strip().casefold()))
    if int(services.redis().get(key) or 0) >= TRIES:
        raise TooMany(
            "too many wrong tries for this address; please wait a minute",
            retry_after_s=TRIES_LIFE_S,
        )
    try:
        return services.accounts().sign_in(body.email, body.password)
    except NotSignedIn:
        pipe = services.redis().pipeline()
        pipe.incr(key)
        pipe.expire(key, TRIES_LIFE_S, nx=True)
        pipe.execute()
        raise
