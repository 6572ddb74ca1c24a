"""A fan's receipt as a file: the promise, and once its window is published the proof.

The proof has two halves. The window entry commits to the hash tree over its arrivals, so a path
shows that this arrival is one of them; a tlog-proof shows that the log contains the window entry.
A file of some 2 KB holds both, however many fans arrived.
"""

from __future__ import annotations

import base64
import json
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fairness import draw, receipts
from fairness.errors import Invalid, LogBroken, NotFound
from fairness.ledger import entries, merkle, notes, windows
from fairness.ledger.cosigning import Cosignature, cosignatures
from fairness.ledger.log import Log
from fairness.ledger.merkle import HASH
from fairness.ledger.proofs import Proof
from fairness.ledger.recompute import Window

_WINDOWS_KEPT = 32  # 72 bytes for each arrival


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That an arrival is in a window, and the window in the log."""

    entry: bytes  # the window entry
    position: int  # of the arrival among those of the window, from 0
    path: tuple[bytes, ...]  # from the arrival's leaf to the window's root
    proof: str  # of the entry, c2sp.org/tlog-proof@v1


@dataclass(frozen=True, slots=True)
class Found:
    """What a receipt has proved."""

    sale: str
    fan: str
    at_us: int
    window: entries.Entry | None = None  # None: it is a promise still
    position: int = 0
    index: int = 0  # of the window entry
    checkpoint: notes.Checkpoint | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a fan keeps."""

    promise: str
    inclusion: Inclusion | None = None

    def text(self) -> str:
        """Return the file: JSON, described in docs/ledger.md."""
        fields: dict[str, Any] = {"promise": self.promise}
        if proved := self.inclusion:
            fields |= {
                "window": proved.entry.decode(),
                "position": proved.position,
                "path": [base64.b64encode(step).decode() for step in proved.path],
                "proof": proved.proof,
            }
        return json.dumps(fields, indent=0, ensure_ascii=False) + "\n"

    @classmethod
    def parse(cls, text: str) -> Receipt:
        """Return the receipt of a file, or of the bare promise; Invalid when it is neither."""
        if not text.lstrip().startswith("{"):
            return cls(text.strip())
        try:
            match json.loads(text):
                case {"promise": str(promise), "window": str(entry), "position": int(position),
                      "path": list(path), "proof": str(proof)}:  # fmt: skip
                    steps = tuple(notes.unbase64(step) for step in path)
                    return cls(promise, Inclusion(entry.encode(), position, steps, proof))
                case {"promise": str(promise), **rest} if not rest:
                    return cls(promise)
        except (ValueError, TypeError, RecursionError, LogBroken) as error:
            raise _unreadable() from error
        raise _unreadable()

    def tlog_proof(self) -> str | None:
        """Return the proof for others' tools, with the window entry as its extra data, or None."""
        if self.inclusion is None:
            return None
        return Proof.parse(self.inclusion.proof).text(extra=self.inclusion.entry)

    def checkpoint(self) -> notes.Checkpoint | None:
        """Return the head under which it is proved, not checked; None while it is a promise."""
        return Proof.parse(self.inclusion.proof).checkpoint if self.inclusion else None

    def cosigned(self, witnesses: Sequence[notes.Verifier]) -> list[Cosignature]:
        """Return which of these witnesses cosigned the head under which it is proved; LogBroken."""
        head = self.checkpoint()
        return cosignatures(head.text, witnesses) if head else []

    def check(self, log_key: notes.Verifier, receipt_keys: Collection[bytes]) -> Found:
        """Return what the receipt proves to whoever trusts these keys, asking nobody.

        Invalid when the promise is not genuine, LogBroken when the proof does not hold.
        """
        words = _words(self.promise, receipt_keys)
        found = Found(words["sale"], words["fan"], words["at_us"])
        proved = self.inclusion
        if proved is None:
            return found
        window = entries.decode(proved.entry)
        if window["type"] != "window" or window["sale"] != found.sale:
            raise LogBroken("the entry is not a window of this sale")
        leaf = draw.leaf(found.sale, found.fan, found.at_us)
        root = bytes.fromhex(window["root"])
        if not merkle.includes(proved.position, window["count"], leaf, proved.path, root):
            raise LogBroken("the window does not contain this arrival")
        proof = Proof.parse(proved.proof)
        head = notes.check(proof.checkpoint.text, log_key)
        if not proof.holds(proved.entry):
            raise LogBroken("the log does not contain this window")
        where = (window, proved.position, proof.index, head)
        return Found(found.sale, found.fan, found.at_us, *where)


class Prover:
    """Finds arrivals in the log and proves them; the trees of the last windows are kept."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._tree = lru_cache(_WINDOWS_KEPT)(self._read)

    def prove(self, sale_id: str, window: int, at_us: int) -> Inclusion | None:
        """Return the proof of the arrival at `at_us`; None while its window is not published.

        None also for an arrival that the window does not have. Unavailable as the store is.
        """
        batch = windows.committed(self._log, sale_id, window)
        if batch is None:
            return None
        try:
            proof = self._log.proof(batch[1] - 1)
        except NotFound:
            return None
        tree = self._tree(*batch)
        position = tree.position(at_us)
        if position is None:
            return None
        return Inclusion(tree.entry, position, tuple(tree.path(position)), proof.text())

    def _read(self, first: int, end: int) -> WindowTree:
        return WindowTree(self._log.read(first, end))


class WindowTree:
    """The hash tree over the arrivals of one window, made from the window's batch."""

    def __init__(self, batch: Iterable[bytes]) -> None:
        """LogBroken when the arrivals are not those that the window entry commits to."""
        window, self.entry = Window(0), b""
        for data in batch:
            window.take(entry := json.loads(data))  # the root tells whether it is the right one
            if entry["type"] == "window":
                self.entry, sale, root = data, entry["sale"], entry["root"]
        if not self.entry:
            raise LogBroken("the batch has no window entry")
        leaves = [draw.leaf(sale, fan, at_us) for fan, at_us in window.arrivals]
        self._times = array("q", (at_us for _, at_us in window.arrivals))
        self._levels = [b"".join(leaves)]
        while len(leaves) > 1:
            pairs = zip(leaves[::2], leaves[1::2], strict=False)  # an odd one waits for its pair
            leaves = [merkle.node_hash(left, right) for left, right in pairs]
            self._levels.append(b"".join(leaves))
        if self._subtree(0, len(self._times)).hex() != root:
            raise LogBroken("the window's arrivals do not hash to its root")

    def position(self, at_us: int) -> int | None:
        """Return which arrival came at `at_us`, from 0; no two came in the same µs."""
        position = bisect_left(self._times, at_us)
        there = position < len(self._times) and self._times[position] == at_us
        return position if there else None

    def path(self, position: int) -> list[bytes]:
        """Return the proof that the arrival is under the window's root."""
        return merkle.inclusion_path(position, len(self._times), self._subtree)

    def _subtree(self, lo: int, hi: int) -> bytes:
        size = hi - lo
        if size == 0:
            return merkle.EMPTY
        if size & (size - 1):
            middle = lo + merkle.split(size)
            return merkle.node_hash(self._subtree(lo, middle), self._subtree(middle, hi))
        at = lo // size * HASH
        return self._levels[size.bit_length() - 1][at : at + HASH]


def _words(promise: str, keys: Collection[bytes]) -> dict[str, Any]:
    """Return what was promised, under whichever of the keys signed it."""
    if not keys:
        raise LogBroken("there is no key to check the promise with")
    *others, last = keys
    for key in others:
        try:
            return receipts.read(promise, key)
        except Invalid:
            continue
    return receipts.read(promise, last)


def _unreadable() -> Invalid:
    return Invalid(
        "this is not a receipt",
        field="receipt",
        rule="a promise, or a file with promise, window, position, path and proof",
        remedy="take the whole file, exactly as it was downloaded",
    )
