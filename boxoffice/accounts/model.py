"""What an account is. The address is kept to write to; everything that compares uses hashes."""

from __future__ import annotations

from dataclasses import dataclass

from boxoffice.accounts.past import NOTHING, Past

FAN = "fan"
ORGANISER = "organiser"
ROLES = (FAN, ORGANISER)


@dataclass(frozen=True, slots=True)
class Account:
    """A person's account, as far as others may see it: the password hash is not here."""

    account_id: str
    email: str
    name: str
    role: str = FAN
    email_domain: str = ""
    email_hash: str = ""  # keyed hash of the address without aliases: twins share it
    created_us: int = 0
    verified: bool = False  # the address has answered
    cards: tuple[str, ...] = ()  # fingerprints of payment cards, sorted
    phone: str = ""  # that has answered, see `contacts`
    language: str = "en"  # in which they are written to
    past: Past = NOTHING
    leaving_us: int = 0  # when its owner asked for its removal; 0: they did not


@dataclass(frozen=True, slots=True)
class NewAccount:
    """One account of a bulk import."""

    email: str
    name: str
    role: str = FAN
    created_us: int = 0
    verified: bool = True
    cards: tuple[str, ...] = ()
    phone: str = ""
    language: str = "en"
