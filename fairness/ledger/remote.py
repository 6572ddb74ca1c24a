"""A log's public files over HTTP, fetched a few at a time and a little ahead of their reader."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

from fairness.errors import Invalid, LogBroken, Unavailable
from fairness.ledger.tiles import Files, Folder

PARALLEL = 6  # connections
TIMEOUT_S = 20.0  # for one answer to begin, or to go on
WHOLE_S = 120.0  # for one file
LARGEST = 256 * (2 + 65_535)  # bytes: a bundle of the largest entries
TRIES = 4
_PIECE = 1 << 16
_BUSY = frozenset({429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})


class Remote(Files):
    """The public files of a log at an address; `close` it at the end."""

    settle_s = 2.0  # a cache may show each file a second late

    def __init__(self, url: str, parallel: int = PARALLEL, timeout_s: float = TIMEOUT_S) -> None:
        """`url` is where `checkpoint` is found, or a site whose log is at /ledger; else Invalid."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid(
                f"{url} is no address of a log",
                field="url",
                value=url,
                rule="http:// or https://, and a host",
                remedy="give the address that ends before /checkpoint",
            )
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._host, self._port = parts.hostname, parts.port
        self._base = parts.path.rstrip("/") or "/ledger"
        self._timeout_s = timeout_s
        self._mine = threading.local()
        self._pool = ThreadPoolExecutor(parallel, "fetch")
        self._coming: dict[str, Future[bytes | None]] = {}
        self._lines: list[HTTPConnection] = []
        self._closed = False

    def expect(self, names: Iterable[str]) -> None:
        """Begin to fetch these."""
        for name in names:
            if name not in self._coming:
                self._coming[name] = self._pool.submit(self._fetch, name)

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None when it is not there.

        Unavailable when the server does not give it; LogBroken for more bytes than a log's file
        can have.
        """
        self.expect([name])
        return self._coming.pop(name).result()

    def close(self) -> None:
        """Fetch nothing more, and hang up; what is on its way is waited for."""
        self._closed = True
        self._pool.shutdown(cancel_futures=True)
        for line in self._lines:
            line.close()

    def _fetch(self, name: str) -> bytes | None:
        why = ""
        for attempt in range(TRIES):
            if self._closed:
                break
            if attempt:
                time.sleep(min(0.25 * 4**attempt, 10.0))
            try:
                answer = self._ask(name)
                body = self._body(name, answer)
            except (OSError, HTTPException) as error:
                why = f"{error}" or type(error).__name__
                self._hang_up()
                continue
            if answer.status == 200:
                return body
            if answer.status in (404, 410):
                return None
            why = self._refusal(answer)
            if answer.status not in _BUSY:
                break
        where = f"{self._host}{self._base}/{name}"
        raise Unavailable(f"{where} cannot be fetched: {why}", remedy="try again later")

    def _ask(self, name: str) -> HTTPResponse:
        line = getattr(self._mine, "line", None)
        if line is None:
            line = self._mine.line = self._connect()
            self._lines.append(line)
        headers = {"Accept-Encoding": "identity", "User-Agent": "fairticket-audit"}
        line.request("GET", f"{self._base}/{name}", headers=headers)
        answer: HTTPResponse = line.getresponse()
        return answer

    def _connect(self) -> HTTPConnection:
        if self._tls:
            return HTTPSConnection(
                self._host, self._port, timeout=self._timeout_s, context=self._tls
            )
        return HTTPConnection(self._host, self._port, timeout=self._timeout_s)

    def _body(self, name: str, answer: HTTPResponse) -> bytes:
        """Return the body; a server that sends without end, or drop by drop, is left."""
        pieces, size, until = list[bytes](), 0, time.monotonic() + WHOLE_S
        while piece := answer.read(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                self._hang_up()
                raise LogBroken(f"{name} is longer than {LARGEST} bytes: no file of a log is")
            if time.monotonic() > until:
                raise TimeoutError(f"no end after {WHOLE_S:.0f} s")
        return b"".join(pieces)

    def _hang_up(self) -> None:
        if line := getattr(self._mine, "line", None):
            line.close()
        self._mine.line = None

    @staticmethod
    def _refusal(answer: HTTPResponse) -> str:
        if answer.status in _MOVED:
            return f"it has moved; give the address {answer.getheader('Location')}"
        return f"the server answers with {answer.status} {answer.reason}"


def files_of(where: str) -> Files:
    """Return the files of a log in a folder or at an http(s) address; Invalid names a bad one."""
    if "://" in where:
        return Remote(where)
    if not Path(where).is_dir():
        raise Invalid(
            f"{where} is no folder",
            field="where",
            value=where,
            rule="a folder with a log's public files, or its http(s) address",
            remedy="give the folder or the address that holds the file checkpoint",
        )
    return Folder(Path(where))
