"""From promises of the outbox to events for organisers who have an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from boxoffice.outbox import REFUNDS
from boxoffice.tables import OUTBOX
from boxoffice.webhooks import events
from boxoffice.webhooks.model import Event
from fairness.errors import NotFound
from workers import clients

AT_ONCE = 100  # refunds in one run


def tell(rows: Sequence[dict[str, Any]]) -> None:
    """Note what these rows of the outbox stand for, for whom it concerns; twice is once."""
    if not clients.webhooks().any():
        return
    found = sorted((event for row in rows for event in events.of_row(row)), key=_sale_of)
    for sale_id, same in groupby(found, key=_sale_of):
        organiser_id = _organiser_of(sale_id)
        if organiser_id:
            clients.webhooks().tell(organiser_id, list(same))


def tell_refunds() -> None:
    """Note what was promised to be told of money that went back; twice is once."""
    database = clients.database()
    for row in database.query(OUTBOX, kind=REFUNDS, limit=AT_ONCE):
        organiser_id = _organiser_of(row["sale_id"]) if clients.webhooks().any() else ""
        if organiser_id:
            event = events.of_refund(row, last=_is_last(row))
            clients.webhooks().tell(organiser_id, [event])
        key = {"kind": REFUNDS, "promise_id": row["promise_id"]}
        database.write(database.delete_(OUTBOX, key))


def _is_last(row: dict[str, Any]) -> bool:
    order = clients.orders().find(row["order_id"])
    if not row["return_id"] or order is None:
        return True
    return clients.returns().is_last(order, row["return_id"])


def _sale_of(event: Event) -> str:
    return event.sale_id


@lru_cache(maxsize=1_000)
def _organiser_of(sale_id: str) -> str:
    """Return whose sale it is: that never changes. Nobody's when it was removed."""
    try:
        return clients.sales().get(sale_id).organiser_id
    except NotFound:
        return ""
