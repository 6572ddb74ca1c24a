"""A log as a busy box office leaves it, of any length: `python -m bench.biglog ENTRIES [FANS]`.

It is written without the stores, which is quick, and then verified as anybody would. A sale has
5,000 fans (or FANS), 41 windows and two orders for every five fans: some 4,300 entries, most of
them about seats. Each window's draw has a proof to check, so small sales are the harder ones.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from fairness import beacon
from fairness.clock import SECOND
from fairness.ledger import entries, notes, recompute, seat_entries, window_entries, windows
from fairness.ledger.checkpoints import Archive
from fairness.ledger.entries import Entry
from fairness.ledger.log import BEACON, BEACON_KEY, KEY
from fairness.ledger.tiles import CHECKPOINT, Builder, Folder
from fairness.ledger.verify import Verification, verify
from fairness.manifest import Manifest

FANS, LATER, AT_ONCE = 5_000, 40, 50
SEALED_EVERY = 2_000  # entries
START = 1_800_000_000 * SECOND
SEED, BEACON_SEED = bytes(range(32)), bytes(range(32, 64))


def write(folder: Path, size: int, of_each: int = FANS) -> tuple[int, int]:
    """Write a log of at least `size` entries; return how many entries and fans it has.

    Each of its sales has `of_each` fans.
    """
    files, signer, fans = Folder(folder), notes.Signer("bench.example/log", SEED), 0
    builder, archive = Builder(lambda name, data: _put(folder / name, data)), Archive(files)
    public = beacon.public_key(BEACON_SEED)
    builder.push(entries.encode(entries.keys(START, BEACON, public)))
    number = 0
    while builder.size < size:
        for entry in _sale(number, of_each):
            builder.push(entries.encode(entry))
            if builder.size % SEALED_EVERY == 0:
                archive.keep(signer.sign(builder.size, builder.root()).text)
        number, fans = number + 1, fans + of_each
    builder.flush()
    head = signer.sign(builder.size, builder.root()).text
    archive.keep(head)
    for name, text in (
        (CHECKPOINT, head),
        (KEY, f"{signer.verifier}\n"),
        (BEACON_KEY, f"{BEACON} {public.hex()}\n"),
    ):
        _put(folder / name, text.encode())
    return builder.size, fans


def hashed(folder: Path) -> float:
    """Return the CPU seconds that SHA-256 alone takes over the same entries."""
    bundles = sorted((folder / "tile" / "entries").rglob("*"))
    data = [path.read_bytes() for path in bundles if path.is_file()]
    started = time.process_time()
    for bundle in data:
        sha256(bundle).digest()
    return time.process_time() - started


def verified(folder: Path) -> tuple[Verification, float]:
    """Return what `verify` finds, and the CPU seconds it took."""
    started = time.process_time()
    found = verify(folder)
    return found, time.process_time() - started


def helped(folder: Path, processes: int) -> float:
    """Return the seconds on the clock that `verify` takes with so many helpers (1: without)."""
    started = time.monotonic()
    if not verify(folder, processes=processes).ok:
        raise SystemExit("an honest log is not verified")
    return time.monotonic() - started


def _sale(number: int, fans: int) -> Iterator[Entry]:
    sale_id, random = f"sal_bench{number:08}", Random(number)
    rules = Manifest(sale_id, START - 600 * SECOND, START, START + 7_200 * SECOND)
    yield entries.manifest(rules, START - 700 * SECOND)
    line = list[str]()
    for window in range(LATER + 1):
        arrived = list(_arrivals(rules, window, fans))
        judged = {fan: ("challenge", ["farm"]) for fan, _ in arrived[::100]}
        batch = windows.entries_of(sale_id, window, arrived, {}, judged, START)
        yield from batch
        proof = beacon.prove(BEACON_SEED, entries.encode(batch[-1]))
        seed = beacon.draw_seed(beacon.output(proof))
        yield window_entries.draw(sale_id, START, window, proof, seed)
        line += recompute.drawn(sale_id, arrived, {}, seed)
    called = list(enumerate(line, 1))
    for n, part in enumerate(entries.in_parts(called, AT_ONCE)):
        yield entries.admitted(sale_id, START + (30 + n) * SECOND, [(f, p) for p, f in part])
    yield from _orders(sale_id, line[: fans * 2 // 5], random)
    totals = {"arrived": fans, "placed": fans, "called": fans}
    yield entries.closed(sale_id, START + 7_200 * SECOND, totals)


def _arrivals(rules: Manifest, window: int, fans: int) -> Iterator[tuple[str, int]]:
    opening = fans * 4 // 5
    later = (fans - opening) // LATER
    first = 0 if window == 0 else opening + (window - 1) * later
    begins = rules.opens_at_us if window == 0 else rules.window_ends_us(window - 1)
    for n in range(opening if window == 0 else later):
        fan = sha256(f"{rules.sale_id}{first + n}".encode()).hexdigest()[:22]
        yield fan, begins + n * 100


def _orders(sale_id: str, line: list[str], random: Random) -> Iterator[Entry]:
    seat = 0
    for n, fan in enumerate(line):
        at_us = START + (40 + n // AT_ONCE) * SECOND
        order = sha256(f"{sale_id}{n}".encode()).hexdigest()[:22]
        seats = [f"Stalls-{(seat + k) // 50}-{(seat + k) % 50}" for k in range(2)]
        yield seat_entries.seats_held(sale_id, at_us, order, fan, seats, at_us + 600 * SECOND)
        if random.random() < 0.1:
            yield seat_entries.seats_released(sale_id, at_us, order, fan, seats, "expired")
        else:
            yield seat_entries.seats_sold(sale_id, at_us + SECOND, order, fan, seats)
            seat += 2


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def main(size: int, of_each: int = FANS) -> None:
    """Write and verify a log of `size` entries, and print what that took."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        written, fans = write(folder, size, of_each)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found, seconds = verified(folder)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"{written:,} entries, {fans:,} fans: {'verified' if found.ok else found.failures}")
        print(f"{written / seconds:,.0f} entries/s and {fans / seconds:,.0f} fans/s of CPU time")
        alone, two = helped(folder, 1), helped(folder, 2)
        print(f"{written / alone:,.0f} entries/s by the clock, {written / two:,.0f} with 2 helpers")
        print(f"peak memory {peak / 1024:.0f} MB; {before / 1024:.0f} MB before")


if __name__ == "__main__":
    main(*(int(text.replace(",", "").replace("_", "")) for text in sys.argv[1:3]))
