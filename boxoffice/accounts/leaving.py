"""Leaving: an account that its owner wants removed is kept for a week: they may change their mind.

Who leaves is a row of OUTBOX, the promise that the account will be removed. The row outlives the
account by as long as a sign-in lasts, so that the front doors can always be told whose sign-ins
have ended. What an account is known by goes with it; orders stay, see docs/accounts.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from boxoffice import outbox
from boxoffice.accounts.passkey_store import PasskeyStore
from boxoffice.dynamo import ConditionFailed, Database, Item
from boxoffice.notices.devices import Devices
from boxoffice.tables import ACCOUNTS, EMAILS, OUTBOX
from fairness.clock import SECOND
from fairness.errors import Conflict

LEAVING = "leaving"  # the kind of its rows in OUTBOX
SIGN_IN_S = 14 * 24 * 3600  # how long a sign-in lasts
GRACE_US = 7 * 24 * 3600 * SECOND


@dataclass(frozen=True, slots=True)
class Going:
    """Somebody who leaves. States: leaving, stays (they signed in again), gone, cleared."""

    account_id: str
    address_hash: str
    asked_us: int
    due_us: int  # when the account is removed, or somewhat later if something is in the way
    state: Literal["leaving", "stays", "gone", "cleared"] = "leaving"

    @classmethod
    def of(cls, item: Item) -> Going:
        """Return what the outbox keeps as `item`."""
        named = {name: item[name] for name in cls.__dataclass_fields__ if name in item}
        return cls(**{**named, "account_id": item["promise_id"]})

    @property
    def is_past(self) -> bool:
        """Return whether nothing is left to be done but to remember it."""
        return self.state in ("stays", "cleared")


class Leaving:
    """The only door to those who leave. Each step may be taken twice, or by two at once."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def ask(self, account_id: str, address_hash: str, now_us: int) -> Going:
        """Promise that the account will be removed, with a mail; the first time counts.

        Conflict when it is removed already.
        """
        due_us = now_us + GRACE_US
        known = {"address_hash": address_hash, "asked_us": now_us, "due_us": due_us}
        row = {"kind": LEAVING, "promise_id": account_id, "state": "leaving", **known}
        here = "attribute_exists(account_id) AND attribute_not_exists(leaving_us)"
        leaves = self._db.update_(
            ACCOUNTS, {"account_id": account_id}, "SET leaving_us = :now", here, now=now_us
        )
        unique, told = f"{account_id}-leaving", {"until_us": due_us}
        mail = outbox.mail_(self._db, "account_leaving", account_id, told, unique, now_us)
        try:
            self._db.transact([leaves, self._db.put_(OUTBOX, row), mail])
        except ConditionFailed as error:
            found = self.get(account_id)
            if found is None or found.state != "leaving":
                raise Conflict("this account is removed already") from error
            return found
        return Going(account_id, address_hash, now_us, due_us)

    def stay(self, account_id: str, now_us: int) -> bool:
        """Keep an account after all, with a mail; return whether it was leaving."""
        stays = self._db.update_(
            ACCOUNTS,
            {"account_id": account_id},
            "REMOVE leaving_us",
            "attribute_exists(leaving_us)",
        )
        unique = f"{account_id}-kept"
        mail = outbox.mail_(self._db, "account_kept", account_id, {}, unique, now_us)
        try:
            self._db.transact([stays, self._stated_(account_id, "leaving", "stays"), mail])
        except ConditionFailed:
            return False
        return True

    def get(self, account_id: str) -> Going | None:
        """Return what is known of somebody who leaves, or left of late; None otherwise."""
        item = self._db.get(OUTBOX, kind=LEAVING, promise_id=account_id)
        return Going.of(item) if item else None

    def all(self) -> Iterator[Going]:
        """Yield everybody who leaves, or left of late."""
        return map(Going.of, self._db.query(OUTBOX, kind=LEAVING))

    def remove(self, going: Going) -> bool:
        """Remove the account and its address; False when its owner stays, or it is gone."""
        who, mine = {"account_id": going.account_id}, "account_id = :me"
        address = {"email_hash": going.address_hash}
        try:
            self._db.transact(
                [
                    self._db.delete_(ACCOUNTS, who, "leaving_us = :asked", asked=going.asked_us),
                    self._db.delete_(EMAILS, address, mine, me=going.account_id),
                    self._stated_(going.account_id, "leaving", "gone"),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def clear(self, account_id: str) -> None:
        """Remove what an account that is gone has left elsewhere: passkeys and devices."""
        PasskeyStore(self._db).remove_all(account_id)
        devices = Devices(self._db)
        for device in devices.of(account_id):
            devices.remove(account_id, device.device_id)
        try:
            self._db.write(self._stated_(account_id, "gone", "cleared"))
        except ConditionFailed:
            return

    def forget(self, account_id: str) -> None:
        """Forget somebody whose sign-ins are all over by themselves."""
        self._db.write(self._db.delete_(OUTBOX, {"kind": LEAVING, "promise_id": account_id}))

    def _stated_(self, account_id: str, before: str, after: str) -> Item:
        return self._db.update_(
            OUTBOX,
            {"kind": LEAVING, "promise_id": account_id},
            "SET #state = :after",
            "#state = :before",
            {"#state": "state"},
            before=before,
            after=after,
        )
