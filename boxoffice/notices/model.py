"""What a notice is: a promise to tell someone something, and the record that it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from boxoffice.dynamo import Item
from boxoffice.notices.devices import Device

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
    "ticket_passed_on",
    "ticket_received",
    "order_in_review",
    "review_refunded",
    "waiting_turn",
    "hold_ending",
    "tickets_soon",
    "event_changed",
    "phone_code",
    "webhook_off",
    "passkey_added",
    "passkey_removed",
    "account_leaving",
    "account_kept",
)

PHONE_CODE = "phone_code"  # goes to a number that has not answered yet
MAIL = "mail"
SMS = "sms"
PUSH = "push"
WAYS = (MAIL, PUSH, SMS)
# Reminders, which a fan may switch off. The others are about their money, seats and account.
OPTIONAL = ("your_turn", "waiting_turn", "hold_ending", "tickets_soon")
# Worth nothing an hour later: they may come as a short message, too.
URGENT = ("your_turn", "waiting_turn", "hold_ending")
# What may come by another way than mail, to those who want it.
BY_WAY: Mapping[str, Sequence[str]] = {SMS: URGENT, PUSH: OPTIONAL}


@dataclass(frozen=True, slots=True)
class Promise:
    """A notice that is still to be sent, by one way."""

    promise_id: str
    template: str
    account_id: str
    data: Mapping[str, Any]
    created_us: int
    due_us: int = 0  # not before; while someone is sending it, when to give up on them
    attempts: int = 0
    way: str = MAIL
    device_id: str = ""  # by push: on which device

    @classmethod
    def of(cls, item: Item) -> Promise:
        """Return the promise that the outbox keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})

    def message_id(self, domain: str) -> str:
        """Return the Message-ID: the same at every attempt, so that mail systems see one mail."""
        return f"<{sha256(self.promise_id.encode()).hexdigest()[:32]}@{domain}>"


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody is written, in their language, whatever the way."""

    to: str  # an address, or a telephone number
    subject: str
    text: str
    short: str  # for a small screen
    message_id: str  # the same whenever the same promise is sent
    promised_us: int
    template: str = ""
    order_id: str = ""
    unsubscribe: str = ""  # the URL at which one press ends these; not every notice has one
    gist: str = ""  # its first sentence
    page: str = ""  # the URL of what it is about
    language: str = ""
    ends_us: int = 0  # then it is of no use any more; 0: it always is
    device: Device | None = None  # by push: which

    @property
    def urgent(self) -> bool:
        """Whether it is worth nothing an hour later."""
        return self.template in URGENT


@dataclass(frozen=True, slots=True)
class Notice:
    """The record of a promise kept or given up. No address is kept."""

    notice_id: str  # the promise's id
    template: str
    account_id: str
    message_id: str
    state: Literal["sent", "failed", "unwanted", "unreachable"]
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
