"""Every DynamoDB table, spelled once. No two services share one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Index:
    """A global secondary index; every attribute is projected."""

    name: str
    partition: str
    sort: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name without the prefix, and its keys. Key types: 'S' or 'N'."""

    name: str
    partition: str
    sort: str | None = None
    indexes: tuple[Index, ...] = ()
    numbers: frozenset[str] = field(default_factory=frozenset)  # key attributes of type N

    def definition(self, prefix: str) -> dict[str, Any]:
        """Return the arguments of CreateTable."""
        keys = {
            self.partition,
            self.sort,
            *(k for i in self.indexes for k in (i.partition, i.sort)),
        }
        definition: dict[str, Any] = {
            "TableName": prefix + self.name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": _schema(self.partition, self.sort),
            "AttributeDefinitions": [
                {"AttributeName": key, "AttributeType": "N" if key in self.numbers else "S"}
                for key in sorted(key for key in keys if key)
            ],
        }
        if self.indexes:
            definition["GlobalSecondaryIndexes"] = [
                {
                    "IndexName": index.name,
                    "KeySchema": _schema(index.partition, index.sort),
                    "Projection": {"ProjectionType": "ALL"},
                }
                for index in self.indexes
            ]
        return definition


def _schema(partition: str, sort: str | None) -> list[dict[str, str]]:
    schema = [{"AttributeName": partition, "KeyType": "HASH"}]
    return [*schema, {"AttributeName": sort, "KeyType": "RANGE"}] if sort else schema


# accounts
ACCOUNTS = Table("accounts", "account_id")
EMAILS = Table("emails", "email_hash")  # keyed hash of the address -> account_id: unique sign-up
PASSKEYS = Table("passkeys", "credential_id", indexes=(Index("by_account", "account_id"),))
# catalogue
VENUES = Table("venues", "venue_id")
PLANS = Table("plans", "plan_id")
EVENTS = Table("events", "event_id")
PERFORMANCES = Table(
    "performances",
    "performance_id",
    indexes=(Index("by_event", "event_id", "starts_at_us"),),
    numbers=frozenset({"starts_at_us"}),
)
# sales
SALES = Table("sales", "sale_id", indexes=(Index("by_state", "state"),))
TOURS = Table("tours", "tour_id")
APPEALS = Table("appeals", "sale_id", "fan")
DECISIONS = Table("decisions", "sale_id", "choice_id")  # of the desk
SCREENED = Table("screened", "sale_id", "row_id")  # what screening went by: sealed, until the end
# inventory
SEATS = Table("seats", "sale_id", "seat_id")
SEAT_EDITS = Table("seat-edits", "sale_id", "edit_id")  # who changed what of a sale's seats, when
# orders
ORDERS = Table(
    "orders",
    "order_id",
    indexes=(
        Index("by_account", "account_id", "created_us"),
        Index("by_sale", "sale_id"),
        Index("by_due", "due_sale", "due_us"),  # sparse: only orders that a sweep must see to
    ),
    numbers=frozenset({"created_us", "due_us"}),
)
LIMITS = Table("limits", "person")  # person of a sale, or of a tour -> tickets held and bought
# payments
PAYMENTS = Table("payments", "payment_id")
CHARGES = Table("charges", "charge_id")  # the test provider's own books
# tickets
TICKETS = Table("tickets", "ticket_id")  # the id follows from the order and the seat
# reviews
REVIEWS = Table("reviews", "sale_id", "review_id")  # what organisers decided about held tickets
# resales
RESALE_REPORTS = Table("resale-reports", "sale_id", "order_id")  # what organisers saw on offer
# returns
RETURN_RULES = Table("return-rules", "sale_id")
RETURNS = Table(
    "returns",
    "return_id",
    indexes=(
        Index("by_order", "order_id"),
        Index("by_open", "open_sale", "created_us"),  # sparse: whose money has not gone back yet
    ),
    numbers=frozenset({"created_us"}),
)
# transfers: one item per ticket that was offered to a friend, and `rules#<sale>`
TRANSFERS = Table(
    "transfers",
    "ticket_id",
    indexes=(Index("by_order", "order_id"), Index("by_sale", "sale_id")),
)
# waiting list
WAITLIST = Table("waitlist", "sale_id", "wish_id")
# gates
DOORS = Table("doors", "performance_id", "gate_id")
ENTRIES = Table("entries", "performance_id", "ticket_id")
# webhooks
HOOKS = Table("hooks", "organiser_id", "endpoint_id")
DELIVERIES = Table(
    "deliveries",
    "endpoint_id",
    "event_id",
    indexes=(Index("by_due", "open_endpoint", "due_us"),),  # sparse: only what waits
    numbers=frozenset({"due_us"}),
)
# notices and the log: promises made in the transaction that they announce
OUTBOX = Table("outbox", "kind", "promise_id")
NOTICES = Table("notices", "notice_id")
DEVICES = Table("devices", "account_id", "device_id")  # that show notices
LEDGER = Table("ledger", "part", "start", numbers=frozenset({"start"}))

ALL = (
    ACCOUNTS,
    EMAILS,
    PASSKEYS,
    VENUES,
    PLANS,
    EVENTS,
    PERFORMANCES,
    SALES,
    TOURS,
    APPEALS,
    DECISIONS,
    SCREENED,
    SEATS,
    SEAT_EDITS,
    ORDERS,
    LIMITS,
    PAYMENTS,
    CHARGES,
    TICKETS,
    REVIEWS,
    RESALE_REPORTS,
    RETURN_RULES,
    RETURNS,
    TRANSFERS,
    WAITLIST,
    DOORS,
    ENTRIES,
    HOOKS,
    DELIVERIES,
    OUTBOX,
    NOTICES,
    DEVICES,
    LEDGER,
)
