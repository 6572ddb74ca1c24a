"""What an organiser decided about orders whose tickets wait for a look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from boxoffice.dynamo import Item
from fairness.clock import SECOND

CLEAR, REFUND = "clear", "refund"
ACTS = (CLEAR, REFUND)
REASONS: Mapping[str, str] = {
    "seen": "I looked at what was found",
    "told": "The fan told me",
    "one_person": "They are one buyer",
    "other": "Another reason",
}
UNDO_US = 60 * SECOND  # so long a decision can be undone; then it is done
MOST = 50  # orders in one decision


@dataclass(frozen=True, slots=True)
class Review:
    """One decision: to give these orders their tickets, or their money back."""

    sale_id: str
    review_id: str
    act: str
    orders: tuple[str, ...]  # ids
    reason: str  # a code
    made_by: str  # account; for the audit, not for the log
    made_us: int
    due_us: int  # from then on it is carried out, and no longer undone
    begun_us: int | None = None
    done_us: int | None = None
    undone_us: int | None = None
    undone_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Return whether it is still to be carried out."""
        return self.done_us is None and self.undone_us is None

    @classmethod
    def of(cls, item: Item) -> Review:
        """Return the decision that the table keeps as `item`."""
        known = {name: item[name] for name in cls.__dataclass_fields__ if name in item}
        return cls(**{**known, "orders": tuple(item["orders"])})
