"""The store of the line is killed while people try to get in: nobody may, and order must stay."""

from __future__ import annotations

import asyncio
import os
import signal
from collections import Counter
from typing import Any

import aiohttp
from redis.exceptions import RedisError

from console.rehearsal.actors import Actor
from fairness.errors import FairTicketError
from fairness.line import Line
from workers import clients

TRIES = 40
BACK_WITHIN_S = 20.0


def kill_the_store(pid: int, sale_id: str, site: str, actors: list[Actor]) -> dict[str, Any]:
    """Return what happened: tries and let_in (passes given), answers by status, order_kept.

    `actors` are fans whose turn it is not. The store is started again by whoever watches it.
    """
    line = clients.line(sale_id)
    before = (line.places(), line.served_order())
    os.kill(pid, signal.SIGKILL)
    answers = asyncio.run(_knock(site, sale_id, actors[:TRIES]))
    after = asyncio.run(_when_back(line))
    return {
        "tries": sum(answers.values()),
        "let_in": answers[200],
        "answers": {str(status): n for status, n in sorted(answers.items())},
        "order_kept": after == before,
    }


async def _knock(site: str, sale_id: str, actors: list[Actor]) -> Counter[int]:
    timeout = aiohttp.ClientTimeout(total=15)
    async with aiohttp.ClientSession(timeout=timeout) as http:

        async def claim(actor: Actor) -> int:
            headers = {
                **actor.headers,
                "Authorization": f"Bearer {actor.token}",
                "X-Forwarded-For": actor.address,
            }
            try:
                async with http.post(
                    f"{site}/api/v1/sales/{sale_id}/turn", headers=headers
                ) as answer:
                    return answer.status
            except (aiohttp.ClientError, TimeoutError):
                return 0

        return Counter(await asyncio.gather(*(claim(actor) for actor in actors)))


async def _when_back(line: Line) -> tuple[dict[str, int], list[str]]:
    deadline = asyncio.get_running_loop().time() + BACK_WITHIN_S
    while True:
        try:
            return line.places(), line.served_order()
        except (FairTicketError, RedisError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.1)
