"""How a person is written to: language, which notices by which way, and whether it arrives.

Kept on the account's own item, and read only by who writes to people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boxoffice.checks import one_of
from boxoffice.dynamo import ConditionFailed, Database, Item
from boxoffice.languages import ENGLISH, LANGUAGES
from boxoffice.tables import ACCOUNTS
from fairness.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class Contact:
    """Where and how to write to somebody."""

    account_id: str
    email: str
    name: str
    language: str = ENGLISH
    wants: Mapping[str, Sequence[str]] = field(default_factory=dict)  # notice -> ways, if chosen
    phone: str = ""  # that has answered, such as +4915112345678
    phone_asked: str = ""  # that was sent a code and has not answered yet
    unreachable_us: int = 0  # since when the address takes no mail; 0: it does
    unreachable_why: str = ""

    @classmethod
    def of(cls, item: Item) -> Contact:
        """Return what the account's item says."""
        named = {name: item[name] for name in cls.__dataclass_fields__ if item.get(name)}
        return cls(**named)

    def takes(self, notice: str, way: str) -> bool:
        """Return whether this person wants a notice by a way: by mail unless they chose."""
        return way in self.wants.get(notice, ("mail",)) and (way != "sms" or bool(self.phone))


class Contacts:
    """The only door to how people are written to."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, account_id: str) -> Contact:
        """Return how to write to an account; NotFound."""
        item = self._db.get(ACCOUNTS, account_id=account_id)
        if item is None:
            raise _nobody(account_id)
        return Contact.of(item)

    def get_many(self, account_ids: Sequence[str]) -> dict[str, Contact]:
        """Return those that exist, by account id."""
        keys = [{"account_id": account_id} for account_id in dict.fromkeys(account_ids)]
        return {i["account_id"]: Contact.of(i) for i in self._db.get_many(ACCOUNTS, keys)}

    def set_language(self, account_id: str, language: str) -> None:
        """Keep the language of an account; Invalid for one that there is not, NotFound."""
        one_of("language", language, LANGUAGES)
        self._set(account_id, "SET #language = :to", {"#language": "language"}, to=language)

    def set_wants(self, account_id: str, wants: Mapping[str, Sequence[str]]) -> None:
        """Keep which notices are wanted by which way; what is not named stays as usual."""
        kept = {name: list(ways) for name, ways in wants.items()}
        self._set(account_id, "SET wants = :to", to=kept)

    def set_phone(self, account_id: str, phone: str) -> None:
        """Keep a telephone number that has answered; "" for none. NotFound."""
        self._set(account_id, "SET phone = :to REMOVE phone_asked", to=phone)

    def ask_phone(self, account_id: str, phone: str) -> None:
        """Keep a telephone number until it answers; Invalid when it cannot be one, NotFound."""
        self._set(account_id, "SET phone_asked = :to", to=number_of(phone))

    def bounced(self, account_id: str, why: str, now_us: int) -> None:
        """Note that the address takes no mail; the first time counts. NotFound."""
        change = "SET unreachable_us = if_not_exists(unreachable_us, :now), unreachable_why = :why"
        self._set(account_id, change, now=now_us, why=why[:500])

    def reachable(self, account_id: str) -> None:
        """Try the address again. NotFound."""
        self._set(account_id, "REMOVE unreachable_us, unreachable_why")

    def _set(
        self, account_id: str, change: str, names: Mapping[str, str] | None = None, **values: Any
    ) -> None:
        present = "attribute_exists(account_id)"
        key = {"account_id": account_id}
        try:
            self._db.write(self._db.update_(ACCOUNTS, key, change, present, names, **values))
        except ConditionFailed as error:
            raise _nobody(account_id) from error


def number_of(typed: str) -> str:
    """Return a telephone number as E.164 writes it; Invalid when it is none."""
    number = re.sub(r"[\s()./-]", "", typed)
    if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        raise Invalid(
            "this is not a telephone number with its country",
            field="phone",
            rule="+, the country and the number, such as +49 151 12345678",
            remedy="check it",
        )
    return number


def _nobody(account_id: str) -> NotFound:
    return NotFound("there is no such account", field="account_id", value=account_id)
