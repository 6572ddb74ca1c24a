"""Fans inside the shop: each orders two seats, looks until they are held, pays, looks again.

They are as cheap as can be: a few lines of bytes over a kept-alive connection.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bench import load
from boxoffice.sales.model import Sale
from console.rehearsal import crowd
from console.rehearsal.actors import Actor
from fairness.clock import now_us
from fairness.identity import fan_of
from web import auth, services

WISH = json.dumps({"best": {"count": 2}}).encode()
LOOK_S = 0.2  # between two looks, when the answer does not say
GIVE_UP_S = 60.0


@dataclass(frozen=True, slots=True)
class Turn:
    """A fan who may shop."""

    token: str
    turn_pass: str


@dataclass(slots=True)
class Shopping:
    """What became of many fans."""

    began: float = field(default_factory=time.perf_counter)
    held_ms: list[float] = field(default_factory=list)  # from the request to the hold
    paid_at: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Orders per second, from the first request to the last ticket."""
        return len(self.paid_at) / (max(self.paid_at) - self.began)


def turn(sale: Sale, actor: Actor) -> Turn:
    """Return what a fan whose turn it is shows at the door of the box office."""
    token = auth.issue(actor.account_id, "fan", actor.device)
    fan, now = fan_of(sale.key, actor.account_id), now_us()
    ends_us = now + sale.manifest.turn_us
    issued = services.passes().issue(sale.sale_id, fan, actor.account_id, ends_us, now)
    return Turn(token, issued)


def rush(site: str, sale_id: str, turns: Sequence[Turn], clients: int) -> Shopping:
    """Let all fans shop, so many at a time."""

    async def everybody(shopping: Shopping) -> None:
        waiting = iter(turns)

        async def client() -> None:
            async with Browser(site) as browser:
                for fan in waiting:
                    await _shop(browser, sale_id, fan, shopping)

        await asyncio.gather(*(client() for _ in range(clients)))

    return _run(everybody)


def arrive(site: str, sale_id: str, turns: Sequence[Turn], per_s: float) -> Shopping:
    """Let a fan begin every 1/per_s seconds, whatever became of those before."""

    async def everybody(shopping: Shopping) -> None:
        idle: list[Browser] = []

        async def one(number: int, fan: Turn) -> None:
            await asyncio.sleep(number / per_s)
            browser = idle.pop() if idle else await Browser(site).__aenter__()
            await _shop(browser, sale_id, fan, shopping)
            idle.append(browser)

        await asyncio.gather(*(one(number, fan) for number, fan in enumerate(turns)))

    return _run(everybody)


def _run(everybody: Callable[[Shopping], Coroutine[Any, Any, None]]) -> Shopping:
    shopping = Shopping()
    asyncio.run(everybody(shopping))
    return shopping


async def _shop(browser: Browser, sale_id: str, fan: Turn, shopping: Shopping) -> None:
    headers = {"Authorization": f"Bearer {fan.token}", "Content-Type": "application/json"}
    began = time.perf_counter()
    wish = {**headers, "Pass": fan.turn_pass, "Idempotency-Key": secrets.token_urlsafe(8)}
    status, answer = await browser.send("POST", f"/api/v1/sales/{sale_id}/orders", wish, WISH)
    if status != 202:
        return shopping.failed.append(f"order: {status} {answer}")
    path = f"/api/v1/orders/{answer['order_id']}"
    order = await _settled(browser, path, headers, ("pending",), answer)
    if order["state"] != "held":
        return shopping.failed.append(f"hold: {order}")
    shopping.held_ms.append((time.perf_counter() - began) * 1_000)
    own = crowd.card_number(secrets.randbelow(10**9))  # as most fans have
    card = json.dumps({"card": {**crowd.CARD, "number": own}}).encode()
    status, answer = await browser.send("POST", f"{path}/payment", headers, card)
    if status != 202:
        return shopping.failed.append(f"payment: {status} {answer}")
    order = await _settled(browser, path, headers, ("held",), answer)
    if order["state"] != "paid" or len(order["tickets"]) != 2:
        return shopping.failed.append(f"paid: {order}")
    return shopping.paid_at.append(time.perf_counter())


async def _settled(
    browser: Browser,
    path: str,
    headers: dict[str, str],
    open_states: tuple[str, ...],
    accepted: dict[str, Any],
) -> dict[str, Any]:
    """Return the order when its state is none of `open_states`, looking as often as is asked."""
    until, wait_s = time.monotonic() + GIVE_UP_S, accepted["look_again_ms"] / 1_000
    while True:
        await asyncio.sleep(wait_s)
        status, order = await browser.send("GET", path, headers)
        if status != 200 or order["state"] not in open_states or time.monotonic() > until:
            return {"state": status, **order}
        wait_s = (order.get("look_again_ms") or LOOK_S * 1_000) / 1_000


class Browser:
    """One kept-alive connection."""

    def __init__(self, site: str) -> None:
        parts = urlsplit(site)
        self._host, self._port = parts.hostname, parts.port

    async def __aenter__(self) -> Browser:
        self._in, self._out = await asyncio.open_connection(self._host, self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._out.close()

    async def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        """Return status and document."""
        self._out.write(load.request(method, path, headers, body))
        head = await self._in.readuntil(b"\r\n\r\n")
        data = await self._in.readexactly(load.length(head))
        return int(head[9:12]), json.loads(data)
