"""Tasks of the seats: who gets which, and whether what is shown is what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boxoffice.orders.model import Best, Request
from fairness.clock import now_us
from workers import clients, journal, retry, steps, stocktaking
from workers.about import about, recent_sale
from workers.app import app


@app.task(name=steps.ALLOCATE, **retry.TRANSIENT)
def allocate(
    order_id: str,
    sale_id: str,
    account_id: str,
    fan: str,
    seats: list[str] | None,
    best: Mapping[str, Any] | None,
) -> None:
    """Hold seats for a fan in the shop; the order says which, or why not."""
    sale = recent_sale(sale_id)
    request = Request(
        order_id,
        sale_id,
        account_id,
        fan,
        clients.line(sale_id).lead_of(fan),
        tuple(seats) if seats is not None else None,
        Best(**best) if best is not None else None,
        about(sale),
    )
    plan = clients.catalogue().plan(sale.plan_id)
    clients.orders().allocate(request, sale, plan, clients.stock(sale_id), now_us())


@app.task(name="allocation.reconcile", **retry.NEXT_TICK)
def reconcile() -> None:
    """Make the cache of taken seats say what the tables say."""
    for sale_id in journal.live_sales():
        stocktaking.reconcile(sale_id)
