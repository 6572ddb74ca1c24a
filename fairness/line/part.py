"""What all parts of the line know: its rules, and how to read much without stopping others."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator

from redis import Redis

from fairness import keys
from fairness.direct import Direct
from fairness.errors import NoLine
from fairness.ledger.entries import in_parts
from fairness.manifest import Manifest
from fairness.store import SaleStore, Steps, wait

# Members of a key that are read or written by one command. A store does one thing at a time, so
# nothing may take long: this many take about a millisecond.
CHUNK = 200
SCORED = 500  # neighbours in a sorted set are at hand


class Part(SaleStore):
    """A part of one sale's line."""

    def __init__(self, redis: Redis, sale_id: str, direct: Direct | None = None) -> None:
        super().__init__(redis, sale_id, direct)
        self._manifest: Manifest | None = None

    def manifest(self) -> Manifest:
        """Return the rules of this line; NotFound when it was never opened."""
        if self._manifest is None:
            (text,) = self._read(("HGET", keys.state(self.sale_id), "manifest"))
            if text is None:
                raise self._never_opened()
            self._manifest = Manifest.from_entry(json.loads(text))
        return self._manifest

    def _of(self, _fan: str) -> Part:
        """Return the store that stamps this fan's arrival."""
        return self

    def _elsewhere(self, fan: str) -> tuple[str, ...]:
        """Return the fan's arrival, µs, if another store than this has stamped it."""
        return wait(self._stamped(fan))

    def _stamped(self, _fan: str) -> Steps[tuple[str, ...]]:
        """Do what `_elsewhere` does, in steps."""
        yield from ()
        return ()

    def _visits(self, window: int) -> str:
        """Return the key of what the front door saw of the fans of one window."""
        return f"{keys.visits(self.sale_id)}:{window}"

    def _scored(
        self, key: str, low: int | str = "-inf", high: int | str = "+inf"
    ) -> Iterator[tuple[str, int]]:
        """Yield the members of a sorted set by score, in chunks; no two may have the same."""
        while True:
            (found,) = self._read(
                ("ZRANGEBYSCORE", key, low, high, "WITHSCORES", "LIMIT", 0, SCORED)
            )
            yield from ((member, int(score)) for member, score in found)
            if len(found) < SCORED:
                return
            low = f"({int(found[-1][1])}"

    def _fields(self, key: str, names: Iterable[str]) -> dict[str, str]:
        """Return those of these fields of a hash that are there, read in chunks."""
        known: dict[str, str] = {}
        for part in in_parts(list(names), CHUNK):
            (values,) = self._read(("HMGET", key, *part))
            known |= {name: v for name, v in zip(part, values, strict=True) if v is not None}
        return known

    def _all_fields(self, key: str) -> dict[str, str]:
        """Return a hash, read in chunks; what is set or removed meanwhile may be in it or not."""
        known, cursor = dict[str, str](), 0
        while True:
            ((cursor, some),) = self._read(("HSCAN", key, cursor, "COUNT", CHUNK))
            known |= some
            if not int(cursor):
                return known

    def _known_fields(self, key: str, names: Collection[str]) -> dict[str, str]:
        """Return what `_fields` does, by the shorter way: few of many names may be there."""
        (size,) = self._read(("HLEN", key))
        if size > len(names):
            return self._fields(key, names)
        known = self._all_fields(key)
        return {name: known[name] for name in names if name in known}

    def _never_opened(self) -> NoLine:
        return NoLine(
            "there is no line for this sale",
            field="sale",
            value=self.sale_id,
            rule="a sale whose line has been opened",
            remedy="look the sale up in the list of events",
        )
