"""Orders as a file for the organiser: no account, no name, no card."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import orjson

from boxoffice.orders.model import Order
from fairness.clock import iso
from web.aftersale_documents import ExportedOrder


def export(orders: Sequence[Order], form: str) -> Iterator[bytes]:
    """Yield orders as CSV or JSON, piece by piece; without accounts, names, cards."""
    yield from _csv(orders) if form == "csv" else _json(orders)


def exported(order: Order) -> ExportedOrder:
    """Return an order as it is exported."""
    return {
        "order_id": order.order_id,
        "state": order.state,
        "created_at": iso(order.created_us),
        "seats": " ".join(order.seat_ids),
        "returned": " ".join(seat.seat_id for seat in order.returned),
        "total_cents": order.total_cents,
        "currency": order.currency,
        "problem": str((order.problem or {}).get("detail", "")),
    }


def _csv(orders: Sequence[Order]) -> Iterator[bytes]:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(ExportedOrder.__annotations__))
    writer.writeheader()
    for order in orders:
        writer.writerow({name: _safe(value) for name, value in exported(order).items()})
        if out.tell() > 16_384:
            yield _taken(out)
    yield _taken(out)


def _safe(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _taken(out: io.StringIO) -> bytes:
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return text.encode()


def _json(orders: Sequence[Order]) -> Iterator[bytes]:
    yield b'{"orders":['
    for number, order in enumerate(orders):
        yield (b"," if number else b"") + orjson.dumps(exported(order))
    yield b"]}"
