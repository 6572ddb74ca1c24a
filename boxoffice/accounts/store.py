"""Where accounts are kept: ACCOUNTS by id, EMAILS from the hash of an address to the id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from boxoffice.accounts.model import Account
from boxoffice.accounts.past import Past
from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.tables import ACCOUNTS, EMAILS
from fairness.errors import Contention

ADD_CARDS = "ADD cards :cards"
MANY = 100  # writes in one transaction


class AccountStore:
    """Reads and writes of accounts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, account: Account, address_hash: str, password_hash: str) -> bool:
        """Keep a new account; False when the address belongs to another. Twice is once."""
        owner = {"email_hash": address_hash, "account_id": account.account_id}
        absent = "attribute_not_exists(email_hash) OR account_id = :me"
        try:
            self._db.transact(
                [
                    self._db.put_(EMAILS, owner, absent, me=account.account_id),
                    self._db.put_(ACCOUNTS, _item(account, password_hash)),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def create_many(self, accounts: Mapping[str, Account], password_hash: str) -> None:
        """Keep new accounts, by the hash of their address, without asking who has it."""
        # Accounts first: an address must never lead to an account that is not there.
        self._db.put_many(ACCOUNTS, [_item(a, password_hash) for a in accounts.values()])
        self._db.put_many(
            EMAILS,
            [{"email_hash": h, "account_id": a.account_id} for h, a in accounts.items()],
        )

    def get(self, account_id: str) -> Account | None:
        """Return the account, or None."""
        item = self._db.get(ACCOUNTS, account_id=account_id)
        return _account(item) if item else None

    def get_many(self, account_ids: Sequence[str]) -> dict[str, Account]:
        """Return those that exist, by id."""
        keys = [{"account_id": account_id} for account_id in dict.fromkeys(account_ids)]
        return {i["account_id"]: _account(i) for i in self._db.get_many(ACCOUNTS, keys)}

    def owners(self, address_hashes: Sequence[str]) -> dict[str, str]:
        """Return hash -> account id, for the addresses that have an account."""
        keys = [{"email_hash": address_hash} for address_hash in dict.fromkeys(address_hashes)]
        return {i["email_hash"]: i["account_id"] for i in self._db.get_many(EMAILS, keys)}

    def credentials(self, address_hash: str) -> tuple[Account, str] | None:
        """Return the account of an address and its password hash, or None."""
        owner = self._db.get(EMAILS, email_hash=address_hash)
        item = self._db.get(ACCOUNTS, account_id=owner["account_id"]) if owner else None
        return (_account(item), item["password_hash"]) if item else None

    def set_verified(self, account_id: str) -> bool:
        """Note that the address has answered; False when there is no such account."""
        return self._update(account_id, "SET verified = :yes", yes=True)

    def set_password(self, account_id: str, password_hash: str) -> bool:
        """Keep another password hash; False when there is no such account."""
        return self._update(account_id, "SET password_hash = :hash", hash=password_hash)

    def add_cards(self, cards: Mapping[str, set[str]]) -> None:
        """Add cards (account id -> which) to those of the accounts that exist."""
        pairs = list(cards.items())
        for start in range(0, len(pairs), MANY):
            part = pairs[start : start + MANY]
            try:
                self._db.transact([self._update_(a, ADD_CARDS, cards=more) for a, more in part])
            except (ConditionFailed, Contention):  # one is gone, or in use: each alone
                for account_id, more in part:
                    self._update(account_id, ADD_CARDS, cards=more)

    def _update(self, account_id: str, change: str, **values: Any) -> bool:
        try:
            self._db.write(self._update_(account_id, change, **values))
        except ConditionFailed:
            return False
        return True

    def _update_(self, account_id: str, change: str, **values: Any) -> Write:
        present = "attribute_exists(account_id)"
        return self._db.update_(ACCOUNTS, {"account_id": account_id}, change, present, **values)


def _item(account: Account, password_hash: str) -> Item:
    cards = set(account.cards) or None  # a set in the table is never empty
    known = asdict(account)
    del known["past"], known["leaving_us"]  # only ever written by who they belong to
    return {**known, "cards": cards, "password_hash": password_hash}


def _account(item: Item) -> Account:
    fields = {name: item[name] for name in Account.__slots__ if name in item}
    more = {"cards": tuple(sorted(item.get("cards", ()))), "past": Past.of(item)}
    return Account(**{**fields, **more})
