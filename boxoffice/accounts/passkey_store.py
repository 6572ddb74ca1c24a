"""Where passkeys are kept: PASSKEYS by the id of the credential, so that it is on one account.

Whoever's account it is gets a mail when one is added or removed, promised in the same transaction:
a key that somebody else put there must not stay unseen.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.tables import PASSKEYS


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key that an account may sign in with. The private half never leaves the fan's device."""

    credential_id: str  # as the browser writes it, base64url
    account_id: str
    name: str  # as the fan calls it
    public_key: str  # COSE, base64url
    sign_count: int  # how often it was used, as the device says; 0: it does not count
    transports: tuple[str, ...]  # how a browser can reach it, such as internal or hybrid
    created_us: int
    used_us: int = 0  # 0: never yet

    @property
    def passkey_id(self) -> str:
        """Return what an address calls it: the credential's own id may be too long for one."""
        return f"pk_{sha256(self.credential_id.encode()).hexdigest()[:32]}"


class PasskeyStore:
    """Reads and writes of passkeys."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def create(self, passkey: Passkey) -> bool:
        """Keep a new passkey, with its mail; False when its credential is on an account already."""
        item = {**asdict(passkey), "transports": list(passkey.transports)}
        absent = "attribute_not_exists(credential_id)"
        try:
            self._db.transact(
                [
                    self._db.put_(PASSKEYS, item, absent),
                    self._mail_("passkey_added", passkey, passkey.created_us),
                ]
            )
        except ConditionFailed:
            return False
        return True

    def get(self, credential_id: str) -> Passkey | None:
        """Return the passkey, or None."""
        item = self._db.get(PASSKEYS, credential_id=credential_id)
        return _passkey(item) if item else None

    def of(self, account_id: str) -> list[Passkey]:
        """Return the passkeys of an account, the oldest first; a new one may take a second."""
        found = self._db.query(PASSKEYS, index="by_account", account_id=account_id)
        return sorted(map(_passkey, found), key=lambda passkey: passkey.created_us)

    def use(self, passkey: Passkey, count: int, now_us: int) -> bool:
        """Note a use; False when the device counts no more uses than it did, or it is gone."""
        # Without a count there is nothing to compare; one that ever counted goes on counting.
        grew = "sign_count < :count" if count else "sign_count = :count"
        change = "SET sign_count = :count, used_us = :now"
        key = {"credential_id": passkey.credential_id}
        try:
            self._db.write(self._db.update_(PASSKEYS, key, change, grew, count=count, now=now_us))
        except ConditionFailed:
            return False
        return True

    def remove(self, passkey: Passkey, now_us: int) -> None:
        """Remove a passkey, if it is still of this account, with its mail; twice is once."""
        key, me = {"credential_id": passkey.credential_id}, passkey.account_id
        gone = self._db.delete_(PASSKEYS, key, "account_id = :me", me=me)
        with suppress(ConditionFailed):
            self._db.transact([gone, self._mail_("passkey_removed", passkey, now_us)])

    def remove_all(self, account_id: str) -> None:
        """Remove the passkeys of an account that is no more: there is nobody to write to."""
        for passkey in self.of(account_id):
            key = {"credential_id": passkey.credential_id}
            with suppress(ConditionFailed):
                self._db.write(self._db.delete_(PASSKEYS, key, "account_id = :me", me=account_id))

    def _mail_(self, template: str, passkey: Passkey, at_us: int) -> Write:
        data = {"passkey": passkey.name, "at_us": at_us}
        unique = f"{passkey.passkey_id}-{template}"
        return outbox.mail_(self._db, template, passkey.account_id, data, unique, at_us)


def _passkey(item: Item) -> Passkey:
    named = {name: item[name] for name in Passkey.__slots__ if name in item}
    return Passkey(**{**named, "transports": tuple(item.get("transports", ()))})
