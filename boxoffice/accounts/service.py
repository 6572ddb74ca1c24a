"""The only door to accounts."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from boxoffice.accounts.leaving import Going, Leaving
from boxoffice.accounts.model import FAN, ROLES, Account, NewAccount
from boxoffice.accounts.store import AccountStore
from boxoffice.checks import one_of, text
from boxoffice.dynamo import Database
from boxoffice.languages import ENGLISH, LANGUAGES
from fairness.errors import Conflict, Forbidden, Invalid, NotFound, NotSignedIn
from fairness.identity import keyed_hash
from fairness.screening import emails

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128  # a longer one would only cost time to hash
_ADDRESS = re.compile(r"[^\s@<>\"(),;:\\\[\]]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
# OWASP's minimum: 19 MiB, two passes, one lane.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Return the argon2id hash of `password`, with OWASP's minimum parameters."""
    return _HASHER.hash(_one_spelling(password))


class Accounts:
    """Sign up, sign in, and what is known of an account."""

    def __init__(self, db: Database, pepper: str) -> None:
        self._store = AccountStore(db)
        self._pepper = pepper
        self.leaving = Leaving(db)

    def sign_up(
        self,
        email: str,
        password: str,
        name: str,
        role: str = FAN,
        *,
        language: str = ENGLISH,
        now_us: int,
    ) -> Account:
        """Return the new account; Conflict when the address has one, Invalid by field."""
        _check_password(password)
        account = self._account(NewAccount(email, name, role, now_us, False, language=language))
        hashed = hash_password(password)
        if not self._store.create(account, self._address_hash(account.email), hashed):
            raise Conflict(
                "this address has an account already",
                field="email",
                rule="one account for each address",
                remedy="sign in with it, or use another address",
            )
        return account

    def sign_in(self, email: str, password: str) -> Account:
        """Return the account; NotSignedIn, in the same time, for a wrong address or password."""
        known = self._store.credentials(self._address_hash(email))
        account, hashed = known or (None, _nobodys_hash())
        if not _matches(hashed, password[: LONGEST_PASSWORD + 1]) or account is None:
            raise NotSignedIn(
                "this address and password do not belong together",
                remedy="check both, or sign up",
            )
        if _HASHER.check_needs_rehash(hashed):
            self._store.set_password(account.account_id, hash_password(password))
        return account

    def get(self, account_id: str) -> Account:
        """Return the account; NotFound."""
        account = self._store.get(account_id)
        if account is None:
            raise NotFound("there is no such account", field="account_id", value=account_id)
        return account

    def get_many(self, account_ids: Sequence[str]) -> dict[str, Account]:
        """Return those that exist, by id; one request per 100."""
        return self._store.get_many(account_ids)

    def find(self, email: str) -> Account | None:
        """Return the account of an address, or None."""
        known = self._store.credentials(self._address_hash(email))
        return known[0] if known else None

    def import_accounts(self, accounts: Sequence[NewAccount], password_hash: str) -> list[Account]:
        """Return the accounts in the order given; those that exist already are left as they are.

        For rehearsals and moves: the accounts share a password, and the caller sees to it that
        nobody signs up with the same addresses at the same time. Invalid names the first account
        that breaks a rule; nothing is written then.
        """
        wanted = [self._account(account) for account in accounts]
        hashes = [self._address_hash(account.email) for account in wanted]
        owners = self._store.owners(hashes)
        new = {h: a for h, a in zip(hashes, wanted, strict=True) if h not in owners}
        self._store.create_many(new, password_hash)
        known = {**self._store.get_many(list(owners.values()))}
        return [known[owners[h]] if h in owners else new[h] for h in hashes]

    def verify(self, account_id: str) -> None:
        """Note that the address has answered; twice is once. NotFound."""
        if not self._store.set_verified(account_id):
            raise NotFound("there is no such account", field="account_id", value=account_id)

    def leave(self, account_id: str, now_us: int) -> Going:
        """Promise that the account will be removed after a week; twice is once. NotFound.

        Forbidden for organisers: fans' tickets and money hang on what is theirs.
        """
        account = self.get(account_id)
        if account.role != FAN:
            raise Forbidden(
                "an organiser's account has events, and the orders of fans",
                rule="the account of a fan",
                remedy="write to those who run this site: they close it with you",
            )
        return self.leaving.ask(account_id, self._address_hash(account.email), now_us)

    def add_cards(self, paid_with: Iterable[tuple[str, str]]) -> None:
        """Note with which cards (account id, fingerprint) accounts paid; twice is once.

        An account that does not exist is passed over.
        """
        cards: dict[str, set[str]] = {}
        for account_id, fingerprint in paid_with:
            cards.setdefault(account_id, set()).add(fingerprint)
        self._store.add_cards(cards)

    def _account(self, new: NewAccount) -> Account:
        """Return a checked account with a new id."""
        email = _checked_address(new.email)
        return Account(
            account_id=f"acc_{secrets.token_urlsafe(16)}",
            email=email,
            name=text("name", new.name, 100),
            role=one_of("role", new.role, ROLES),
            email_domain=emails.domain(email),
            email_hash=keyed_hash(self._pepper, "mailbox", emails.normalise(email)),
            created_us=new.created_us,
            verified=new.verified,
            cards=tuple(sorted(new.cards)),
            phone=new.phone,
            language=one_of("language", new.language, LANGUAGES),
        )

    def _address_hash(self, email: str) -> str:
        """Return what makes an address unique: case does not count, aliases do."""
        return keyed_hash(self._pepper, "email", _one_spelling(email.strip().casefold()))


def _checked_address(email: object) -> str:
    clean = text("email", email, 254, shortest=3)
    if not _ADDRESS.fullmatch(clean):
        raise Invalid(
            "this is not an e-mail address",
            field="email",
            value=clean,
            rule="an address such as fan@example.org",
            remedy="check its spelling",
        )
    return clean


def _check_password(password: object) -> None:
    """Raise Invalid without the password itself: errors are shown and logged."""
    size = len(password) if isinstance(password, str) else 0
    if not SHORTEST_PASSWORD <= size <= LONGEST_PASSWORD:
        raise Invalid(
            f"the password has {size} characters",
            field="password",
            rule=f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters",
            remedy="choose a longer one" if size < SHORTEST_PASSWORD else "choose a shorter one",
        )


def _one_spelling(typed: str) -> str:
    """Return text as every keyboard would send it: composed, without halves of characters."""
    return unicodedata.normalize("NFC", typed.encode("utf-8", "replace").decode())


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, _one_spelling(password))
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _nobodys_hash() -> str:
    """Return a hash that no password has, so that an unknown address costs the same time."""
    return hash_password(secrets.token_urlsafe(32))
