"""What a transfer of a ticket is, and the rules under which an organiser allows it.

Nothing here has a price, and nobody can name one: what the ticket cost stays what it cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from boxoffice.dynamo import Item
from boxoffice.orders.model import TourShare
from fairness.clock import SECOND

Mode = Literal["off", "once", "often"]
MODES: tuple[Mode, ...] = ("off", "once", "often")
LINK_US = 72 * 3_600 * SECOND  # how long a friend has to accept


@dataclass(frozen=True, slots=True)
class TransferRules:
    """Whether tickets of a sale may be passed on: not, once each, or as often as fans like."""

    sale_id: str
    mode: Mode = "off"
    until_us: int = 0  # the last moment at which a ticket is passed on
    version: int = 0  # counts the changes; 0: never set


@dataclass(frozen=True, slots=True)
class Transfer:
    """One ticket that is offered to a friend, or was passed on.

    Until the friend accepts it is the sender's, who may take the offer back, go in or return it.
    """

    ticket_id: str
    sale_id: str
    order_id: str
    seat_id: str
    from_account: str
    friend: str  # the name that the sender wrote
    token_hash: str  # of what the link has; the link itself is kept nowhere
    state: Literal["offered", "withdrawn", "accepted"]
    made_us: int
    until_us: int
    changed_us: int
    version: int
    about: str = ""
    to_account: str = ""
    to_order: str = ""

    def is_open(self, now_us: int) -> bool:
        """Return whether the friend can accept now."""
        return self.state == "offered" and now_us < self.until_us

    @classmethod
    def of(cls, item: Item) -> Transfer:
        """Return the transfer that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


@dataclass(frozen=True, slots=True)
class Friend:
    """Who accepts: the account, its name in this sale, and whom its tickets count for."""

    account_id: str
    fan: str
    person: str
    tour: TourShare | None = None
