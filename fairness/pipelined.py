"""Scripts of many fans in one flight: what is asked while the store works goes together afterwards.

A front end that waits for each answer alone pays for sending, waking up and reading at each of
them. Here nobody waits for a flight to fill, and yet the busier the door is, the fewer writes,
reads and wake-ups a request costs. Each store has one connection, made as the client that it
belongs to makes its own; it fails in the same words and within the same time-outs.

All of it runs in one event loop.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import hiredis
from redis import Redis
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTimeout

from fairness.direct import by_sha, by_source, checked, is_forgotten
from fairness.store import Call, Steps, T, translated

_NOT_YET = object()
_READ = 65_536


# A command on its way; who is told the store's answer, or why there is none; and whether it is sent
# a second time, since the first connection was lost. (No class: there is one for every script.)
Asked = tuple[bytes, Callable[[Any], None], bool]


class Pipelines:
    """Drives work in steps: each store runs the scripts of all that is under way together."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._to: dict[Redis, Pipeline] = {}

    def drive(self, steps: Steps[T], then: Callable[[T], None]) -> None:
        """Call `then` with what the work comes to; it must catch its own errors. Never waits."""
        _Work(self, steps, then).go_on(partial(next, steps))

    def close(self) -> None:
        """Close the connections; whoever still waits is told so."""
        for pipeline in self._to.values():
            pipeline.close()

    def to(self, redis: Redis) -> Pipeline:
        """Return the way to a store."""
        known = self._to.get(redis)
        if known is None:
            known = self._to[redis] = Pipeline(redis.connection_pool, self._loop)
        return known


class _Work:
    """One fan's work, from step to step."""

    __slots__ = ("_call", "_pipelines", "_steps", "_then")

    def __init__(self, pipelines: Pipelines, steps: Steps[T], then: Callable[[T], None]) -> None:
        self._pipelines = pipelines
        self._steps = steps
        self._then = then
        self._call: Call

    def go_on(self, step: Callable[[], Call]) -> None:
        """Take a step, and ask for the script that it stops at."""
        try:
            self._call = call = step()
        except StopIteration as end:
            self._then(end.value)
        else:
            self._ask(by_sha(call.script.sha, call.keys, call.args))

    def _ask(self, command: bytes) -> None:
        self._pipelines.to(self._call.store.redis).ask((command, self._answered, False))

    def _answered(self, answer: Any) -> None:
        if not isinstance(answer, Exception):
            self.go_on(partial(self._steps.send, answer))
        elif is_forgotten(answer):
            call = self._call
            self._ask(by_source(str(call.script.script), call.keys, call.args))
        else:
            self.go_on(partial(self._steps.throw, _failure(answer)))


def _failure(answer: Exception) -> Exception:
    """Return what `SaleStore` raises of it."""
    try:
        with translated():
            checked(answer)
            raise answer
    except Exception as error:
        return error


class Pipeline:
    """The way to one store: a connection with at most one flight on it, made when needed."""

    def __init__(self, pool: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._loop = loop
        self._waiting: list[Asked] = []
        self._link: _Link | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._due = False

    def ask(self, asked: Asked) -> None:
        """Send a command, with those of everybody else who speaks in this round of the loop."""
        self._waiting.append(asked)
        if not self._due:
            self._due = True
            self._loop.call_soon(self._depart)

    def depart(self) -> None:
        """Send what waits, if nothing is on its way."""
        if self._link is None:
            if self._waiting and self._connecting is None:
                self._connecting = self._loop.create_task(self._connect())
        elif self._waiting and not self._link.flight:
            flight, self._waiting = self._waiting, []
            self._link.send(flight)

    def lost(self, error: Exception, flight: list[Asked]) -> None:
        """Tell those of a broken flight, or send them once more: the store may just have moved."""
        self._link = None
        for command, then, again in flight:
            if again or isinstance(error, StoreTimeout):
                then(error)
            else:
                self._waiting.append((command, then, True))
        self.depart()

    def close(self) -> None:
        """Close the connection; whoever waits is told that the store is out of reach."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._link is not None:
            self._link.end(StoreTimeout("the front end is closing"))

    def _depart(self) -> None:
        self._due = False
        self.depart()

    async def _connect(self) -> None:
        # Address, password, database, TLS and time-outs are the client's business.
        connection: AbstractConnection = self._pool.connection_class(**self._pool.connection_kwargs)
        try:
            await self._loop.run_in_executor(None, connection.connect)
        except Exception as error:
            away = error if isinstance(error, StoreTimeout) else StoreUnreachable(str(error))
            waiting, self._waiting = self._waiting, []
            for _, then, _ in waiting:
                then(away)
        else:
            limit_s = self._pool.connection_kwargs.get("socket_timeout")
            self._link = _Link(self, connection, limit_s, self._loop)
        finally:
            self._connecting = None
        self.depart()


class _Link:
    """One connection, and the flight that is on it."""

    def __init__(
        self,
        owner: Pipeline,
        connection: AbstractConnection,
        limit_s: float | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.flight: list[Asked] = []
        self._owner = owner
        self._connection = connection
        self._limit_s = limit_s
        self._loop = loop
        self._answered = 0
        self._unsent = memoryview(b"")
        self._is_full = False  # the connection takes no more for now
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reader = hiredis.Reader(encoding="utf-8", notEnoughData=_NOT_YET)
        self._socket = cast(Any, connection._sock)  # None when it is closed
        self._socket.setblocking(False)
        loop.add_reader(self._socket, self._read)

    def send(self, flight: list[Asked]) -> None:
        """Take these commands aboard; there must be none on its way."""
        self.flight, self._answered = flight, 0
        self._unsent = memoryview(b"".join([command for command, _, _ in flight]))
        if self._limit_s:
            self._due_s = self._loop.time() + self._limit_s
            if self._timer is None:
                self._timer = self._loop.call_later(self._limit_s, self._look)
        self._write()

    def end(self, error: Exception) -> None:
        """Close the connection; the owner sees to those who have no answer."""
        if self._socket is None:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket = None
        if self._timer is not None:
            self._timer.cancel()
        self._connection.disconnect()  # type: ignore[no-untyped-call]
        self._owner.lost(error, self.flight[self._answered :])

    def _write(self) -> None:
        """Send as much as the connection takes, and the rest when it takes more."""
        try:
            while self._unsent:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            self._loop.add_writer(self._socket, self._write)
            self._is_full = True
        except OSError as error:
            self.end(StoreUnreachable(str(error)))
        else:
            if self._is_full:
                self._loop.remove_writer(self._socket)
                self._is_full = False

    def _read(self) -> None:
        try:
            while True:
                data = self._socket.recv(_READ)
                if not data:
                    raise ConnectionError("the store closed the connection")
                self._reader.feed(data)
                if len(data) < _READ and not isinstance(self._socket, ssl.SSLSocket):
                    break  # TLS may have more, which the kernel does not know of
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as error:
            self._hand_out()
            self.end(StoreUnreachable(str(error)))
            return
        self._hand_out()

    def _hand_out(self) -> None:
        """Give everybody their answer; the store already works on the next flight meanwhile."""
        flight, first, reader = self.flight, self._answered, self._reader
        answers = []
        for _ in range(first, len(flight)):
            answer = reader.gets()
            if answer is _NOT_YET:
                break
            answers.append(answer)
        self._answered += len(answers)
        if self._answered == len(flight):
            self.flight, self._answered = [], 0
            if reader.has_data():  # nobody asked for this: whose answers are these?
                self.end(StoreUnreachable("the store said what nobody asked for"))
            else:
                self._owner.depart()
        for (_, then, _), answer in zip(flight[first:], answers, strict=False):
            then(answer)

    def _look(self) -> None:
        """See whether the flight is late; one timer serves many flights."""
        self._timer = None
        if not self.flight:
            return
        left_s = self._due_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
        else:
            self.end(StoreTimeout("the store did not answer in time"))
