"""The shortest way to the store for one script: one connection, one write, one read.

A client that can do everything spends more CPU on a call than the store does. The front door's
hottest requests are one script each, so they take this way; it connects as the client that it is
made from does, and fails in the same words and within the same time-outs.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from typing import Any

import hiredis
from redis import Redis
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as StoreTimeout

_NOT_YET = object()
_READ = 4_096
# Answers that mean "not now": the store is starting, or nobody leads it.
_AWAY = ("LOADING", "MASTERDOWN", "CLUSTERDOWN")


def by_sha(sha: str, keys: Sequence[str], args: Sequence[str | int | bytes]) -> bytes:
    """Return the command that runs a script which the server knows, as it is sent."""
    return _packed("EVALSHA", sha, len(keys), *keys, *args)


def by_source(source: str, keys: Sequence[str], args: Sequence[str | int | bytes]) -> bytes:
    """Return the command that tells the server the script as well."""
    return _packed("EVAL", source, len(keys), *keys, *args)


def _packed(*words: str | int | bytes) -> bytes:
    command: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]
    return command


def is_forgotten(answer: Any) -> bool:
    """Return whether the server says that it does not know the script."""
    return isinstance(answer, hiredis.ReplyError) and str(answer).startswith("NOSCRIPT")


def checked(answer: Any) -> Any:
    """Return the answer; redis's ConnectionError when it means "not now", else ResponseError."""
    if isinstance(answer, hiredis.ReplyError):
        text = str(answer)
        raise (StoreUnreachable if text.startswith(_AWAY) else ResponseError)(text)
    return answer


class Direct:
    """Runs scripts. May be shared by threads; each has a connection of its own, made when needed.

    The client must decode its responses.
    """

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._mine = threading.local()

    def run(
        self, sha: str, source: str, keys: Sequence[str], args: Sequence[str | int | bytes]
    ) -> Any:
        """Return the script's answer; the server is sent the source if it does not know it.

        A connection that was lost while nobody used it is made anew, once. redis's own
        ConnectionError and TimeoutError when the store cannot be reached or does not answer in
        time: the script may have run then. ResponseError when it failed.
        """
        answer = self._asked(by_sha(sha, keys, args))
        if is_forgotten(answer):
            answer = self._asked(by_source(source, keys, args))
        return checked(answer)

    def _asked(self, data: bytes) -> Any:
        known: _Link | None = getattr(self._mine, "link", None)
        if known is not None:
            try:
                return self._exchanged(known, data)
            except StoreUnreachable:
                pass  # it was lost since it was last used
        return self._exchanged(_Link(self._pool), data)

    def _exchanged(self, link: _Link, data: bytes) -> Any:
        self._mine.link = None  # an exchange that breaks off leaves half an answer behind
        answer = link.exchange(data)
        self._mine.link = link
        return answer


class _Link:
    """One connection: what the client's would be, without what it does around each call."""

    def __init__(self, pool: Any) -> None:
        # Address, password, database, TLS and time-outs are the client's business.
        self._connection: AbstractConnection = pool.connection_class(**pool.connection_kwargs)
        self._connection.connect()
        self._socket: socket.socket = self._connection._sock
        self._reader = hiredis.Reader(encoding="utf-8", notEnoughData=_NOT_YET)
        limit_s = pool.connection_kwargs.get("socket_timeout")
        if limit_s and not isinstance(self._socket, ssl.SSLSocket):
            # The kernel's time-out, since Python's costs a call to poll before each call.
            limit = struct.pack("ll", int(limit_s), int(limit_s % 1 * 1_000_000))
            self._socket.settimeout(None)
            for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                self._socket.setsockopt(socket.SOL_SOCKET, option, limit)

    def exchange(self, data: bytes) -> Any:
        """Send one command and return the answer to it, which may be a `hiredis.ReplyError`."""
        reader = self._reader
        try:
            self._socket.sendall(data)
            while (answer := reader.gets()) is _NOT_YET:
                got = self._socket.recv(_READ)
                if not got:
                    raise StoreUnreachable("the store closed the connection")
                reader.feed(got)
        except (TimeoutError, BlockingIOError) as error:
            raise StoreTimeout("the store did not answer in time") from error
        except OSError as error:
            raise StoreUnreachable(str(error)) from error
        return answer
