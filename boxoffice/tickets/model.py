"""What a ticket is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from boxoffice.dynamo import Item


@dataclass(frozen=True, slots=True)
class Ticket:
    """The right to one seat. The price is minor units."""

    ticket_id: str
    order_id: str
    account_id: str
    sale_id: str
    performance_id: str
    seat_id: str
    tier: str
    cents: int
    currency: str
    issued_us: int
    about: str = ""
    state: Literal["valid", "annulled", "returned", "passed_on"] = "valid"
    entered_us: int | None = None  # when its holder went in; such a ticket is not taken back

    @classmethod
    def of(cls, item: Item) -> Ticket:
        """Return the ticket that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


@dataclass(frozen=True, slots=True)
class TicketClaim:
    """What a ticket's code says, and its signature proves."""

    ticket_id: str
    sale_id: str
    seat_id: str
    printed: bool = False
