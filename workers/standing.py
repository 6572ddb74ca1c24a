"""How orders stand, for those who ask every second: a cache in front of the orders' table.

It is written after the table, by whoever changed an order, and lives for seconds: one that could
not be written ages away. Nothing is decided by it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import orjson
from redis import Redis
from redis.commands.core import Script
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTimeout

from boxoffice.orders.model import Order
from boxoffice.tickets.service import ticket_ids
from fairness import keys, scripts
from fairness.store import Call, SaleStore, Steps
from workers import clients

LIFE_MS = 3_000
PENDING_MS = 10_000  # only the owner of an order on its way asks for it, and its end overwrites it


@dataclass(frozen=True, slots=True)
class Standing:
    """An order as it stood a moment ago; None while it is on its way."""

    account_id: str
    order: Order | None = None
    tickets: tuple[str, ...] = ()


def show(orders: Iterable[Order]) -> None:
    """Let everybody who asks see these orders as they are now. A store away is no failure."""
    told = [(keys.standing(order.order_id), _document(order), LIFE_MS) for order in orders]
    _write(told)


def show_pending(order_id: str, account_id: str) -> None:
    """Let the owner see that the order is on its way, unless it has come to more."""
    told = orjson.dumps({"account_id": account_id})
    _write([(keys.standing(order_id), told, PENDING_MS)], nx=True)


def look(order_id: str) -> Standing | None:
    """Return the order as it stood a moment ago, or None: ask the table."""
    try:
        found: Any = clients.redis().get(keys.standing(order_id))
    except (StoreUnreachable, StoreTimeout):
        return None
    return _read(found)


def looking(order_id: str) -> Steps[Standing | None]:
    """Return what `look` does, in steps; Unavailable when the store is away."""
    store, script = _told(clients.redis())
    return _read((yield Call(store, script, [keys.standing(order_id)], [])))


@lru_cache(maxsize=1)
def _told(redis: Redis) -> tuple[SaleStore, Script]:
    return SaleStore(redis, ""), scripts.load(redis, "told")


def _read(found: str | None) -> Standing | None:
    if found is None:
        return None
    told = orjson.loads(found)
    if "order" not in told:
        return Standing(told["account_id"])
    order = Order.of(told["order"])
    return Standing(order.account_id, order, tuple(told["tickets"]))


def _document(order: Order) -> bytes:
    tickets = ticket_ids(order) if order.state == "paid" and not order.review else []
    return orjson.dumps({"order": asdict(order), "tickets": tickets})


def _write(told: list[tuple[str, bytes, int]], nx: bool = False) -> None:
    if not told:
        return
    with (
        suppress(StoreUnreachable, StoreTimeout),
        clients.redis().pipeline(transaction=False) as pipeline,
    ):
        for key, document, life_ms in told:
            pipeline.set(key, document, px=life_ms, nx=nx)
        pipeline.execute()
