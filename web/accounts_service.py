"""Signing up and in, with a limit on guesses."""

from __future__ import annotations

from boxoffice.accounts.model import Account
from fairness.clock import now_us
from web import guesses, services
from web.bodies import SignIn, SignUp
from web.texts import language


def sign_up(body: SignUp) -> Account:
    """Return the new account, which is written to; Conflict when the address has one."""
    now = now_us()
    account = services.accounts().sign_up(
        body.email,
        body.password,
        body.name,
        language=language(),
        now_us=now,
    )
    services.notices().promise("signed_up", account.account_id, {}, account.account_id, now)
    return account


def sign_in(body: SignIn) -> Account:
    """Return the account; NotSignedIn, or TooMany after many wrong tries in a minute."""
    why = "too many wrong tries for this address; please wait a minute"
    with guesses.limited("sign-in", body.email.strip().casefold(), why):
        return services.accounts().sign_in(body.email, body.password)
