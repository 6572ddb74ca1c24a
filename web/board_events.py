"""Server-sent events of the board: who listens is told what changes (HTML Standard, section 9.2).

Off unless the deployment says how many may listen to one process: an open connection costs more
than an answer from the gateway's cache. No page needs it: without it, or when it ends, pages ask.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis.exceptions import RedisError

from fairness import board
from web import security, services
from web.bridge import Receive, Send

PATH = re.compile(r"/api/v1/sales/([A-Za-z0-9_-]{1,64})/board/events")
READ_S = 1.0  # between two looks at a board, however many listen to it
SILENT_S = 15.0  # then a comment is sent, so that nobody between takes the connection for dead


@dataclass(slots=True)
class _Watched:
    """One board as it is now; None: it can be read no more, and whoever listens is let go."""

    text: str | None
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    listeners: int = 0

    def become(self, text: str | None) -> None:
        """Take this text and wake who listens."""
        self.text = text
        self.changed.set()
        self.changed = asyncio.Event()


class BoardEvents:
    """Tells the boards of all sales to up to `most` listeners."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._boards: dict[str, _Watched] = {}
        self._followers: set[asyncio.Task[None]] = set()
        self._threads = ThreadPoolExecutor(1, "boards")

    async def told(self, scope: Any, receive: Receive, send: Send) -> bool:
        """Tell a board until the listener has gone or it cannot be read any more.

        False, with nothing sent, when the request is for the application: it asks for something
        else, there is no such board, or all who may are listening.
        """
        sale_id = self._asked(scope)
        text = await self._read(sale_id) if sale_id else None
        if sale_id is None or text is None:
            return False
        watched = self._boards.get(sale_id) or self._begun(sale_id, text)
        watched.listeners += 1
        try:
            await _tell(watched, receive, send)
        finally:
            watched.listeners -= 1
        return True

    def let_go(self) -> None:
        """End what is being told: the process ends, and the pages listen elsewhere."""
        for watched in self._boards.values():
            watched.become(None)

    def close(self) -> None:
        """Let the thread end."""
        self._threads.shutdown(wait=False)

    def _asked(self, scope: Any) -> str | None:
        found = PATH.fullmatch(scope["path"]) if scope["method"] == "GET" else None
        full = sum(board.listeners for board in self._boards.values()) >= self._most
        return None if found is None or full else found[1]

    def _begun(self, sale_id: str, text: str) -> _Watched:
        watched = self._boards[sale_id] = _Watched(text)
        follower = asyncio.create_task(self._follow(sale_id, watched))
        self._followers.add(follower)
        follower.add_done_callback(self._followers.discard)
        return watched

    async def _follow(self, sale_id: str, watched: _Watched) -> None:
        while watched.listeners and watched.text is not None:
            await asyncio.sleep(READ_S)
            text = await self._read(sale_id)
            if text != watched.text and watched.text is not None:
                watched.become(text)
        del self._boards[sale_id]

    async def _read(self, sale_id: str) -> str | None:
        """Return the board; None when there is none, or its store is away: Flask says which."""
        loop = asyncio.get_running_loop()
        with suppress(RedisError):
            return await loop.run_in_executor(self._threads, _text, sale_id)
        return None


def _text(sale_id: str) -> str | None:
    return board.text(services.redis(), sale_id)


async def _tell(watched: _Watched, receive: Receive, send: Send) -> None:
    gone = asyncio.create_task(_gone(receive))
    try:
        await send({"type": "http.response.start", "status": 200, "headers": _headers()})
        while watched.text is not None and not gone.done():
            changed = watched.changed
            await send(_part(f"data: {watched.text}\n\n"))
            while not (changed.is_set() or gone.done()):
                if not await _either(changed, gone):
                    await send(_part(": still here\n\n"))
        await send({"type": "http.response.body", "body": b"", "more_body": False})
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _either(changed: asyncio.Event, gone: asyncio.Task[None]) -> bool:
    """Return whether either came within the time of silence."""
    waiter = asyncio.create_task(changed.wait())
    done, _ = await asyncio.wait(
        {waiter, gone}, timeout=SILENT_S, return_when=asyncio.FIRST_COMPLETED
    )
    waiter.cancel()
    return bool(done)


def _part(text: str) -> dict[str, Any]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}


def _headers() -> list[tuple[bytes, bytes]]:
    own = [("content-type", "text/event-stream"), ("x-accel-buffering", "no")]
    return [(k.lower().encode(), v.encode()) for k, v in [*own, *security.of_api()]]
