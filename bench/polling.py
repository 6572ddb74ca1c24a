"""How often a waiting page reaches Python: a crowd of pages behind nginx, counted by the service.

A page here does what `web/static/line.js` does, with the same times; nothing is squeezed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from bench.results import Figure
from console import gateway
from console.rehearsal import stage
from console.rehearsal.actors import Actor, cast
from console.rehearsal.stage import Tempo
from console.rehearsal.stand import Stand, stand
from fairness.clock import SECOND, now_us
from web import auth

COMMAND = "make bench (python -m bench polling)"
FANS, WATCHED_S = 300, 180.0
LOOK_S, PLACE_S, CALM_S, FANS_A_SECOND = 0.75, 75.0, 240.0, 5_000  # as in line.js
ALLOWED = 1.1  # requests per waiting fan and minute
OF_ONE_FAN = ("line.see_place", "waiting.page")
SLOWLY = Tempo(before_s=12, ends_s=600, opening_s=0.5, turn_s=300, capacity=4, rate_per_s=1)


class Page:
    """One fan's waiting page, open until they are called."""

    def __init__(self, http: aiohttp.ClientSession, sale_id: str, actor: Actor) -> None:
        self._http = http
        self._api = f"/api/v1/sales/{sale_id}"
        self._line = f"/sales/{sale_id}/line"
        self._headers = _of(actor) | {"Cookie": f"{auth.TOKEN_COOKIE}={actor.token}"}
        self._rng = Random(actor.number)
        self._place: dict[str, Any] = {}
        self.boards = 0
        self.waited_s = 0.0

    async def wait(self, until: float) -> None:
        """Look at the board, and at the own place when the board gives a reason or now and then."""
        opened = time.monotonic()
        await self._turn_over()
        known, ask_at = "", self._soonest({})
        while time.monotonic() < until and self._place["state"] in ("waiting_draw", "in_line"):
            await asyncio.sleep(LOOK_S * self._rng.uniform(0.8, 1.2))
            board = await self._get(f"{self._api}/board")
            self.boards += 1
            heard = self._news(board)
            if heard and heard != known:
                known = heard
                spread = min(120.0, board["arrived"] / FANS_A_SECOND) if heard == "drawn" else 1.0
                ask_at = min(ask_at, time.monotonic() + spread * self._rng.random())
            if time.monotonic() >= ask_at:
                ask_at = self._soonest(board)
                await (self._turn_over() if heard else self._look())
        self.waited_s = time.monotonic() - opened

    async def _turn_over(self) -> None:
        """Fetch the page afresh and read in it what its script reads."""
        async with self._http.get(self._line, headers=self._headers | {"Accept": "text/html"}) as a:
            text = await a.text()
            a.raise_for_status()
        self._place = _shown(text)

    async def _look(self) -> None:
        self._place |= await self._get(f"{self._api}/place")

    async def _get(self, path: str) -> dict[str, Any]:
        async with self._http.get(path, headers=self._headers) as answer:
            answer.raise_for_status()
            return dict(await answer.json())

    def _news(self, board: dict[str, Any]) -> str:
        mine = self._place
        if mine["state"] == "waiting_draw" and board["first_undrawn"] > mine["window"]:
            return "drawn"
        called = mine["state"] == "in_line" and board["served_place"] >= mine["place"]
        return "called" if called else ""

    def _soonest(self, board: dict[str, Any]) -> float:
        ahead = self._place.get("place") or 0
        far = board and ahead - board["served_place"] > board["pace_per_s"] * 5 * CALM_S
        calm = self._place["state"] == "in_line" and far
        gap = CALM_S if calm else PLACE_S
        return time.monotonic() + gap * self._rng.uniform(1, 1.25)


def measure() -> list[Figure]:
    """Return requests per waiting fan and minute that reach Python, and all boards rebuilt."""
    if gateway.binary() is None:
        raise SystemExit("no nginx in front: apt-get install nginx")
    with TemporaryDirectory() as folder, stand(Path(folder), None, print) as on:
        actors = _joined(on)
        return asyncio.run(_watched(on, *actors))


def _joined(on: Stand) -> tuple[str, list[Actor]]:
    actors = cast(FANS, 0, [-3.0] * FANS, Random(1), [])
    for actor in actors:
        actor.newcomer = False
    stage.enrol(on.db, on.settings.pepper, actors)
    for actor in actors:
        actor.token = auth.issue(actor.account_id, "fan", actor.device)
    sale = stage.set_sale(on.db, on.settings.pepper, stage.read_plan(None), SLOWLY)
    while now_us() < sale.manifest.opens_at_us + SECOND:
        time.sleep(0.1)
    return sale.sale_id, actors


async def _watched(on: Stand, sale_id: str, actors: list[Actor]) -> list[Figure]:
    async with aiohttp.ClientSession(on.site) as http:
        await asyncio.gather(*(_join(http, sale_id, actor) for actor in actors))
        metrics = await _count(on)
        until = time.monotonic() + WATCHED_S
        pages = [Page(http, sale_id, actor) for actor in actors]
        await asyncio.gather(*(page.wait(until) for page in pages))
        counted = {name: n - metrics.get(name, 0) for name, n in (await _count(on)).items()}
    minutes = sum(page.waited_s for page in pages) / 60
    # A page is opened once, at the joining; that is not waiting.
    own = sum(counted.get(name, 0) for name in OF_ONE_FAN) - len(pages)
    looks = sum(page.boards for page in pages)
    print(f"{counted} in {minutes:.0f} minutes of waiting")
    if minutes < 0.8 * len(pages) * WATCHED_S / 60:
        raise SystemExit("most pages did not wait: was the crowd held up?")
    boards = counted.get("line.see_board", 0)
    return [
        Figure("requests_per_fan_minute", round(own / minutes, 3), "requests", ALLOWED, "allowed; "
               f"{FANS} pages, {WATCHED_S:.0f} s, a draw in it", COMMAND),
        Figure("boards_that_reach_python", boards, "requests", looks, "what pages asked nginx for",
               COMMAND),
    ]  # fmt: skip


async def _join(http: aiohttp.ClientSession, sale_id: str, actor: Actor) -> None:
    headers = _of(actor) | {"Authorization": f"Bearer {actor.token}"}
    body = {"tz": "Europe/Berlin", "screen": "390x844"}
    async with http.put(f"/api/v1/sales/{sale_id}/place", json=body, headers=headers) as answer:
        answer.raise_for_status()


def _of(actor: Actor) -> dict[str, str]:
    """Return what an actor's own browser sends: who looks like a robot is held up."""
    return {**actor.headers, "X-Forwarded-For": actor.address}


async def _count(on: Stand) -> dict[str, int]:
    """Return how many requests each endpoint of the fairness service has answered."""
    assert on.own is not None
    url = f"http://127.0.0.1:{on.own.stack.ports['fairness']}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        text = await answer.text()
    found: dict[str, int] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "fairticket_http_requests_total":
                name = sample.labels["endpoint"]
                found[name] = found.get(name, 0) + int(sample.value)
    return found


def _shown(page: str) -> dict[str, Any]:
    """Return what the page's script reads in it."""
    number: Callable[[str], int | None] = lambda text: int(text) if text.isdecimal() else None  # noqa: E731
    return {
        "state": _attribute(page, "data-phase"),
        "window": number(_attribute(page, "data-window")),
        "place": number(_attribute(page, "data-place")),
    }


def _attribute(page: str, name: str) -> str:
    _, found, rest = page.partition(f'{name}="')
    return rest.partition('"')[0] if found else ""
