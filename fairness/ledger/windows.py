"""Committing a window to the log, and drawing it: both exactly once, from logged bytes only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from fairness import beacon, draw
from fairness.ledger import entries, merkle, recompute
from fairness.ledger.entries import Entry
from fairness.ledger.log import Log

Arrivals = Sequence[tuple[str, int]]  # (fan, µs) in order of arrival
Verdicts = Mapping[str, tuple[str, Sequence[str]]]  # fan -> (verdict, names of rules)


def entries_of(
    sale_id: str,
    number: int,
    arrivals: Arrivals,
    merged: Mapping[str, str],
    verdicts: Verdicts,
    at_us: int,
) -> list[Entry]:
    """Return the batch of one window: its verdicts, merges and arrivals, then the window entry.

    `merged` (fan -> lead) and `verdicts` are what screening this window decided; a fan whose
    verdict is admit need not be in it. The window entry commits to all the others.
    """
    judged = [
        entries.verdict(sale_id, at_us, fan, verdict, rules, number)
        for fan, (verdict, rules) in sorted(verdicts.items())
    ] + [
        entries.merges(sale_id, at_us, number, part, pairs)
        for part, pairs in enumerate(entries.in_parts(sorted(merged.items())))
    ]
    arrived = [
        entries.arrivals(sale_id, at_us, number, part, fans)
        for part, fans in enumerate(entries.in_parts(arrivals))
    ]
    window = entries.window(
        sale_id,
        at_us,
        number,
        count=len(arrivals),
        root=draw.root(recompute.leaves(sale_id, arrivals)),
        merged=len(merged),
        verdicts=Counter(verdict for verdict, _ in verdicts.values()),
        screened=merkle.root(merkle.leaf_hash(entries.encode(entry)) for entry in judged),
    )
    return [*judged, *arrived, window]


def commit(
    log: Log,
    sale_id: str,
    number: int,
    arrivals: Arrivals,
    merged: Mapping[str, str],
    verdicts: Verdicts,
    at_us: int,
) -> int:
    """Log a window as one batch, once; return the index of its window entry.

    If it was logged before, then that stands, whatever is given now.
    """
    batch = entries_of(sale_id, number, arrivals, merged, verdicts, at_us)
    first = log.append(_batch(sale_id, "window", number), batch)
    found = committed(log, sale_id, number)
    return (found[1] if found else first + len(batch)) - 1


def committed(log: Log, sale_id: str, number: int) -> tuple[int, int] | None:
    """Return where the batch of a window is: its first entry, and one after its window entry."""
    return log.batch(_batch(sale_id, "window", number))


def draw_window(
    log: Log, sale_id: str, number: int, beacon_seed: bytes, at_us: int
) -> list[str] | None:
    """Draw a window and log the proof, once; return its fans in the order of their places.

    None while the window is not under a published checkpoint: nothing may be drawn before.
    """
    found = committed(log, sale_id, number)
    if found is None or found[1] > log.sealed_size():
        return None
    window, data = recompute.Window(number), b""
    for data in log.read(*found):
        window.take(entries.decode(data))
    proof = beacon.prove(beacon_seed, data)
    seed = beacon.draw_seed(beacon.output(proof))
    drawn = entries.draw(sale_id, at_us, number, proof, seed)
    index = log.append(_batch(sale_id, "draw", number), [drawn])
    (logged,) = log.read(index, index + 1)  # the one that counts, should there be an earlier one
    seed = bytes.fromhex(entries.decode(logged)["seed"])
    return recompute.drawn(sale_id, window.arrivals, window.merged, seed)


def _batch(sale_id: str, what: str, number: int) -> str:
    return f"{sale_id}/{what}/{number}"
