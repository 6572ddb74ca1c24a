"""Passkeys at the front door: ceremonies that are answered once, sign-in, and the reader's list."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from typing import Any

from boxoffice.accounts.model import Account
from boxoffice.accounts.passkey_site import Site
from boxoffice.accounts.passkey_store import Passkey
from fairness import keys
from fairness.clock import iso, now_us
from fairness.errors import Invalid, NotSignedIn
from web import auth, guesses, services
from web.passkey_bodies import Answered, Ceremony, NewPasskey, PasskeyAnswer
from workers.settings import settings

LIFE_S = 5 * 60
MAKE, SIGN_IN = "make", "sign_in"


def available() -> bool:
    """Return whether browsers have passkeys for the address of this site."""
    return Site.of(settings().public_url) is not None


def begin(purpose: str, ask: Callable[[bytes], dict[str, Any]], account_id: str = "") -> Ceremony:
    """Return a new ceremony: it is good for this purpose and account, once, for LIFE_S."""
    challenge, name = secrets.token_bytes(32), f"cer_{secrets.token_urlsafe(16)}"
    options = ask(challenge)
    kept = json.dumps([purpose, account_id, challenge.hex()])
    services.redis().set(keys.ceremony(name), kept, ex=LIFE_S)
    return {"ceremony": name, "options": options}


def challenge_of(ceremony: str, purpose: str, account_id: str = "") -> bytes:
    """Return what is to be answered, and end the ceremony; Invalid when it is not open."""
    kept = services.redis().getdel(keys.ceremony(ceremony))
    known = json.loads(str(kept)) if kept else ["", "", ""]
    if known[:2] != [purpose, account_id]:
        raise Invalid(
            "we asked for this passkey too long ago, or it has answered already",
            field="ceremony",
            rule="one answer, within five minutes",
            remedy="press the button once more",
        )
    return bytes.fromhex(known[2])


def ask_to_make() -> Ceremony:
    """Ask the caller's browser for a new passkey; Forbidden unless they signed in of late."""
    me = services.accounts().get(auth.require_fresh().account_id)

    def ask(challenge: bytes) -> dict[str, Any]:
        return services.passkeys().asking_to_make(me.account_id, me.email, me.name, challenge)

    return begin(MAKE, ask, me.account_id)


def make(body: NewPasskey) -> Passkey:
    """Keep a new passkey of the caller; Forbidden unless they signed in of late."""
    me = auth.require_fresh().account_id
    challenge = challenge_of(body.ceremony, MAKE, me)
    return services.passkeys().make(me, body.credential, challenge, body.name, now_us())


def mine() -> list[Passkey]:
    """Return the caller's passkeys, the oldest first; none where there are no passkeys."""
    return services.passkeys().of(auth.caller().account_id) if available() else []


def remove(passkey_id: str) -> None:
    """Remove a passkey of the caller; Forbidden unless they signed in of late, NotFound."""
    services.passkeys().remove(auth.require_fresh().account_id, passkey_id, now_us())


def ask_to_sign_in() -> Ceremony:
    """Ask a browser for any passkey of this site: it says whose it is."""
    return begin(SIGN_IN, services.passkeys().asking_to_confirm)


def sign_in(body: Answered) -> Account:
    """Return whose passkey answered; NotSignedIn, or TooMany after many wrong tries with one."""
    which = str(body.credential.get("id", ""))
    with guesses.limited("passkey", which, "too many wrong tries; please wait a minute"):
        try:
            challenge = challenge_of(body.ceremony, SIGN_IN)
            passkey = services.passkeys().confirm(body.credential, challenge, now_us())
        except Invalid as error:
            raise NotSignedIn(str(error), remedy=error.remedy) from error
    return services.accounts().get(passkey.account_id)


def document(passkey: Passkey) -> PasskeyAnswer:
    """Return a passkey as the API shows it."""
    return {
        "id": passkey.passkey_id,
        "name": passkey.name,
        "created_at": iso(passkey.created_us),
        "used_at": iso(passkey.used_us) if passkey.used_us else None,
    }
