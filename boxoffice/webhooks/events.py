"""Events, read from the promises of the outbox that the public log is made of.

Every change of an order, a ticket or a sale promises its log entry in the transaction that makes
it. The event is the same promise, read for the organiser: so no event can be lost or made up, and
none costs an order a write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from boxoffice.outbox import entries_of
from boxoffice.tickets.service import ticket_id_of
from boxoffice.webhooks.model import Event
from fairness.clock import iso
from fairness.ledger.entries import commitment

RELEASED = ("expired", "cancelled", "refunded", "returned")
ACTS = {
    "schedule": "sale.scheduled",
    "open": "sale.opened",
    "pause": "sale.paused",
    "resume": "sale.resumed",
    "amend": "sale.changed",
    "release": "sale.changed",
    "close": "sale.closed",
}


def of_row(row: Mapping[str, Any]) -> list[Event]:
    """Return the events that a row of kind LEDGER stands for, in their order; perhaps none."""
    orders = {commitment(order_id): order_id for order_id in row.get("orders", ())}
    return [
        Event(f"{row['promise_id']}-{number}{part}", kind, entry["sale"], entry["at_us"], data)
        for number, entry in enumerate(entries_of(row))
        for part, kind, data in _read(entry, orders)
    ]


def of_refund(row: Mapping[str, Any], *, last: bool) -> Event:
    """Return the event that a row of kind REFUNDS stands for; `last`: no more will go back."""
    kind = "order.refunded" if last else "order.refunded_partly"
    data = {name: row[name] for name in ("order_id", "seats", "amount_cents", "currency")}
    return Event(row["promise_id"], kind, row["sale_id"], row["created_us"], data)


def _read(
    entry: Mapping[str, Any], orders: Mapping[str, str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (what tells the events of one entry apart, type, data)."""
    kind = entry["type"]
    if kind == "organiser" and entry["act"] in ACTS:
        yield "", ACTS[entry["act"]], {"act": entry["act"], **entry["detail"]}
    order_id = orders.get(entry.get("order", ""))
    if order_id is None:
        return
    seats = list(entry["seats"])
    order = {"order_id": order_id, "seats": seats}
    tickets = {"order_id": order_id, "tickets": _tickets(order_id, seats)}
    if kind == "seats_held":
        yield "", "order.held", {**order, "until": iso(entry["until_us"])}
    elif kind == "seats_sold":
        yield "", "order.paid", order
        yield "-tickets", "ticket.issued", tickets
    elif kind == "seats_released" and entry["reason"] in RELEASED:
        yield "", f"order.{entry['reason']}", order
        if entry["reason"] == "returned":
            yield "-tickets", "ticket.annulled", tickets
    elif kind == "passed_on":
        yield "", "ticket.passed_on", {**tickets, "to_order_id": orders.get(entry["to_order"])}


def _tickets(order_id: str, seats: list[str]) -> list[dict[str, str]]:
    return [{"ticket_id": ticket_id_of(order_id, seat), "seat": seat} for seat in seats]
