"""Browsers that show our notices, each with the address and the keys that it gave us for that.

Whoever has such an address can have a device show something, so it is as secret as a password.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from boxoffice.dynamo import Database, Item
from boxoffice.notices import sealing
from boxoffice.tables import DEVICES
from fairness.base64url import to_text
from fairness.errors import Conflict, Invalid, NotFound

MOST = 10  # of one account
LONGEST = 1_000  # characters of an address
NAME = 60


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """One browser of somebody's. Its repr shows none of its secrets."""

    account_id: str
    device_id: str
    endpoint: str  # at its push service
    key: str  # p256dh, base64url
    auth: str
    name: str  # for its owner to know it by
    added_us: int

    @classmethod
    def of(cls, item: Item) -> Device:
        """Return the device that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__})

    @property
    def host(self) -> str:
        """Return which push service it is reached by."""
        return urlsplit(self.endpoint).hostname or ""


class Devices:
    """The only door to them. `services` are the hosts of push services that we may use."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, device: Device, services: Sequence[str]) -> bool:
        """Keep a device, the same one over itself; return whether it is the account's first.

        Invalid names the field; Conflict when the account has enough of them.
        """
        _check(device, services)
        others = [d for d in self.of(device.account_id) if d.device_id != device.device_id]
        if len(others) >= MOST:
            raise Conflict(
                "these are enough devices",
                field="endpoint",
                rule=f"at most {MOST}",
                remedy="remove one that you do not use any more",
            )
        self._db.put(DEVICES, asdict(device))
        return not others

    def move(self, before: str, after: Device, services: Sequence[str]) -> None:
        """Keep a device under the address that its browser has now; twice is once.

        The address it had before is the proof: nobody but the browser, its push service and we know
        it. NotFound without it, Invalid when the new one is none.
        """
        _check(after, services)
        old = {"account_id": after.account_id, "device_id": id_of(before)}
        new = {"account_id": after.account_id, "device_id": after.device_id}
        known = self._db.get(DEVICES, **old)
        if known is None and self._db.get(DEVICES, **new):
            return
        if known is None or known["endpoint"] != before:
            raise NotFound(
                "we do not know this device",
                field="before",
                rule="the address that the device had",
                remedy="add the device again under How we write to you",
            )
        kept = replace(after, name=known["name"], added_us=known["added_us"])
        writes = [self._db.put_(DEVICES, asdict(kept))]
        writes += [self._db.delete_(DEVICES, old)] if old != new else []
        self._db.transact(writes)

    def of(self, account_id: str) -> list[Device]:
        """Return the devices of an account, the oldest first."""
        found = map(Device.of, self._db.query(DEVICES, account_id=account_id))
        return sorted(found, key=lambda device: device.added_us)

    def get_many(self, names: Iterable[tuple[str, str]]) -> dict[str, Device]:
        """Return those that exist among (account id, device id), by device id."""
        keys = [{"account_id": a, "device_id": d} for a, d in dict.fromkeys(names)]
        return {i["device_id"]: Device.of(i) for i in self._db.get_many(DEVICES, keys)}

    def remove(self, account_id: str, device_id: str) -> None:
        """Forget a device of an account; twice is once."""
        key = {"account_id": account_id, "device_id": device_id}
        self._db.write(self._db.delete_(DEVICES, key))


def id_of(endpoint: str) -> str:
    """Return the id of the device with this address: the same address is the same device."""
    return f"dev_{to_text(sha256(endpoint.encode()).digest())[:22]}"


def is_allowed(endpoint: str, services: Sequence[str]) -> bool:
    """Return whether an address is one of these services, over HTTPS and at its usual port.

    A service is a host, with a dot before it all under that name, or one origin with its scheme:
    only that may be plain HTTP, private or at another port.
    """
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    if parts.username or parts.password or parts.fragment or not parts.hostname:
        return False
    if is_named(endpoint, services):
        return True
    name = parts.hostname
    known = any(name == s or (s.startswith(".") and name.endswith(s)) for s in services)
    return parts.scheme == "https" and port in (None, 443) and known


def is_named(endpoint: str, services: Sequence[str]) -> bool:
    """Return whether the very origin of an address is among the services."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}" in services


def _check(device: Device, services: Sequence[str]) -> None:
    plain = device.endpoint.isascii() and all(c > " " for c in device.endpoint)
    if len(device.endpoint) > LONGEST or not plain or not is_allowed(device.endpoint, services):
        raise Invalid(
            "this browser is reached by a service that we do not know",
            field="endpoint",
            rule="the push service of Chrome, Edge, Firefox or Safari",
            remedy="use another browser; mails and short messages reach you all the same",
        )
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealing.from_text(device.key))
        right = len(sealing.from_text(device.auth)) == 16
    except ValueError:
        right = False
    if not right:
        raise Invalid(
            "this browser's keys for notices are damaged",
            field="key",
            rule="keys as RFC 8291 has them",
            remedy="reload the page and press the button again",
        )
