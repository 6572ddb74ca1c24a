"""What an organiser reports about an order whose ticket was seen on offer above its price."""

from __future__ import annotations

from dataclasses import dataclass

from boxoffice.dynamo import Item
from boxoffice.orders.model import Order

BOUGHT = ("paid", "returned", "passed_on")  # states of an order that had tickets
LONGEST = 500  # characters of what was seen


@dataclass(frozen=True, slots=True)
class ResaleReport:
    """One report, of one order. A report that was taken back counts for nothing."""

    sale_id: str
    order_id: str
    words: str  # what was seen, and where; for the organiser only, until the books are closed
    made_by: str  # account; for the audit, not for the log
    made_us: int
    undone_us: int | None = None
    undone_by: str | None = None

    @property
    def stands(self) -> bool:
        """Return whether it was not taken back."""
        return self.undone_us is None

    @classmethod
    def of(cls, item: Item) -> ResaleReport:
        """Return the report that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


def may_be_reported(order: Order) -> bool:
    """Return whether the order had tickets that somebody could have offered."""
    return order.state in BOUGHT
