"""The log: from the outbox under load to a signed checkpoint, and verifying what is there."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from threading import Event, Thread

import orjson

from bench import biglog
from bench.results import Figure
from boxoffice import outbox
from boxoffice.dynamo import Database
from console.rehearsal.stand import Stand, stand
from fairness.clock import SECOND, now_us
from fairness.ledger import entries, merkle, notes, recompute, seat_entries
from fairness.ledger.entries import Entry
from fairness.ledger.tiles import CHECKPOINT, Folder

COMMAND = "make bench (python -m bench ledger)"
RATE, RUN_S = 2_000, 20  # entries a second, seconds
TOGETHER = 20  # entries to one row of the outbox: orders are taken together in a rush
FEEDERS = 4
ENTRIES = 100_000  # of the log that is verified
PROMISED_S = 2.0  # from an entry to its inclusion, p99
LOOK_S = 0.02


def measure() -> list[Figure]:
    """Return how fast entries are included, how fast a log is verified, and what a fan costs."""
    with TemporaryDirectory() as folder, stand(Path(folder), None, print) as on:
        included = _included(on)
    with TemporaryDirectory() as folder:
        return [*included, *_verified(Path(folder))]


def _included(on: Stand) -> list[Figure]:
    """Feed the outbox of a running stack, and watch its public checkpoint."""
    seen, done = list[tuple[int, int]](), Event()
    watcher = Thread(target=_watch, args=(Folder(on.ledger), seen, done))
    watcher.start()
    fed, seconds = _feed(on.db)
    deadline = time.monotonic() + 60
    while _fed_sealed(on) < fed and time.monotonic() < deadline:
        time.sleep(0.2)
    done.set()
    watcher.join()
    waits, last_us = _waits(on, seen)
    if len(waits) < fed:
        raise SystemExit(f"only {len(waits)} of {fed} entries are in the log")
    first_us = min(at_us for at_us, _ in waits)
    delays = sorted((until - at_us) / SECOND for at_us, until in waits)
    p99 = quantiles(delays, n=100)[98]
    seals = sum(first_us <= at_us <= last_us for at_us, _ in seen)
    print(
        f"offered {fed / seconds:,.0f} entries/s; p50 {delays[len(delays) // 2]:.2f} s, "
        f"p99 {p99:.2f} s; {fed / max(seals, 1):,.0f} entries to a checkpoint"
    )
    rate = fed * SECOND / (last_us - first_us)
    return [
        Figure("log_entries_per_s", rate, "entries/s", RATE, "entries offered a second", COMMAND),
        Figure("log_inclusion_p99_ms", p99 * 1000, "ms", PROMISED_S * 1000, "promised", COMMAND),
    ]


def _feed(db: Database) -> tuple[int, float]:
    """Write entries into the outbox at RATE; return how many, and how long it took.

    Several write at once, as orders do: one alone waits for each answer and is not fast enough.
    """
    began, rows = time.monotonic(), RATE * RUN_S // TOGETHER

    def write(first: int) -> None:
        for row in range(first, rows, FEEDERS):
            time.sleep(max(0.0, began + row * TOGETHER / RATE - time.monotonic()))
            made = [_entry(row * TOGETHER + n) for n in range(TOGETHER)]
            db.write(outbox.ledger_all_(db, made, f"bench{row}", now_us()))

    with ThreadPoolExecutor(FEEDERS) as feeders:
        list(feeders.map(write, range(FEEDERS)))
    return rows * TOGETHER, time.monotonic() - began


def _entry(n: int) -> Entry:
    at_us, seats = now_us(), [f"Stalls-{n}-1", f"Stalls-{n}-2"]
    order, fan = entries.commitment(f"ord_{n}"), entries.commitment(f"fan_{n}")
    return seat_entries.seats_held("sale_bench", at_us, order, fan, seats, at_us + 600 * SECOND)


def _watch(folder: Folder, seen: list[tuple[int, int]], done: Event) -> None:
    """Note when the published checkpoint grows: (µs, entries)."""
    while not done.wait(LOOK_S):
        size = _sealed(folder)
        if not seen or size > seen[-1][1]:
            seen.append((now_us(), size))


def _sealed(folder: Folder) -> int:
    text = folder.read(CHECKPOINT)
    return notes.read(text.decode()).size if text else 0


def _fed_sealed(on: Stand) -> int:
    return sum(1 for entry in recompute.published(on.ledger) if entry["sale"] == "sale_bench")


def _waits(on: Stand, seen: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], int]:
    """Return (made, included) of every entry of ours, µs, and when the last was included."""
    waits, marks = list[tuple[int, int]](), iter(seen)
    until_us, size = next(marks)
    for index, entry in enumerate(recompute.published(on.ledger)):
        while index >= size:
            until_us, size = next(marks)
        if entry["sale"] == "sale_bench":
            waits.append((entry["at_us"], until_us))
    return waits, max(until for _, until in waits)


def _verified(folder: Path) -> list[Figure]:
    size, fans = biglog.write(folder, ENTRIES)
    found, seconds = biglog.verified(folder)
    if not found.ok:
        raise SystemExit(f"an honest log is not verified: {found.failures[0]}")
    floor, by_clock = _read(folder, size), size / biglog.helped(folder, 1)
    helped, alone_ = size / biglog.helped(folder, 2), "one process, in the same run"
    stored = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    asked = sum(path.stat().st_size for path in (folder / "tile/entries").rglob("*"))
    parsed, alone = "parsing and hashing each entry, no more", "its entries alone"
    return [
        Figure("log_verified_per_s_per_core", size / seconds, "entries/s", floor, parsed, COMMAND),
        Figure(
            "log_fans_verified_per_s_per_core", fans / seconds, "fans/s", floor, parsed, COMMAND
        ),
        Figure("log_verified_per_s_helped", helped, "entries/s", by_clock, alone_, COMMAND),
        Figure("log_bytes_per_fan", stored / fans, "bytes", asked / fans, alone, COMMAND),
    ]


def _read(folder: Path, size: int) -> float:
    """Return the entries a second and core that are parsed and hashed, and not checked."""
    files, started = Folder(folder), time.process_time()
    for number in range(size // 256):
        for data in files.bundle(number, 256):
            orjson.loads(data)
            merkle.leaf_hash(data)
    return size / (time.process_time() - started)
