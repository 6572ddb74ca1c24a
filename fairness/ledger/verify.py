"""Recompute everything from the log's public files, believing nothing but its key.

Entries are read one bundle at a time; what is kept in memory are fans and seats, not entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fairness.errors import LogBroken
from fairness.ledger import entries, notes
from fairness.ledger.linecheck import LineCheck
from fairness.ledger.log import BEACON, BEACON_KEY, KEY, RECEIPT, RECEIPT_KEY
from fairness.ledger.notes import Checkpoint
from fairness.ledger.seatcheck import SeatCheck
from fairness.ledger.tiles import CHECKPOINT, WIDTH, Builder, Folder


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing in the log that is not as it must be."""

    check: str  # the name of the check; docs/ledger.md lists them
    what: str
    entry: int | None = None  # index of the entry that shows it

    def __str__(self) -> str:
        """Return one line for a person."""
        at = "" if self.entry is None else f" (entry {self.entry})"
        return f"{self.check}: {self.what}{at}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked, how much of it, and what failed."""

    origin: str
    size: int
    checked: Mapping[str, int]  # what -> how many
    failures: tuple[Failure, ...]

    @property
    def ok(self) -> bool:
        """Return whether nothing failed."""
        return not self.failures


def verify(folder: Path, key: str | None = None, earlier: str | None = None) -> Verification:
    """Check the log in `folder`, reading only its public files; never raises for what is in them.

    `key` pins the log's vkey line (without it the file `key` is believed); `earlier` is a
    checkpoint seen before, with which this log must still begin.
    """
    return _Audit(Folder(folder)).run(key, earlier)


class _Audit:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._failures: list[Failure] = []
        self._lines: dict[str, LineCheck] = {}
        self._seats: dict[str, SeatCheck] = {}
        self._beacon: bytes | None = None
        self._receipts: bytes | None = None
        self._checked: Counter[str] = Counter()
        self._builder = Builder(self._compare)

    def run(self, key: str | None, earlier: str | None) -> Verification:
        try:
            verifier = notes.Verifier.parse(
                key or (self._folder.read(KEY) or b"").decode("utf-8", "replace")
            )
        except LogBroken as error:
            self._fail("key", str(error))
            return self._result("", 0)
        head = self._signed("checkpoint", self._folder.read(CHECKPOINT) or b"", verifier)
        if head is None:
            return self._result(verifier.name, 0)
        before = self._signed("earlier checkpoint", earlier.encode(), verifier) if earlier else None
        if before and before.size > head.size:
            self._fail("earlier checkpoint", f"{before.size - head.size} entries are gone")
        try:
            self._read(head, before)
        except LogBroken as error:
            self._fail("entries", str(error))
        for sale_id, line in self._lines.items():
            line.finish()
            self._seats[sale_id].finish()
            self._checked.update(sales=1, placed=len(line.places), **line.counts)
        self._check_file("beacon key", BEACON_KEY, BEACON, self._beacon)
        self._check_file("receipt key", RECEIPT_KEY, RECEIPT, self._receipts)
        return self._result(head.origin, head.size)

    def _result(self, origin: str, size: int) -> Verification:
        return Verification(origin, size, self._checked, tuple(self._failures))

    def _signed(self, check: str, note: bytes, verifier: notes.Verifier) -> Checkpoint | None:
        try:
            head = notes.check(note.decode(), verifier)
        except (LogBroken, UnicodeDecodeError) as error:
            self._fail(check, str(error))
            return None
        self._checked["signatures"] += 1
        return head

    def _read(self, head: Checkpoint, before: Checkpoint | None) -> None:
        for number in range(-(-head.size // WIDTH)):
            width = min(WIDTH, head.size - number * WIDTH)
            for data in self._folder.bundle(number, width):
                self._take(self._builder.size, data)
                self._builder.push(data)
                if before and before.size == self._builder.size:
                    self._same_root("earlier checkpoint", before)
        self._builder.flush()
        self._same_root("root", head)

    def _same_root(self, check: str, head: Checkpoint) -> None:
        if self._builder.root() != head.root:
            self._fail(check, f"the first {head.size} entries do not hash to its root")

    def _take(self, index: int, data: bytes) -> None:
        self._checked["entries"] += 1
        try:
            entry = entries.decode(data)
            if entry["type"] == "keys":
                self._beacon = bytes.fromhex(entry["key"])
                return
            if entry["type"] == "receipts":
                self._receipts = bytes.fromhex(entry["key"])
                return
            line, seats = self._of(entry["sale"])
            line.take(index, entry, data, self._beacon)
            seats.take(index, entry)
        except LogBroken as error:
            self._fail("entry", str(error), index)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self._fail("entry", f"a field is not what it must be: {error!r}", index)

    def _of(self, sale_id: str) -> tuple[LineCheck, SeatCheck]:
        if sale_id not in self._lines:
            self._lines[sale_id] = line = LineCheck(self._fail)
            self._seats[sale_id] = SeatCheck(self._fail, line)
        return self._lines[sale_id], self._seats[sale_id]

    def _compare(self, name: str, data: bytes) -> None:
        found = self._folder.read(name)
        if found is None and ".p/" in name:
            found = (self._folder.read(name.split(".p/")[0]) or b"")[: len(data)]
        if found != data:
            self._fail("tile", f"{name} is not what the entries give")
        self._checked["tiles"] += 1

    def _check_file(self, check: str, name: str, kind: str, key: bytes | None) -> None:
        stated = (self._folder.read(name) or b"").strip()
        logged = f"{kind} {key.hex()}".encode() if key else b""
        if stated != logged:
            self._fail(check, f"the file {name} is not the key that is logged")

    def _fail(self, check: str, what: str, entry: int | None = None) -> None:
        self._failures.append(Failure(check, what, entry))
