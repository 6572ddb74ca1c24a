"""The order of the line as it follows from the log, and from nothing else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fairness import draw
from fairness.ledger import notes
from fairness.ledger.entries import Entry, decode
from fairness.ledger.tiles import CHECKPOINT, WIDTH, Folder


@dataclass(slots=True)
class Window:
    """One window as its batch in the log describes it."""

    number: int
    arrivals: list[tuple[str, int]] = field(default_factory=list)  # (fan, µs) in order
    merged: dict[str, str] = field(default_factory=dict)  # fan -> lead

    def take(self, entry: Entry) -> None:
        """Add what an arrivals or merges entry says; other entries change nothing."""
        if entry["type"] == "arrivals":
            self.arrivals += [(fan, at_us) for fan, at_us in entry["fans"]]
        elif entry["type"] == "merges":
            self.merged.update(entry["fans"])


@dataclass(frozen=True, slots=True)
class Drawn:
    """A drawn window: who has which place of it."""

    fans: list[str]  # in the order of their places
    times: list[int]  # their arrivals, µs, in the same order
    arrived: list[str]  # the same fans in the order of their arrival


def leaves(sale_id: str, arrivals: Iterable[tuple[str, int]]) -> list[bytes]:
    """Return the leaf hashes of arrivals, as a window's root commits to them."""
    return draw.leaves(sale_id, arrivals)


def drawn(
    sale_id: str,
    arrivals: Sequence[tuple[str, int]],
    merged: Collection[str],
    seed: bytes,
    hashed: Sequence[bytes] | None = None,
) -> list[str]:
    """Return the fans of one window in drawn order; merged ones have no place of their own.

    `hashed` are the `leaves` of the arrivals, for whoever has them already.
    """
    return drawn_window(sale_id, arrivals, merged, seed, hashed).fans


def drawn_window(
    sale_id: str,
    arrivals: Sequence[tuple[str, int]],
    merged: Collection[str],
    seed: bytes,
    hashed: Sequence[bytes] | None = None,
) -> Drawn:
    """Return the same, with when each of them arrived."""
    found = [arrivals[index] for index in draw.order(seed, hashed or leaves(sale_id, arrivals))]
    if merged:
        found = [arrival for arrival in found if arrival[0] not in merged]
    arrived = [fan for fan, _ in arrivals if fan not in merged]
    return Drawn([fan for fan, _ in found], [at_us for _, at_us in found], arrived)


def line(folder: Path, sale_id: str) -> list[str]:
    """Return the fans of a sale in the order of their places, from a log's public files.

    Believes the files; `verify` is what checks them. Only drawn windows have places. LogBroken
    when the files cannot be read.
    """
    return list(order(published(folder), sale_id))


def published(folder: Path) -> Iterator[Entry]:
    """Yield the entries that the checkpoint in `folder` covers; LogBroken if one is not there."""
    files = Folder(folder)
    size = notes.read((files.read(CHECKPOINT) or b"").decode()).size
    for start in range(0, size, WIDTH):
        for data in files.bundle(start // WIDTH, min(WIDTH, size - start)):
            yield decode(data)


def order(entries: Iterable[Entry], sale_id: str) -> Iterator[str]:
    """Yield the fans of a sale in the order of their places: the first has place 1."""
    waiting: dict[int, Window] = {}
    for entry in entries:
        if entry["sale"] != sale_id:
            continue
        if entry["type"] in ("arrivals", "merges"):
            number = entry["window"]
            waiting.setdefault(number, Window(number)).take(entry)
        elif entry["type"] == "draw" and entry["window"] in waiting:
            window = waiting.pop(entry["window"])
            seed = bytes.fromhex(entry["seed"])
            yield from drawn(sale_id, window.arrivals, window.merged, seed)
