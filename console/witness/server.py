"""The witness's door: C2SP tlog-witness over HTTP."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from hashlib import sha256

from aiohttp import web

from fairness.errors import Unavailable
from fairness.ledger.notes import Verifier
from fairness.ledger.witness import MOST_BYTES, Answer, Witness

_WITNESS = web.AppKey("witness", Witness)
_KEYS = web.AppKey("keys", tuple[Verifier, tuple[Verifier, ...]])


async def serve(host: str, port: int, site: web.Application) -> None:
    """Serve the witness until told to stop by a signal."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    runner = web.AppRunner(site, access_log=None)  # nobody's address is noted
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    await stop.wait()
    await runner.cleanup()


def site(witness: Witness, key: Verifier, logs: tuple[Verifier, ...]) -> web.Application:
    """Return the witness as an application; `key` and `logs` are what it tells of itself."""
    app = web.Application(client_max_size=MOST_BYTES)
    app[_WITNESS], app[_KEYS] = witness, (key, logs)
    app.add_routes(
        [
            web.post("/add-checkpoint", add_checkpoint),
            web.get("/{origin:[0-9a-f]{64}}/checkpoint", checkpoint),
            web.get("/", about),
            web.get("/healthz", healthy),
        ]
    )
    return app


async def add_checkpoint(request: web.Request) -> web.Response:
    """Cosign a checkpoint that extends all that was cosigned before."""
    body = await request.read()
    return await _told(request, lambda witness: witness.add_checkpoint(body))


async def checkpoint(request: web.Request) -> web.Response:
    """Give the newest checkpoint of a log that was cosigned here."""
    origin = request.match_info["origin"]
    return await _told(request, lambda witness: witness.checkpoint(origin))


async def about(request: web.Request) -> web.Response:
    """Say whose witness this is, in plain text."""
    key, logs = request.app[_KEYS]
    lines = [f"A witness of transparency logs (c2sp.org/tlog-witness).\n\nkey {key}"]
    for log in logs:
        lines.append(f"log {log}\n    /{sha256(log.name.encode()).hexdigest()}/checkpoint")
    return web.Response(text="\n".join(lines) + "\n")


async def healthy(_request: web.Request) -> web.Response:
    """Say that the witness answers."""
    return web.json_response({"status": "ok"})


async def _told(request: web.Request, ask: Callable[[Witness], Answer]) -> web.Response:
    try:
        answer = await asyncio.to_thread(ask, request.app[_WITNESS])
    except Unavailable as error:
        answer = Answer(503, f"{error}\n")
    kind = answer.kind.partition(";")[0]
    return web.Response(status=answer.status, text=answer.body, content_type=kind)
