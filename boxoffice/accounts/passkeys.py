"""The only door to passkeys (WebAuthn level 3): making one, confirming with one, removing it.

The library checks what a browser sends; here is what it is checked against. A ceremony's challenge
is the caller's: it has to be random, and good for one answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, structs
from webauthn.helpers.exceptions import WebAuthnException

from boxoffice.accounts.passkey_site import Site
from boxoffice.accounts.passkey_store import Passkey, PasskeyStore
from boxoffice.checks import text
from boxoffice.dynamo import Database
from fairness.errors import Conflict, Invalid, NotFound

MOST = 10  # of one account
LIVES_MS = 5 * 60 * 1000  # how long a browser may ask its owner
NAME = "FairTicket"  # of the site, in the window of the browser
TRANSPORTS = frozenset(kind.value for kind in structs.AuthenticatorTransport)

Checked = TypeVar("Checked")
Options = dict[str, Any]
# What the library raises on bytes that are not what they say; it parses CBOR and certificates.
_BROKEN = (WebAuthnException, ValueError, TypeError, LookupError, AttributeError, OverflowError)


class Passkeys:
    """The passkeys of all accounts, for one site."""

    def __init__(self, db: Database, site: Site) -> None:
        self._store = PasskeyStore(db)
        self._site = site

    def of(self, account_id: str) -> list[Passkey]:
        """Return the passkeys of an account, the oldest first."""
        return self._store.of(account_id)

    def asking_to_make(self, account_id: str, email: str, name: str, challenge: bytes) -> Options:
        """Return what a browser needs to make a passkey; Conflict when the account has MOST."""
        known = self._room(account_id)
        wanted = webauthn.generate_registration_options(
            rp_id=self._site.rp_id,
            rp_name=NAME,
            user_id=account_id.encode(),
            user_name=email,
            user_display_name=name,
            challenge=challenge,
            timeout=LIVES_MS,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.REQUIRED,
                user_verification=structs.UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=[_described(passkey) for passkey in known],
        )
        return _plain(wanted)

    def make(
        self, account_id: str, credential: Options, challenge: bytes, name: str, now_us: int
    ) -> Passkey:
        """Return the new passkey of an account.

        Invalid when the credential is not an answer to the challenge from this site, or the name
        is none; Conflict when the credential is on an account already, or the account has MOST.
        """
        called = text("name", name, 60)
        self._room(account_id)
        made = _checked(
            lambda: webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._site.rp_id,
                expected_origin=self._site.origin,
            )
        )
        passkey = Passkey(
            credential_id=bytes_to_base64url(made.credential_id),
            account_id=account_id,
            name=called,
            public_key=bytes_to_base64url(made.credential_public_key),
            sign_count=made.sign_count,
            transports=_transports(credential),
            created_us=now_us,
        )
        if not self._store.create(passkey):
            raise Conflict(
                "this passkey is on an account already",
                field="credential",
                rule="a passkey belongs to one account",
                remedy="sign in with it, or make a new one",
            )
        return passkey

    def asking_to_confirm(self, challenge: bytes, account_id: str = "") -> Options:
        """Return what a browser needs to ask for a passkey: of an account, or any of this site."""
        known = self._store.of(account_id) if account_id else []
        wanted = webauthn.generate_authentication_options(
            rp_id=self._site.rp_id,
            challenge=challenge,
            timeout=LIVES_MS,
            allow_credentials=[_described(passkey) for passkey in known],
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        )
        return _plain(wanted)

    def confirm(
        self, credential: Options, challenge: bytes, now_us: int, account_id: str = ""
    ) -> Passkey:
        """Return the passkey that answered, as it was before, and note its use.

        Invalid when nobody has it, it belongs to another account than asked for, the answer is not
        to this challenge and site, or the device counts fewer uses than it did: then it was copied.
        """
        passkey = self._store.get(str(credential.get("id", ""))[:1500] or "-")
        if passkey is None or not _is_of(credential, passkey.account_id):
            raise _refused("we do not know this passkey", "use another one, or your password")
        if account_id and passkey.account_id != account_id:
            raise _refused(
                "this passkey belongs to another account", "use one of this account, or a code"
            )
        answer = _checked(
            lambda: webauthn.verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=self._site.rp_id,
                expected_origin=self._site.origin,
                credential_public_key=base64url_to_bytes(passkey.public_key),
                credential_current_sign_count=0,  # compared below, where two cannot pass at once
            )
        )
        if not self._store.use(passkey, answer.new_sign_count, now_us):
            raise _refused(
                "this passkey has counted fewer uses than we have seen, so there may be a copy",
                "sign in another way, remove it and make a new one",
            )
        return passkey

    def remove(self, account_id: str, passkey_id: str, now_us: int) -> None:
        """Remove a passkey of an account; NotFound when it has none of that id."""
        for passkey in self._store.of(account_id):
            if passkey.passkey_id == passkey_id:
                self._store.remove(passkey, now_us)
                return
        raise NotFound("you have no such passkey", field="passkey_id", remedy="reload the page")

    def _room(self, account_id: str) -> list[Passkey]:
        """Return the passkeys of an account that may have one more; Conflict otherwise."""
        known = self._store.of(account_id)
        if len(known) >= MOST:
            raise Conflict(
                f"you have {MOST} passkeys already",
                rule=f"at most {MOST} passkeys",
                remedy="remove one that you do not use",
            )
        return known


def _checked(check: Callable[[], Checked]) -> Checked:
    try:
        return check()
    except _BROKEN as error:
        raise _refused("this passkey did not answer as it should", "try it once more") from error


def _refused(why: str, remedy: str) -> Invalid:
    rule = "an answer of a passkey of yours to this site, given once"
    return Invalid(why, field="credential", rule=rule, remedy=remedy)


def _is_of(credential: Options, account_id: str) -> bool:
    """Say whether the device means the same account as we do; old ones do not say."""
    response = credential.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    return not handle or handle == bytes_to_base64url(account_id.encode())


def _transports(credential: Options) -> tuple[str, ...]:
    response = credential.get("response")
    told = response.get("transports") if isinstance(response, dict) else None
    given = told if isinstance(told, list) else []
    return tuple(sorted(TRANSPORTS & {kind for kind in given if isinstance(kind, str)}))


def _described(passkey: Passkey) -> structs.PublicKeyCredentialDescriptor:
    return structs.PublicKeyCredentialDescriptor(
        id=base64url_to_bytes(passkey.credential_id),
        transports=[structs.AuthenticatorTransport(kind) for kind in passkey.transports] or None,
    )


def _plain(
    options: structs.PublicKeyCredentialCreationOptions | structs.PublicKeyCredentialRequestOptions,
) -> Options:
    found: Options = json.loads(webauthn.options_to_json(options))
    return found
