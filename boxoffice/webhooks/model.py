"""What an endpoint, an event and a delivery are, and when a delivery is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from boxoffice.dynamo import Item
from fairness.clock import SECOND

TEST = "test"
TYPES = (
    "order.held",
    "order.paid",
    "order.expired",
    "order.cancelled",
    "order.refunded",
    "order.refunded_partly",
    "order.returned",
    "ticket.issued",
    "ticket.annulled",
    "ticket.passed_on",
    "sale.scheduled",
    "sale.opened",
    "sale.paused",
    "sale.resumed",
    "sale.changed",
    "sale.closed",
)

_MINUTE, _HOUR = 60, 3_600
# After the first try, in seconds: eleven tries in all, over some three days.
WAITS_S = (5, 30, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR,
           12 * _HOUR, 24 * _HOUR, 24 * _HOUR)  # fmt: skip
FAILS_FOR_US = 5 * 24 * _HOUR * SECOND  # nothing but failures for so long: switched off
OLD_SECRET_US = 24 * _HOUR * SECOND  # after a change both secrets sign for so long
KEPT_US = 30 * 24 * _HOUR * SECOND  # then a delivery is forgotten

DeliveryState = Literal["waiting", "sent", "given up"]


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where an organiser wants to be told of what. Its repr shows no secret."""

    organiser_id: str
    endpoint_id: str
    url: str
    types: tuple[str, ...]  # of events; none: all
    secret: str  # whsec_ and base64
    created_us: int
    active: bool = True
    old_secret: str = ""
    old_until_us: int = 0
    failing_since_us: int = 0  # 0: the last delivery arrived
    off_reason: str = ""

    @classmethod
    def of(cls, item: Item) -> Endpoint:
        """Return the endpoint that the table keeps as `item`."""
        known: dict[str, Any] = {n: item[n] for n in cls.__dataclass_fields__ if n in item}
        return cls(**{**known, "types": tuple(known["types"])})

    def wants(self, kind: str) -> bool:
        """Return whether it is told of events of this type."""
        return self.active and (not self.types or kind in self.types)

    def secrets(self, now_us: int) -> tuple[str, ...]:
        """Return the secrets that sign now: for a day after a change there are two."""
        return (self.secret, self.old_secret) if now_us < self.old_until_us else (self.secret,)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a sale. The same happening has the same id, whenever asked."""

    event_id: str  # in the order of time
    kind: str
    sale_id: str
    at_us: int
    data: Mapping[str, Any]  # plain JSON values; nobody's name


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one endpoint, and what became of telling it."""

    endpoint_id: str
    event_id: str
    kind: str
    body: str  # as it is sent and signed
    at_us: int
    state: DeliveryState = "waiting"
    attempts: int = 0
    due_us: int = 0
    tried_us: int = 0
    status: int = 0  # of HTTP; 0: there was no answer
    said: str = ""  # why it did not arrive

    @classmethod
    def of(cls, item: Item) -> Delivery:
        """Return the delivery that the table keeps as `item`."""
        known: dict[str, Any] = {n: item[n] for n in cls.__dataclass_fields__ if n in item}
        return cls(**known)
