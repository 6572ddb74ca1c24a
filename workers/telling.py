"""From promises of the log to events for organisers who have an endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any

from boxoffice.webhooks import events
from boxoffice.webhooks.model import Event
from fairness.errors import NotFound
from workers import clients


def tell(rows: Sequence[dict[str, Any]]) -> None:
    """Note what these rows of the outbox stand for, for whom it concerns; twice is once."""
    if not clients.webhooks().any():
        return
    found = sorted((event for row in rows for event in events.of_row(row)), key=_sale_of)
    for sale_id, same in groupby(found, key=_sale_of):
        organiser_id = _organiser_of(sale_id)
        if organiser_id:
            clients.webhooks().tell(organiser_id, list(same))


def _sale_of(event: Event) -> str:
    return event.sale_id


@lru_cache(maxsize=1_000)
def _organiser_of(sale_id: str) -> str:
    """Return whose sale it is: that never changes. Nobody's when it was removed."""
    try:
        return clients.sales().get(sale_id).organiser_id
    except NotFound:
        return ""
