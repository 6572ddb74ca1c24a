"""What a notice is: a promise to tell someone something, and the record that it was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from boxoffice.dynamo import Item

TEMPLATES = (
    "order_confirmed",
    "sorry_refunded",
    "challenge_code",
    "your_turn",
    "signed_up",
    "appeal_answered",
    "returned_refunding",
    "returned_waiting",
    "return_sold",
    "money_back",
    "order_called_off",
    "waiting_turn",
)


@dataclass(frozen=True, slots=True)
class Promise:
    """A mail that is still to be sent."""

    promise_id: str
    template: str
    account_id: str
    data: Mapping[str, Any]
    created_us: int
    due_us: int = 0  # not before; while someone is sending it, when to give up on them
    attempts: int = 0

    @classmethod
    def of(cls, item: Item) -> Promise:
        """Return the promise that the outbox keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})

    def message_id(self, domain: str) -> str:
        """Return the Message-ID: the same at every attempt, so that mail systems see one mail."""
        return f"<{sha256(self.promise_id.encode()).hexdigest()[:32]}@{domain}>"


@dataclass(frozen=True, slots=True)
class Notice:
    """The record of a promise kept or given up. No address is kept."""

    notice_id: str  # the promise's id
    template: str
    account_id: str
    message_id: str
    state: Literal["sent", "failed"]
    at_us: int
    attempts: int
    created_us: int
    reason: str = ""

    @classmethod
    def of(cls, item: Item) -> Notice:
        """Return the notice that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one run of `deliver` did: notices sent, given up, and put off to a later run."""

    sent: int = 0
    failed: int = 0
    put_off: int = 0
