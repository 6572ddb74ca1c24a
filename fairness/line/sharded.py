"""A line whose arrivals come in at several stores, for more joins a second than one store takes.

Each fan belongs to one shard, by a hash of their name, so that a second join finds the first. A
shard stamps by its own clock, and closes a window for itself. When all have, the first store
collects the window's arrivals; from there on it is a line like any other: screening, draw, places
and turns are in the first store.

The order needs no common clock: nobody is given a time in a window that is closed, windows are
served in their order, and clocks that are within ε of true time put two fans who came more than
Δ + 2ε apart into different windows. ε is the manifest's `clock_bound_us`.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Any

from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.direct import Direct
from fairness.errors import Invalid, Unavailable
from fairness.ledger.entries import in_parts
from fairness.ledger.history import History
from fairness.line import recovery
from fairness.line.arrivals import flat, state_fields
from fairness.line.model import Arrival, LineStatus, Position
from fairness.line.part import CHUNK, Part
from fairness.line.remains import Calls
from fairness.line.whole import Line
from fairness.manifest import Manifest
from fairness.store import Steps


class ShardedLine(Line):
    """A line over the store of `redis`, the first shard, and those of `others`, in this order.

    The order of the others must not change while a sale lasts: a fan's shard follows from it. One
    of the others that is away takes no arrivals and holds up the draw; everybody who has a place
    is called, and answered, as ever.
    """

    def __init__(
        self, redis: Redis, sale_id: str, others: Sequence[Redis], direct: Direct | None = None
    ) -> None:
        super().__init__(redis, sale_id, direct)
        self._others = [Part(other, sale_id) for other in others]
        self._shards: list[Part] = [self, *self._others]
        self._waiting = dict.fromkeys(self._others, 0)  # not collected yet, when last counted

    def open(self, manifest: Manifest) -> None:
        """Do what `Line.open` does, in every shard; Invalid when the rules know of no ε."""
        if manifest.clock_bound_us < 1:
            raise Invalid(
                "the sale does not say how far the clocks of its stores may be off",
                field="clock_bound_us",
                value=manifest.clock_bound_us,
                rule="at least 1 µs where a line has several stores",
                remedy="set clock_bound_us to what your time service promises, such as 10000",
            )
        rules, fields = json.dumps(manifest.to_entry(), sort_keys=True), state_fields(manifest)
        for number, other in enumerate(self._others, 1):
            other._run("open", rules, *flat({**fields, **self._as_shard(number)}))
        super().open(manifest)  # last: with it, the line is there
        self._run("control", *flat(self._as_shard(0)))

    def control(self, **changes: Any) -> None:
        """Do what `Line.control` does, in every shard; one that is away is told when it is back."""
        super().control(**changes)
        given = {name: value for name, value in changes.items() if value is not None}
        for other in self._others if given else ():
            with suppress(Unavailable):
                other._run("control", *flat(given))

    def joining(self, fan: str, visit: str) -> Steps[Arrival]:
        """Do what `Line.joining` does, in the fan's shard."""
        arrival = yield from super().joining(fan, visit)
        if not arrival.first and self._of(fan) is not self:
            yield self._call("back", fan)
        return arrival

    def arrived(self, fan: str) -> int | None:
        """Return when the fan first joined, µs; None when they never did."""
        return super().arrived(fan) or next(map(int, self._elsewhere(fan)), None)

    def arrivals(self) -> list[tuple[str, int]]:
        """Return (fan, at_us) of everybody who ever joined, in the order of arrival."""
        known = dict(super().arrivals())
        for other in self._others:
            for fan, at_us in other._scored(keys.arrivals(self.sale_id), self._closed()):
                known.setdefault(fan, at_us)
        return sorted(known.items(), key=lambda arrival: arrival[1])

    def close_due_windows(self) -> list[int]:
        """Close every window that is over in all shards; return the new ones with arrivals.

        None while a shard is away.
        """
        (known,) = self._read(("HMGET", keys.state(self.sale_id), "closed_us", "status"))
        since, status = known[0] or "0", known[1] or "open"
        try:
            until = min(int(other._run("shut", status)) for other in self._others)
        except Unavailable:
            return []
        if until <= int(since):
            return []
        for other in self._others:
            windows = set[int]()
            for part in _chunks(other._scored(keys.arrivals(self.sale_id), since, f"({until}")):
                if not self._collect(other, part, since):
                    return []  # somebody else has done it
                windows |= {self.manifest().window_of(at_us) for _, at_us in part}
            for window in windows:
                other._read(("UNLINK", other._visits(window)))
        return self._close(until)

    def status(self) -> LineStatus:
        """Return the line in numbers; who is not collected yet counts as arrived.

        A shard that is away counts as it did before.
        """
        now, since = super().status(), self._closed()
        for other in self._others:
            with suppress(Unavailable):
                (new,) = other._read(("ZCOUNT", keys.arrivals(self.sale_id), since, "+inf"))
                self._waiting[other] = new
        return now.with_arrived(now.arrived + sum(self._waiting.values()))

    def positioning(self, fan: str) -> Steps[Position]:
        """Do what `Line.positioning` does; also for who is collected while their shard is away."""
        try:
            return (yield from super().positioning(fan))
        except Unavailable:
            known = yield from Line(self._redis, self.sale_id, self._direct).positioning(fan)
            if known.state == "unknown":
                raise
            return known

    def is_there(self) -> bool:
        """Return whether every shard has this line."""
        found = [s._read(("HEXISTS", keys.state(self.sale_id), "manifest")) for s in self._shards]
        return all(there for (there,) in found)

    def prepare(
        self, past: History, known: Calls, rules: Manifest, steered: Mapping[str, Any], size: int
    ) -> str:
        """Do what `Line.prepare` does: the line will be the first shard of several."""
        return super().prepare(past, known, rules, {**steered, **self._as_shard(0)}, size)

    def mend(self) -> None:
        """Make shards again that were lost, from what the first store has collected.

        Their newest arrivals come back by the fans' receipts; no window closes meanwhile.
        """
        for number, other in enumerate(self._others, 1):
            if not other._read(("HEXISTS", keys.state(self.sale_id), "manifest"))[0]:
                self._mend(number, other)

    def forget(self) -> None:
        """Remove every trace of this line from all stores; its log stays."""
        for other in self._others:
            for key in list(other._redis.scan_iter(keys.everything(self.sale_id), count=CHUNK)):
                other._read(("UNLINK", key))
        super().forget()

    def _mend(self, number: int, other: Part) -> None:
        names = ("manifest", "status", "closed_us")
        (values,) = self._read(("HMGET", keys.state(self.sale_id), *names))
        rules, status, closed_us = values
        theirs = [a for a in super().arrivals() if self._of(a[0]) is other]
        for part in in_parts(theirs, CHUNK):
            pairs = [value for fan, at_us in part for value in (at_us, fan)]
            other._read(("ZADD", keys.arrivals(self.sale_id), "NX", *pairs))
        ((seconds, micros),) = other._read(("TIME",))
        now_us = int(seconds) * SECOND + int(micros)
        fields = state_fields(Manifest.from_entry(json.loads(rules)))
        fields |= {
            **self._as_shard(number), "status": status, "closed_us": closed_us,
            "last_us": max(now_us, int(closed_us)), "rebuilt_us": now_us + 1,
            "grace_us": now_us + recovery.GRACE_US,
        }  # fmt: skip
        other._run("open", rules, *flat(fields))

    def _collect(self, other: Part, part: Sequence[tuple[str, int]], since: str) -> bool:
        by_window, visits = defaultdict[int, list[str]](list), dict[str, str]()
        for fan, at_us in part:
            by_window[self.manifest().window_of(at_us)].append(fan)
        for window, fans in by_window.items():
            visits |= other._fields(other._visits(window), fans)
        rows = [value for fan, at in part for value in (fan, at, visits.get(fan, ""))]
        return bool(self._run("collect", since, *rows))

    def _closed(self) -> str:
        """Return the end of the newest closed window, as the first store has it."""
        (closed_us,) = self._read(("HGET", keys.state(self.sale_id), "closed_us"))
        return closed_us or "0"

    def _of(self, fan: str) -> Part:
        return self._shards[int.from_bytes(sha256(fan.encode()).digest()[:8]) % len(self._shards)]

    def _stamped(self, fan: str) -> Steps[tuple[str, ...]]:
        shard = self._of(fan)
        (at_us,) = (None,) if shard is self else (yield shard._call("came", fan))
        return () if at_us is None else (at_us,)

    def _as_shard(self, number: int) -> dict[str, int]:
        return {"shard": number, "shards": len(self._shards)}


def _chunks(found: Iterator[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    part: list[tuple[str, int]] = []
    for arrival in found:
        part.append(arrival)
        if len(part) == CHUNK // 2:
            yield part
            part = []
    if part:
        yield part
