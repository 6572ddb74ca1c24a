"""Committing a window to the log, and drawing it: both exactly once, from logged bytes only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from fairness import beacon, draw
from fairness.collector import paused
from fairness.ledger import entries, merkle, recompute, window_entries
from fairness.ledger.entries import Entry
from fairness.ledger.log import Log
from fairness.ledger.recompute import Drawn

Arrivals = Sequence[tuple[str, int]]  # (fan, µs) in order of arrival
# What decides a draw, from the window's number, its entry and the time; nothing while it waits.
Decide = Callable[[int, bytes, int], list[Entry]]
Verdicts = Mapping[str, tuple[str, Sequence[str]]]  # fan -> (verdict, names of rules)


def entries_of(
    sale_id: str,
    number: int,
    arrivals: Arrivals,
    merged: Mapping[str, str],
    verdicts: Verdicts,
    at_us: int,
    version: str = "",
    declared: str = "",
) -> list[Entry]:
    """Return the batch of one window: its verdicts, merges and arrivals, then the window entry.

    First of all it names the `version` of the screening, if that is given, and the release that
    the rules of the sale `declared` where it is another.
    `merged` (fan -> lead) and `verdicts` are what screening this window decided; a fan whose
    verdict is admit need not be in it. The window entry commits to all the others.
    """
    judged = [
        entries.verdict(sale_id, at_us, fan, verdict, rules, number)
        for fan, (verdict, rules) in sorted(verdicts.items())
    ] + [
        window_entries.merges(sale_id, at_us, number, part, pairs)
        for part, pairs in enumerate(entries.in_parts(sorted(merged.items())))
    ]
    arrived = [
        window_entries.arrivals(sale_id, at_us, number, part, fans)
        for part, fans in enumerate(entries.in_parts(arrivals))
    ]
    window = window_entries.window(
        sale_id,
        at_us,
        number,
        count=len(arrivals),
        root=draw.root(recompute.leaves(sale_id, arrivals)),
        merged=len(merged),
        verdicts=Counter(verdict for verdict, _ in verdicts.values()),
        screened=merkle.root(merkle.leaf_hash(entries.encode(entry)) for entry in judged),
    )
    by = [window_entries.screening(sale_id, at_us, number, version, declared)] if version else []
    return [*by, *judged, *arrived, window]


@paused()
def commit(
    log: Log,
    sale_id: str,
    number: int,
    arrivals: Arrivals,
    merged: Mapping[str, str],
    verdicts: Verdicts,
    at_us: int,
    version: str = "",
    declared: str = "",
) -> int:
    """Log a window as one batch, once; return the index of its window entry.

    If it was logged before, then that stands, whatever is given now.
    """
    batch = entries_of(sale_id, number, arrivals, merged, verdicts, at_us, version, declared)
    first = log.append(_batch(sale_id, "window", number), batch)
    found = committed(log, sale_id, number)
    return (found[1] if found else first + len(batch)) - 1


def committed(log: Log, sale_id: str, number: int) -> tuple[int, int] | None:
    """Return where the batch of a window is: its first entry, and one after its window entry."""
    return log.batch(_batch(sale_id, "window", number))


@paused()
def draw_window(
    log: Log,
    sale_id: str,
    number: int,
    beacon_seed: bytes,
    at_us: int,
    public: Decide | None = None,
) -> Drawn | None:
    """Draw a window and log the proof, once; return its fans in the order of their places.

    The seed is proved with `beacon_seed`, or decided by `public` if the sale's rules name a public
    beacon. None while the window is not under a published checkpoint, as nothing may be drawn
    before, and while `public` waits.
    """
    found = committed(log, sale_id, number)
    if found is None or found[1] > log.sealed_size():
        return None
    name = _batch(sale_id, "draw", number)
    if log.batch(name) is None:
        (data,) = log.read(found[1] - 1, found[1])
        proved = public or (lambda *_: [by_ecvrf(sale_id, number, data, beacon_seed, at_us)])
        if not (decided := proved(number, data, at_us)):
            return None
        log.append(name, decided)
    seed = _drawn_seed(log, name)
    window = recompute.Window(number)
    for data in log.read(*found):
        window.take(entries.decode(data))
    return recompute.drawn_window(sale_id, window.arrivals, window.merged, seed)


def by_ecvrf(sale_id: str, number: int, data: bytes, beacon_seed: bytes, at_us: int) -> Entry:
    """Return the draw entry of the window entry `data`, proved by the operator's beacon."""
    proof = beacon.prove(beacon_seed, data)
    return window_entries.draw(
        sale_id, at_us, number, proof, beacon.draw_seed(beacon.output(proof))
    )


def _drawn_seed(log: Log, name: str) -> bytes:
    """Return the seed of the draw that counts, whoever logged it first."""
    first, end = log.batch(name) or (0, 0)
    *_, data = log.read(first, end)
    return bytes.fromhex(entries.decode(data)["seed"])


def _batch(sale_id: str, what: str, number: int) -> str:
    return f"{sale_id}/{what}/{number}"
