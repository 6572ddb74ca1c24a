"""A log in memory, and a whole small sale written into it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from threading import Lock

from fairness import beacon, report
from fairness.errors import LogBroken
from fairness.ledger import decisions, entries, seat_entries, windows
from fairness.ledger.inclusion import Prover, Receipt
from fairness.ledger.log import Log
from fairness.ledger.tiles import Folder
from fairness.manifest import Manifest
from fairness.receipts import Promises

SEED = bytes(range(32))
BEACON_SEED = bytes(range(32, 64))
ORIGIN = "fairticket.example/log"
SECOND = 1_000_000
START = 1_800_000_000 * SECOND
MANIFEST = Manifest("sale", START - 60 * SECOND, START, START + 3600 * SECOND)


class MemoryStore:
    """A `LogStore` that forgets."""

    def __init__(self) -> None:
        self.entries: list[bytes] = []
        self.batches: dict[str, tuple[int, int]] = {}
        self.published: tuple[int, str] | None = None
        self.reads = 0
        self._lock = Lock()

    def size(self) -> int:
        return len(self.entries)

    def append(self, batch: str, entries: Sequence[bytes]) -> int:
        with self._lock:
            if batch not in self.batches:
                first = len(self.entries)
                self.entries += entries
                self.batches[batch] = (first, first + len(entries))
            return self.batches[batch][0]

    def batch(self, batch: str) -> tuple[int, int] | None:
        return self.batches.get(batch)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        if end > len(self.entries):
            raise LogBroken(f"no entry {end}")
        self.reads += end - start
        return iter(self.entries[start:end])

    def publish(self, size: int, checkpoint: str) -> bool:
        with self._lock:
            if self.published and self.published[0] > size:
                return False
            self.published = (size, checkpoint)
            return True

    def checkpoint(self) -> str | None:
        return self.published[1] if self.published else None


def log_of(
    folder: Path,
    store: MemoryStore | None = None,
    origin: str = ORIGIN,
    promises: Promises | None = None,
) -> Log:
    key = beacon.public_key(BEACON_SEED)
    receipt_key = promises.public_key() if promises else None
    return Log(store or MemoryStore(), folder, origin, SEED, key, receipt_key)


def receipt_of(log: Log, promises: Promises, n: int, window: int, at_us: int) -> Receipt:
    """The receipt of fan `n`, as the front door gives it."""
    promise = promises.promise("sale", fan(n), at_us)
    return Receipt(promise, Prover(log).prove("sale", window, at_us))


def organised(n: int) -> entries.Entry:
    """An entry about nothing in particular."""
    return entries.organiser("", START + n, "note", {"n": n})


def fill(log: Log, count: int, first: int = 0) -> None:
    log.append(f"fill/{first}", [organised(n) for n in range(first, first + count)])


def fan(n: int) -> str:
    return f"fan{n:019}"


def arrivals_of(window: int, count: int, first: int) -> list[tuple[str, int]]:
    """`count` fans of one window, numbered from `first`, in order."""
    begins = MANIFEST.opens_at_us if window == 0 else MANIFEST.window_ends_us(window - 1)
    return [(fan(first + n), begins + 10 * n) for n in range(count)]


def small_sale(log: Log) -> list[str]:
    """Write a sale of three windows, merges, verdicts, calls and seats; return the line."""
    log.append("sale/manifest", [entries.manifest(MANIFEST, START - 70 * SECOND)])
    line = list[str]()
    for number, count, first in ((0, 12, 0), (1, 5, 12), (4, 3, 17)):
        merged = {fan(3): fan(1), fan(4): fan(3)} if number == 0 else {}
        verdicts = {fan(12): ("refuse", ["farm"]), fan(13): ("review", ["odd"])}
        windows.commit(
            log,
            "sale",
            number,
            arrivals_of(number, count, first),
            merged,
            verdicts if number == 1 else {},
            START + number,
        )
        log.seal()
        drawn = windows.draw_window(log, "sale", number, BEACON_SEED, START + number)
        line += drawn.fans if drawn else []
    call_all(log, line)
    sell(log, line)
    log.append("sale/closed", [entries.closed("sale", START, {"arrived": 20, "sold": 3})])
    log.seal()
    return line


def last_report(log: Log, folder: Path) -> None:
    """Publish the report of the small sale as its last, and log its hash."""
    made = report.of(Folder(folder), "sale")
    text = json.dumps(made).encode()
    Folder(folder).replace(report.name("sale"), text)
    fixed = entries.reported("sale", START + 1, made["until_entry"], sha256(text).digest())
    log.append("sale/report", [fixed])
    log.seal()


def call_all(log: Log, line: list[str]) -> None:
    """Call everybody in order; the two held back are passed over, one of them is called later."""
    places = {one: str(place) for place, one in enumerate(line, 1)}
    held = [one for one in line if one in (fan(12), fan(13))]
    called = [one for one in line if one not in held]
    why = {fan(12): "refuse", fan(13): "review"}
    calls = [
        (called[:5], []),
        (called[5:], [f"{one}:{why[one]}" for one in held]),
        ([fan(13)], []),
    ]
    log.append("sale/lifted", [entries.verdict("sale", START, fan(13), "admit", ["appeal"])])
    for n, (fans, passed) in enumerate(calls):
        decision = {
            "at_us": str(START + n),
            "fans": ",".join(fans),
            "places": ",".join(places[one] for one in fans),
            "passed": ",".join(passed),
        }
        log.append(f"sale/called/{n}", decisions.from_decision("sale", decision))


def sell(log: Log, line: list[str]) -> None:
    one, two, three = (entries.commitment(f"ord_{n}") for n in range(3))
    first, second = line[0], line[1]
    log.append(
        "sale/seats",
        [
            seat_entries.seats_held(
                "sale", START, one, first, ["A-1", "A-2"], START + 600 * SECOND
            ),
            seat_entries.seats_sold("sale", START + 1, one, first, ["A-1", "A-2"]),
            seat_entries.seats_held("sale", START + 2, two, second, ["A-3"], START + 600 * SECOND),
            seat_entries.seats_sold("sale", START + 3, two, second, ["A-3"]),
            seat_entries.seats_released("sale", START + 4, two, second, ["A-3"], "refunded"),
            seat_entries.seats_sold("sale", START + 5, three, fan(1), ["A-3"]),
        ],
    )
