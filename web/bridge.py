"""From uvicorn to Flask: a request that has arrived whole is answered by WSGI in a thread.

The body is collected before a thread is taken, so that slow senders hold up nobody. A usual
answer goes out as one; a long one goes piece by piece, at the pace of whoever reads it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from web import hot
from web.front import key_of

Message = Any  # a message of ASGI: what uvicorn's own types say, too
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

AT_ONCE = 4 * 1024 * 1024  # an answer up to here holds up no thread, however slowly it is read


class Bridge:
    """An ASGI application that stands for one of WSGI."""

    def __init__(self, wsgi: WSGI, most_bytes: int, threads: int = 1) -> None:
        """`most_bytes` of a body are read: more is for the application to refuse."""
        self._wsgi = wsgi
        self._most = most_bytes
        self._threads = ThreadPoolExecutor(threads, "wsgi")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        environ = environ_of(scope)
        body = await self._collected(environ, receive)
        if body is None:
            return
        environ["wsgi.input"] = BytesIO(body)
        loop = asyncio.get_running_loop()
        answer = _Answer(loop, send)
        rest = await loop.run_in_executor(self._threads, answer.run, self._wsgi, environ)
        for message in rest:
            await send(message)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False)

    async def _collected(self, environ: dict[str, Any], receive: Receive) -> bytes | None:
        """Return the body, not much more than is wanted of it; None when the sender has gone."""
        told = environ.get("CONTENT_LENGTH", "0")
        if told.isdecimal() and int(told) > self._most:
            return b""  # it is refused by what it says of itself
        parts, size, more = [], 0, True
        while more and size <= self._most:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
        return b"".join(parts)


class _Answer:
    """One answer, on its way from a thread to the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Send) -> None:
        self._loop = loop
        self._send = send
        self._start: Message = None
        self._begun = False

    def run(self, wsgi: WSGI, environ: dict[str, Any]) -> list[Message]:
        """Have the application answer; return what is still to be sent. In a thread."""
        parts = wsgi(environ, self._started)
        try:
            held = b""
            for part in filter(None, parts):
                held += part
                if len(held) > AT_ONCE:
                    self._sent(held)
                    held = b""
            if self._start is None:
                raise RuntimeError("the application has not started its answer")
        finally:
            if hasattr(parts, "close"):
                parts.close()
        last = {"type": "http.response.body", "body": held, "more_body": False}
        return [last] if self._begun else [self._start, last]

    def _started(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> Callable[[bytes], None]:
        if exc_info and self._begun:
            raise exc_info[1].with_traceback(exc_info[2])
        self._start = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        }
        return self._sent

    def _sent(self, part: bytes) -> None:
        """Send a piece, when there is room for it."""
        if not self._begun:
            self._begun = True
            self._wait(self._start)
        self._wait({"type": "http.response.body", "body": part, "more_body": True})

    def _wait(self, message: Message) -> None:
        asyncio.run_coroutine_threadsafe(self._send(message), self._loop).result()  # type: ignore[arg-type]


def environ_of(scope: Any) -> dict[str, Any]:
    """Return a request as WSGI has it (PEP 3333), but for its body."""
    host, port = scope.get("server") or ("localhost", None)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port or 80),
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
    for name, value in scope["headers"]:
        key = key_of(name)
        if key is None:
            continue
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    if hot.FAILED in scope["state"]:
        environ[hot.FAILED] = scope["state"][hot.FAILED]
    return environ
