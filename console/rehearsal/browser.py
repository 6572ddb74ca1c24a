"""One actor's HTTP: its own headers and address, its own times, patience when the site restarts."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import aiohttp

from console.rehearsal.actors import Actor
from console.rehearsal.diary import Diary

PATIENCE_S = 60.0  # a fan reloads a site that does not answer for so long
RELOAD_S = 0.5
EXPECTED = {200, 201, 202, 204, 304}


class GaveUp(Exception):
    """The site did not answer for longer than a fan waits."""


class Browser:
    """Requests as one actor makes them; an answer is (status, document)."""

    def __init__(self, http: aiohttp.ClientSession, base: str, actor: Actor, diary: Diary) -> None:
        self._http = http
        self._base = base
        self._actor = actor
        self._diary = diary
        self._headers = {**actor.headers, "X-Forwarded-For": actor.address}
        self._etag: dict[str, tuple[str, Any]] = {}
        self.took_ms = 0.0  # of the last request that was answered

    async def get(self, path: str) -> tuple[int, Any]:
        """Read; a document that has not changed is taken from the cache, as browsers do."""
        etag, kept = self._etag.get(path, ("", None))
        status, document, headers = await self._send(
            "GET", path, headers={"If-None-Match": etag} if etag else {}
        )
        if status == 304:
            return 200, kept
        if "ETag" in headers:
            self._etag[path] = (headers["ETag"], document)
        return status, document

    async def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Write; repeated until answered, which is safe since doing it twice is doing it once."""
        status, document, _ = await self._send(
            method, path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        return status, document

    async def _send(
        self, method: str, path: str, headers: dict[str, str], json: Any = None
    ) -> tuple[int, Any, Any]:
        if self._actor.token:
            headers["Authorization"] = f"Bearer {self._actor.token}"
        deadline = time.monotonic() + PATIENCE_S
        while True:
            started = time.perf_counter()
            self._diary.requests += 1
            try:
                async with self._http.request(
                    method, self._base + path, headers={**self._headers, **headers}, json=json
                ) as answer:
                    document = (
                        await answer.json(content_type=None) if answer.status != 304 else None
                    )
                    if answer.status < 500 and answer.status != 429:
                        self.took_ms = (time.perf_counter() - started) * 1_000
                        if answer.status not in EXPECTED and isinstance(document, dict):
                            self._diary.refused(document)
                        return answer.status, document, answer.headers
                    self._diary.faults[f"{answer.status} {method} {_shape(path)}"] += 1
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                self._diary.faults[f"{type(error).__name__} {method} {_shape(path)}"] += 1
            if time.monotonic() > deadline:
                raise GaveUp(path)
            await asyncio.sleep(RELOAD_S)


class Mailbox:
    """The mail sink, as the fans' mail program."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self._http = http
        self._base = base

    async def read(self, email: str) -> list[str]:
        """Return the texts of the mails to one address, the newest first."""
        async with self._http.get(f"{self._base}/messages.json", params={"to": email}) as answer:
            return [mail["text"] for mail in reversed(await answer.json())]


def _shape(path: str) -> str:
    """Return the path with its identifiers left out, so that faults can be counted."""
    return "/".join("…" if "_" in part else part for part in path.split("?")[0].split("/"))
