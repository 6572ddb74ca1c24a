"""Flask as uvicorn serves it: behind the bridge, with the short way opened and closed with it."""

from __future__ import annotations

import asyncio
import gc
import sys
from typing import Any

from flask import Flask

from web.app import BODY_LIMIT
from web.board_events import BoardEvents
from web.bridge import Bridge, Receive, Send
from web.front import Front, ShortWay
from web.hot import LINE, HotPath
from workers.settings import settings

_SWITCH_S = 0.001  # a join does not wait longer for a thread of Flask's to let it go on
_GARBAGE = 50_000  # hardly anything of a join is garbage that only a collection finds


class Served:
    """An ASGI application: one process's part of a service."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._bridge = Bridge(app, BODY_LIMIT)
        self._events = BoardEvents(settings().board_events)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer a request, or see the process through its life."""
        if scope["type"] == "http":
            if not await self._events.told(scope, receive, send):
                await self._bridge(scope, receive, send)
        elif scope["type"] == "lifespan":
            await receive()
            self._open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self._close()
            await send({"type": "lifespan.shutdown.complete"})

    def _open(self) -> None:
        path = self._app.wsgi_app
        if isinstance(path, HotPath):
            Front.short = ShortWay(path, asyncio.get_running_loop())
            if path.ways[0] in LINE:  # a look at an order may wait, and each switch costs CPU
                sys.setswitchinterval(_SWITCH_S)
        Front.at_end = self._events.let_go
        gc.collect()
        gc.freeze()  # what is there now stays: no need to go through it again and again
        gc.set_threshold(_GARBAGE, 20, 20)

    def _close(self) -> None:
        if Front.short is not None:
            Front.short.close()
            Front.short = None
        self._bridge.close()
        self._events.close()
        Front.at_end = None
