"""The front's connections: uvicorn's, with a short way for the hottest requests.

A join, or a look at the own place or order, that comes in one piece and has nothing odd about it
is answered in the event loop itself: no task, no thread, no environment but the few lines that it
needs; the scripts of all of them go to the store together (`fairness.pipelined`). Every other byte
is given to uvicorn as it came, and so are the bytes of a request that the short way does not
answer: Flask answers those, in a thread (`web.bridge`).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from io import BytesIO
from typing import Any, ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from fairness.pipelined import Pipelines
from web import facts, hot

HOT = re.compile(
    rb"(?:(?:PUT|GET) /api/v1/sales/([A-Za-z0-9_-]{1,64})/place"
    rb"|GET /api/v1/orders/[A-Za-z0-9_-]{1,64}) HTTP/1\.1\r\n"
)
HEAD_BYTES = 32 * 1024  # of a request line and its headers together
HEAD_S = 30.0  # from the first byte of a request to the last of its headers
_LOOK_S = 5.0
_ODD = frozenset({"HTTP_TRANSFER_ENCODING", "HTTP_EXPECT", "HTTP_UPGRADE", "HTTP_TRAILER"})
_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class ShortWay:
    """What all connections of this process share."""

    def __init__(self, path: hot.HotPath, loop: asyncio.AbstractEventLoop) -> None:
        self.path = path
        self._loop = loop
        self._pipelines = Pipelines(loop)
        self._reading: dict[str, list[Callable[[Exception | None], None]]] = {}
        self._threads = ThreadPoolExecutor(4, "facts")
        lines = [f"{name.lower()}: {value}\r\n" for name, value in path.headers]
        self._always = "".join(lines).encode("latin-1")
        self._default: object = None
        self._head = b""

    def begin(
        self,
        sale_id: str | None,
        environ: hot.Environ,
        then: Callable[[hot.Answer | None], None],
    ) -> None:
        """Work on a request; `then` is told the answer, or None when Flask is to give it.

        `sale_id` is the sale whose facts the answer needs, None if it needs none.
        """
        if sale_id is None or facts.is_fresh(sale_id):
            self._pipelines.drive(self.path.answering(environ), then)
            return

        def read(error: Exception | None) -> None:
            if error is None:
                self._pipelines.drive(self.path.answering(environ), then)
            else:
                environ[hot.FAILED] = error
                then(None)

        if sale_id in self._reading:
            self._reading[sale_id].append(read)
        else:  # one asks the database, for all who come meanwhile
            self._reading[sale_id] = [read]
            self._loop.run_in_executor(self._threads, facts.of_sale, sale_id).add_done_callback(
                partial(self._known, sale_id)
            )

    def head(self, defaults: list[tuple[bytes, bytes]]) -> bytes:
        """Return the first lines of every answer; the server says the date."""
        if defaults is not self._default:
            dated = b"".join(b"%b: %b\r\n" % pair for pair in defaults)
            self._default, self._head = defaults, b"HTTP/1.1 200 OK\r\n" + dated + self._always
        return self._head

    def close(self) -> None:
        """Close what it holds open."""
        self._pipelines.close()
        self._threads.shutdown(wait=False)

    def _known(self, sale_id: str, done: asyncio.Future[facts.Facts]) -> None:
        error = done.exception()
        for read in self._reading.pop(sale_id):
            read(error if isinstance(error, Exception) else None)


class Front(HttpToolsProtocol):
    """One connection."""

    short: ShortWay | None = None  # of this process; none in a service that has no line
    at_end: ClassVar[Callable[[], None] | None] = None  # ends what would never end by itself

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request = _Request()
        self._aloft: bytes | None = None  # the request that is on the short way
        self._later = b""
        self._tried: tuple[Any] | None = None  # what became of it there, when Flask is to answer
        self._inside_head = self._inside = False
        self._head_bytes = self._begun = 0
        self._since_s = self._heard_s = self.loop.time()
        self._ending = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to listen, and to look whether somebody is there."""
        super().connection_made(transport)
        self._request.address = self.client[0] if self.client else ""
        self._timer = self.loop.call_later(_LOOK_S, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Answer a plain hot request; give everything else to uvicorn."""
        self._heard_s = self.loop.time()
        if self._aloft is not None:
            self._later += data
            self.transport.pause_reading()
            return
        if self.short is not None and not self._inside and not self._busy():
            found = HOT.match(data)
            environ = self._request.plain(data) if found else None
            if found and environ is not None:
                self._unset_keepalive_if_required()
                self._aloft = data
                sale_id = found[1].decode() if found[1] else None
                self.short.begin(sale_id, environ, partial(self._answered, environ))
                return
        self._to_uvicorn(data)

    def on_message_begin(self) -> None:
        """Begin a request on the long way."""
        super().on_message_begin()
        self._inside = self._inside_head = True
        self._begun += 1
        self._since_s, self._head_bytes = self.loop.time(), 0
        if self._tried is not None:
            (self.scope["state"][hot.FAILED],) = self._tried
            self._tried = None

    def on_headers_complete(self) -> None:
        """Have the whole head of a request."""
        self._inside_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Have the whole request."""
        self._inside = False
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close when the present request is answered; now if there is none."""
        self._ending = True
        if Front.at_end is not None:
            Front.at_end()
        if self._aloft is None:
            super().shutdown()

    def _to_uvicorn(self, data: bytes) -> None:
        was_inside, self._begun = self._inside, 0
        super().data_received(data)
        if not self._inside_head or self.parser is None:
            return
        if self._begun > 1 or (self._begun and was_inside):
            self._head_bytes = 0  # where it begins in this piece is not known; the next ones count
        else:
            self._head_bytes += len(data)
        if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def _answered(self, environ: hot.Environ, answer: hot.Answer | None) -> None:
        data, self._aloft = self._aloft or b"", None
        self._heard_s = self.loop.time()
        if self.transport.is_closing() or self.parser is None or self.short is None:
            return
        if answer is None:
            self._tried = (environ.get(hot.FAILED),)
            self._to_uvicorn(data)
            if self._ending and self.cycle is not None:
                self.cycle.keep_alive = False
        else:
            self._write(answer)
        if self._later and not self.transport.is_closing():
            later, self._later = self._later, b""
            self.transport.resume_reading()
            self.data_received(later)

    def _write(self, answer: hot.Answer) -> None:
        assert self.short is not None
        last = self._ending or not self._request.keep_alive
        own = f"content-length: {len(answer.body)}\r\nx-request-id: {answer.request_id}\r\n"
        end = b"connection: close\r\n\r\n" if last else b"\r\n"
        head = self.short.head(self.server_state.default_headers)
        self.transport.write(b"".join((head, own.encode(), end, answer.body)))
        self.server_state.total_requests += 1
        if last:
            self.transport.close()

    def _busy(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _look(self) -> None:
        """End a connection on which nobody speaks, or somebody speaks too slowly."""
        now_s = self.loop.time()
        slow = self._inside_head and now_s - self._since_s > HEAD_S
        stuck = self._inside and now_s - self._heard_s > HEAD_S
        idle = (
            not self._busy()
            and self._aloft is None
            and now_s - self._heard_s > self.timeout_keep_alive
        )
        if slow or stuck or idle:
            self.transport.close()
        else:
            self._timer = self.loop.call_later(_LOOK_S, self._look)


class _Request:
    """Reads a whole request out of one piece of data, strictly."""

    def __init__(self) -> None:
        self.address = ""
        self.keep_alive = True
        self._environ: hot.Environ = {}
        self._body = b""
        self._odd = self._whole = False
        self._parser = httptools.HttpRequestParser(self)

    def plain(self, data: bytes) -> hot.Environ | None:
        """Return the request as WSGI would have it; None unless it is whole, alone and plain."""
        self._environ = {"REMOTE_ADDR": self.address}
        self._body, self._odd, self._whole = b"", False, False
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._odd = True
        environ = self._environ
        if self._odd or not self._whole or not _ODD.isdisjoint(environ):
            self._parser = httptools.HttpRequestParser(self)  # it may be in the midst of something
            return None
        environ["REQUEST_METHOD"] = self._parser.get_method().decode()
        environ["wsgi.input"] = BytesIO(self._body)
        return environ

    def on_message_begin(self) -> None:
        """Begin; a second request in one piece of data is odd."""
        self._odd = self._odd or self._whole

    def on_url(self, url: bytes) -> None:
        """Keep where it goes."""
        self._environ["PATH_INFO"] = url.decode("latin-1")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; one that comes twice is odd, and one whose name could be another's."""
        key = key_of(name)
        if key is None or key in self._environ:
            self._odd = True
        else:
            self._environ[key] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        self._body += body

    def on_message_complete(self) -> None:
        """Have all of it."""
        self._whole = True
        self.keep_alive = self._parser.should_keep_alive()


@lru_cache(maxsize=1024)
def key_of(name: bytes) -> str | None:
    """Return what WSGI calls a header; None for one that would pass for another there."""
    if b"_" in name:
        return None
    key = name.decode("latin-1").upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
