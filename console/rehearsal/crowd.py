"""The crowd acts: joins, waits, shops, pays, gives up, comes back; all through the front door."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import aiohttp

from console.rehearsal.actors import Actor, new_password
from console.rehearsal.browser import Browser, GaveUp, Mailbox
from console.rehearsal.diary import Diary

CARD = {"number": "4242424242424242", "expiry": "12/30", "cvc": "123"}
DECLINED_CARD = {**CARD, "number": "4000000000000002"}
ORDER_LOOKS_S = 1.0
GONE_S = 6.0  # how long one who comes back was away
MAIL_WITHIN_S = 15.0
CODE = re.compile(r"\b[0-9]{6}\b")
HOPE_S = 12.0  # how long a fan hopes that seats come back when all are taken


class Visit:
    """One actor's visit to one sale, from the door to the tickets."""

    def __init__(
        self, actor: Actor, browser: Browser, mailbox: Mailbox, diary: Diary, sale_id: str,
        ends: float,
    ) -> None:  # fmt: skip
        self.actor = actor
        self.browser = browser
        self.mailbox = mailbox
        self.diary = diary
        self.sale = f"/api/v1/sales/{sale_id}"
        self.ends = ends  # monotonic
        self.stock: dict[str, dict[str, int]] = {}  # by price tier, as the board says
        self.rng = Random(actor.number)  # noqa: S311 - a simulation, repeatable on purpose

    async def run(self) -> str:
        """Return how the visit ended."""
        try:
            if self.actor.newcomer and not await self._sign_up():
                return "could not sign up"
            if not await self._join():
                return "could not join"
            return await self._wait_and_shop()
        except GaveUp:
            return "site gone too long"

    async def _sign_up(self) -> bool:
        secret = new_password()
        account = {"email": self.actor.email, "password": secret, "name": self.actor.name}
        status, _ = await self.browser.send("POST", "/api/v1/accounts", account)
        if status not in (201, 409):
            return False
        del account["name"]
        status, session = await self.browser.send("POST", "/api/v1/sessions", account)
        if status in (200, 201):
            self.actor.token = session["token"]
        return status in (200, 201)

    async def _join(self) -> bool:
        status, first = await self._put_place()
        if status not in (200, 201):
            return False
        self.actor.joined_ms = self.browser.took_ms
        self.diary.joins.append((self.diary.now(), self.browser.took_ms, self.actor.side))
        self.diary.receipts[self.actor.account_id or self.actor.email] = first
        if self.actor.comes_back:
            await asyncio.sleep(GONE_S * self.rng.random())
            _, again = await self._put_place()
            self.diary.second_joins_moved += again.get("at_us") != first.get("at_us")
        return True

    async def _put_place(self) -> tuple[int, Any]:
        return await self.browser.send("PUT", f"{self.sale}/place", self.actor.knows)

    async def _wait_and_shop(self) -> str:
        place: int | None = None
        sold_out_since: float | None = None
        patience = self.rng.uniform(8, 30) if self.actor.gives_up else float("inf")
        joined = time.monotonic()
        while time.monotonic() < self.ends:
            await asyncio.sleep(self.actor.looks_every_s * self.rng.uniform(0.8, 1.2))
            if time.monotonic() - joined > patience:
                await self.browser.send("DELETE", f"{self.sale}/place")
                return "left the line"
            _, board = await self.browser.get(f"{self.sale}/board")
            self.stock = board["stock"]
            sold_out_since = sold_out_since or time.monotonic() if board["sold_out"] else None
            if sold_out_since and time.monotonic() - sold_out_since > HOPE_S:
                return "sold out while waiting"
            if board["status"] == "closed":
                return "sale closed while waiting"
            if place is None or board["served_place"] >= place:
                ended, place = await self._look_at_place(place)
                if ended:
                    return ended
        return "still waiting at the end"

    async def _look_at_place(self, place: int | None) -> tuple[str, int | None]:
        """Return how the visit ended, if it did, and the place."""
        _, mine = await self.browser.get(f"{self.sale}/place")
        if mine["state"] == "called":
            return await self._enter(), mine["place"]
        if mine["state"] in ("done", "left"):
            return f"turn {mine['state']}", place
        if mine["verdict"] in ("review", "refuse"):
            if not mine.get("reasons"):
                self.diary.unexplained.append(f"verdict {mine['verdict']} without reasons")
            if self.actor.honest:
                await self.browser.send(
                    "POST", f"{self.sale}/appeal", {"text": "I am a fan; please have a look."}
                )
            return f"verdict {mine['verdict']}", mine["place"]
        return "", mine["place"]

    async def _enter(self) -> str:
        """Claim the turn and shop; '' when the shop is full and the fan goes on looking."""
        status, turn = await self.browser.send("POST", f"{self.sale}/turn")
        if status == 403 and turn.get("type", "").endswith("ChallengeOpen"):
            if not self.actor.honest or not await self._confirm():
                return "verdict challenge"
            status, turn = await self.browser.send("POST", f"{self.sale}/turn")
        if status != 200:
            return ""
        self.diary.calls.append((self.diary.now(), self.actor.side))
        outcome = await self._shop(turn["pass"])
        if outcome != "bought":
            await self.browser.send("DELETE", f"{self.sale}/turn")
        return outcome

    async def _confirm(self) -> bool:
        """Answer a challenge with the code from the mailbox; return whether that was right."""
        await self.browser.send("POST", f"{self.sale}/challenge")
        ends = time.monotonic() + MAIL_WITHIN_S
        while time.monotonic() < ends:
            for text in await self.mailbox.read(self.actor.email):
                if code := CODE.search(text):
                    body = {"code": code.group()}
                    status, _ = await self.browser.send(
                        "POST", f"{self.sale}/challenge/answer", body
                    )
                    return status == 200
            await asyncio.sleep(1)
        return False

    async def _shop(self, turn_pass: str) -> str:
        for attempt in range(6):
            order = await self._order(turn_pass, attempt)
            if order["state"] == "held":
                return await self._pay_or_abandon(order)
            self.actor.tier = None  # any tier will do now
            self.actor.wants = max(1, self.actor.wants - (attempt > 1))
        return "found no seats"

    async def _order(self, turn_pass: str, attempt: int) -> dict[str, Any]:
        body = await self._wish()
        started = time.perf_counter()
        key = f"{self.actor.number}-{attempt}"
        for _ in range(1 + (self.actor.number % 10 == 0)):  # one in ten clicks twice
            status, ticket = await self.browser.send(
                "POST", f"{self.sale}/orders", body, Idempotency_Key=key, Pass=turn_pass
            )
            if status != 202:
                return {"state": f"refused {status}"}
        order = await self._settled(ticket["order_id"], ("pending",))
        if order["state"] == "held":
            self.diary.order_ms.append((time.perf_counter() - started) * 1_000)
        elif order.get("problem"):
            self.diary.refused(order["problem"])
        return order

    async def _wish(self) -> dict[str, Any]:
        left = self.stock.get(self.actor.tier or "", {}).get("free", 0)
        tier = self.actor.tier if left >= self.actor.wants else None
        best = {"best": {"count": self.actor.wants, "tier": tier}}
        if not self.actor.picks_on_map:
            return best
        _, plan = await self.browser.get(f"{self.sale}/seats")
        free = [seat["seat_id"] for seat in plan["seats"] if seat["state"] == "free"]
        await asyncio.sleep(self.actor.thinks_s)
        if len(free) < self.actor.wants:
            return best
        start = self.rng.randrange(len(free) - self.actor.wants + 1)
        return {"seats": free[start : start + self.actor.wants]}

    async def _pay_or_abandon(self, order: dict[str, Any]) -> str:
        path = f"/api/v1/orders/{order['order_id']}"
        await asyncio.sleep(self.actor.thinks_s)
        if self.actor.abandons:
            await self.browser.send("DELETE", path)
            return "abandoned the seats"
        if self.actor.declined_first:
            await self.browser.send("POST", f"{path}/payment", {"card": DECLINED_CARD})
            await asyncio.sleep(1)
        status, _ = await self.browser.send("POST", f"{path}/payment", {"card": self._card()})
        if status != 202:
            return "could not pay"
        order = await self._settled(order["order_id"], ("held",))
        if order["state"] != "paid":
            return f"order {order['state']}"
        self.diary.sales.append((self.diary.now(), len(order["seats"]), self.actor.side))
        return "bought"

    def _card(self) -> dict[str, str]:
        """Return the card that a group shares, or else one of the account's own."""
        known = self.actor.cards[:1]
        of = int(known[0], 16) % 10**9 if known else self.actor.number
        return {**CARD, "number": card_number(of)}

    async def _settled(self, order_id: str, open_states: tuple[str, ...]) -> dict[str, Any]:
        """Return the order when its state is none of `open_states`, or as it is at the end."""
        while True:
            status, order = await self.browser.get(f"/api/v1/orders/{order_id}")
            if status == 200 and order["state"] not in open_states:
                return dict(order)
            if time.monotonic() > self.ends:
                return dict(order)
            await asyncio.sleep(ORDER_LOOKS_S)


def card_number(account: int) -> str:
    """Return the number of the test card that is this account's own (ISO/IEC 7812-1)."""
    digits = f"424242{account:09}"
    doubled = [int(d) * (2 - n % 2) for n, d in enumerate(reversed(digits))]
    return digits + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)


async def act(
    actors: list[Actor], diary: Diary, base: str, mail: str, sale_id: str, lasts_s: float,
    watch: Callable[[int], None],
) -> None:  # fmt: skip
    """Let all actors visit; `watch` is called twice a second with how many are still there."""
    timeout = aiohttp.ClientTimeout(total=20)
    connector = aiohttp.TCPConnector(limit=200, keepalive_timeout=10)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as http:

        async def one(actor: Actor) -> None:
            await asyncio.sleep(max(0.0, actor.arrives_s - diary.now()))
            ends = time.monotonic() + lasts_s - max(diary.now(), 0.0)
            browser, mailbox = Browser(http, base, actor, diary), Mailbox(http, mail)
            visit = Visit(actor, browser, mailbox, diary, sale_id, ends)
            diary.outcomes[f"{actor.side}: {await visit.run()}"] += 1

        visits = {asyncio.create_task(one(actor)) for actor in actors}
        try:
            while visits:
                done, visits = await asyncio.wait(
                    visits, timeout=0.5, return_when=asyncio.ALL_COMPLETED
                )
                for task in done:
                    task.result()
                watch(len(visits))
        finally:
            for task in visits:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*visits, return_exceptions=True)
