"""How the rules speak with the store about one sale: scripts, reads, and failures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.commands.core import Script
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.exceptions import TimeoutError as StoreTimeout

from fairness import scripts
from fairness.direct import Direct
from fairness.errors import Unavailable


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

    def _run(self, name: str, *args: str | int | bytes) -> Any:
        """Run one script on this sale's keys: one round trip, all of it or nothing."""
        if name not in self._scripts:
            script = scripts.load(self._redis, name)
            self._scripts[name] = (script, scripts.keys_of(name, self.sale_id))
        script, its_keys = self._scripts[name]
        try:
            if self._direct is not None:
                return self._direct.run(script.sha, script.script, its_keys, args)  # type: ignore[arg-type]
            return script(keys=its_keys, args=args)
        except (StoreUnreachable, StoreTimeout) as error:
            raise Unavailable() from error

    def _read(self, *commands: tuple[str | int, ...]) -> list[Any]:
        """Return the answers to several commands, asked in one round trip at one moment."""
        with _translated(), self._redis.pipeline(transaction=len(commands) > 1) as pipeline:
            for command in commands:
                pipeline.execute_command(*command)  # type: ignore[no-untyped-call]
            return pipeline.execute()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (StoreUnreachable, StoreTimeout) as error:
        raise Unavailable() from error
