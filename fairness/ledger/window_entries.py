"""What the log says of a window: who came in it, what decides its draw, and how it was drawn.

As in `entries`, each function returns a plain dict for `Log.append`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairness.ledger.entries import Entry, as_lists, of_kind, organiser


def arrivals(
    sale_id: str, at_us: int, window: int, part: int, fans: Sequence[tuple[str, int]]
) -> Entry:
    """Return: these fans arrived, (fan, µs) in order of arrival; at most PART of them."""
    return of_kind("arrivals", sale_id, at_us, window=window, part=part, fans=as_lists(fans))


def merges(
    sale_id: str, at_us: int, window: int, part: int, fans: Sequence[tuple[str, str]]
) -> Entry:
    """Return: each (fan, lead) is one person, who has the lead's place; at most PART of them."""
    return of_kind("merges", sale_id, at_us, window=window, part=part, fans=as_lists(fans))


def window(
    sale_id: str,
    at_us: int,
    number: int,
    count: int,
    root: bytes,
    merged: int,
    verdicts: Mapping[str, int],
    screened: bytes,
) -> Entry:
    """Return: the window is closed and everything that decides its draw is fixed.

    Its canonical bytes are what the beacon proves. Made by `windows.entries_of`.
    """
    return of_kind(
        "window",
        sale_id,
        at_us,
        window=number,
        count=count,
        root=root.hex(),
        merged=merged,
        verdicts=dict(verdicts),
        screened=screened.hex(),
    )


def draw(
    sale_id: str, at_us: int, window: int, proof: bytes, seed: bytes, beacon: str = "ecvrf"
) -> Entry:
    """Return: what decides the draw, and the seed that follows from it and the window entry.

    `proof` is the ECVRF proof over the window entry, or the signature of the public round that
    was announced.
    """
    return of_kind(
        "draw", sale_id, at_us, window=window, beacon=beacon, proof=proof.hex(), seed=seed.hex()
    )


def announced(
    sale_id: str, at_us: int, window: int, beacon: str, chain: str, number: int, sealed: int
) -> Entry:
    """Return: round `number` of a public beacon, which is not there yet, will decide the draw.

    Logged when a published checkpoint, of `sealed` entries, covers the window entry.
    """
    return of_kind(
        "round", sale_id, at_us, window=window, beacon=beacon, chain=chain, round=number,
        sealed=sealed,
    )  # fmt: skip


def fallback(sale_id: str, at_us: int, window: int, number: int, beacon: str, why: str) -> Entry:
    """Return: the announced round was given up, and why; `beacon` decides the draw instead."""
    return of_kind("fallback", sale_id, at_us, window=window, round=number, beacon=beacon, why=why)


def screening(sale_id: str, at_us: int, window: int, version: str, declared: str = "") -> Entry:
    """Return: the verdicts and merges of this window were found by this version of the screening.

    It stands before them, in the batch of the window. Logs from before it was written have none.
    If the rules of the sale `declared` another release, it says instead of which it judged.
    """
    detail: dict[str, Any] = {"by": "clock", "window": window, "version": version}
    if declared and version.partition("+")[0] != declared:
        detail["instead_of"] = declared
    return organiser(sale_id, at_us, "screening", detail)
