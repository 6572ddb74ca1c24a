"""How the rules speak with the store about one sale: scripts, reads, and failures."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple, TypeVar

from redis import Redis
from redis.commands.core import Script
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTimeout

from fairness import scripts
from fairness.direct import Direct
from fairness.errors import Unavailable

T = TypeVar("T")


class Call(NamedTuple):
    """One script, with the store that is to run it, its keys and its arguments."""

    store: SaleStore
    script: Script
    keys: Sequence[str]
    args: Sequence[str | int | bytes]


# Work that stops at each script that it needs. Whoever drives it has them run: `wait` blocks until
# the store answers, an event loop serves others meanwhile (`fairness.pipelined`).
Steps = Generator[Call, Any, T]


class SaleStore:
    """One sale's keys. Making one costs nothing; it may be kept, and shared by threads.

    The client must decode its responses. A store out of reach is `Unavailable`. Scripts go by
    `direct`, where it is given: it costs half the CPU.
    """

    def __init__(self, redis: Redis, sale_id: str, direct: Direct | None = None) -> None:
        self.sale_id = sale_id
        self._redis = redis
        self._direct = direct
        self._scripts: dict[str, tuple[Script, list[str]]] = {}

    @property
    def redis(self) -> Redis:
        """Return the client of the store that the sale's keys are in."""
        return self._redis

    def _run(self, name: str, *args: str | int | bytes) -> Any:
        """Run one script on this sale's keys: one round trip, all of it or nothing."""
        return self.ran(self._call(name, *args))

    def _run_all(self, name: str, each: Sequence[Sequence[str | int | bytes]]) -> list[Any]:
        """Run one script on this sale's keys for many, in this order: one flight of them."""
        if len(each) == 1:
            return [self._run(name, *each[0])]
        with translated(), self._redis.pipeline(transaction=False) as pipeline:
            for args in each:
                call = self._call(name, *args)
                call.script(keys=call.keys, args=call.args, client=pipeline)
            return pipeline.execute()

    def ran(self, call: Call) -> Any:
        """Return the answer to a script of this store; Unavailable when it is out of reach."""
        script = call.script
        with translated():
            if self._direct is None:
                return script(keys=call.keys, args=call.args)
            return self._direct.run(script.sha, str(script.script), call.keys, call.args)

    def _call(self, name: str, *args: str | int | bytes) -> Call:
        """Return the script that `_run` runs, not run."""
        if name not in self._scripts:
            script = scripts.load(self._redis, name)
            self._scripts[name] = (script, scripts.keys_of(name, self.sale_id))
        script, its_keys = self._scripts[name]
        return Call(self, script, its_keys, args)

    def _read(self, *commands: tuple[str | int, ...]) -> list[Any]:
        """Return the answers to several commands, asked in one round trip at one moment."""
        with translated(), self._redis.pipeline(transaction=len(commands) > 1) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
            return pipeline.execute()


def wait(steps: Steps[T]) -> T:
    """Return what the work comes to, when it has waited for each of its scripts."""
    go_on: Callable[[], Call] = partial(next, steps)
    while True:
        try:
            call = go_on()
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        try:
            go_on = partial(steps.send, call.store.ran(call))
        except Exception as error:
            go_on = partial(steps.throw, error)


@contextmanager
def translated() -> Iterator[None]:
    """Say Unavailable of a store that is out of reach."""
    try:
        yield
    except (StoreUnreachable, StoreTimeout) as error:
        raise Unavailable() from error
