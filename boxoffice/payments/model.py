"""What a card, a charge and a payment are. Amounts are minor units of a currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from boxoffice.dynamo import Item

# A charge is pending while the fan's bank, or the fan, still has something to say to it.
ChargeStatus = Literal["pending", "charged", "declined", "refunded"]
PaymentState = Literal["pending", "charged", "declined", "refunded"]


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """A card as typed in. Never stored, logged or shown: only the provider sees it."""

    number: str
    expiry: str  # MM/YY
    cvc: str


@dataclass(frozen=True, slots=True)
class Charge:
    """The provider's answer about one idempotency key."""

    charge_id: str
    status: ChargeStatus
    fingerprint: str  # the same card gives the same text; tells nothing about its number
    reason: str = ""  # why it was declined


Wanted: TypeAlias = tuple[str, int, str, str]  # a charge: key, cents, currency, token


class Provider(Protocol):
    """Who moves the money. Every call may be repeated: the same key is the same movement."""

    def tokenise(self, card: Card) -> str:
        """Return a token that stands for `card`; Invalid when it cannot be a card."""
        ...

    def charge(self, key: str, cents: int, currency: str, token: str) -> Charge:
        """Take the money once per `key` and return what became of it, also when declined."""
        ...

    def charge_all(self, wanted: Sequence[Wanted]) -> list[Charge | None]:
        """Do `charge` for many, in their order; None for one that is to be asked for alone."""
        ...

    def find(self, key: str) -> Charge | None:
        """Return the charge made under `key`, or None when there was none."""
        ...

    def stop(self, key: str) -> Charge | None:
        """Return what `find` returns, having stopped what can be: then no money moves any more."""
        ...

    def confirmation(self, key: str) -> str:
        """Return what the fan's browser needs to confirm a pending charge; empty when nothing."""
        ...

    def refund(self, charge_id: str) -> Charge:
        """Give all of a charge back, once."""
        ...

    def refund_part(self, charge_id: str, cents: int, key: str) -> bool:
        """Give part of a charge back, once per `key`; False when so much of it is not left."""
        ...


@dataclass(frozen=True, slots=True)
class Payment:
    """Our own record of the payment of one order. At most one is open per order."""

    payment_id: str
    order_id: str
    state: PaymentState
    cents: int
    currency: str
    card_token: str
    attempt: int
    created_us: int
    changed_us: int
    charge_id: str = ""
    fingerprint: str = ""
    reason: str = ""
    refunded_cents: int = 0  # of returned tickets; a payment given back as a whole is "refunded"

    @property
    def key(self) -> str:
        """The idempotency key at the provider: one per order and attempt."""
        return f"{self.order_id}/{self.attempt}"

    @classmethod
    def of(cls, item: Item) -> Payment:
        """Return the payment that the table keeps as `item`."""
        known: dict[str, Any] = {n: item[n] for n in cls.__dataclass_fields__ if n in item}
        return cls(**known)
