"""Recompute everything from the log's public files, believing nothing but its key.

Entries are read one bundle at a time; what is kept in memory are fans and seats, not entries,
and those of some sales only (`desk`). Other processes may check the sales (`helpers`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fairness.errors import LogBroken
from fairness.ledger import notes
from fairness.ledger.helpers import Helpers
from fairness.ledger.log import BEACON, BEACON_KEY, KEY, RECEIPT, RECEIPT_KEY
from fairness.ledger.marks import Marks, newest
from fairness.ledger.notes import Checkpoint
from fairness.ledger.reading import MOST_FAILURES, Astray, Findings, Reader, rarely_collected
from fairness.ledger.reportcheck import ReportCheck
from fairness.ledger.tiles import CHECKPOINT, ENTRIES, WIDTH, Builder, Files, Folder, path, unpack

Progress = Callable[[int, int], None]  # (entries read, of how many)
Take = Callable[[int, Sequence[bytes]], None]  # (index of the first, entries of a bundle)

AHEAD = 8  # bundles that are fetched before they are needed
MANY = 20_000  # entries from which on helpers are worth the half second in which they start
MOST_HELPERS = 4  # one process that hashes keeps no more of them busy


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
    failures: tuple[Failure, ...]  # the first 1,000
    failed: int = 0  # all of them

    @property
    def ok(self) -> bool:
        """Return whether nothing failed."""
        return not self.failed


def verify(
    where: Files | Path,
    key: str | None = None,
    earlier: str | None = None,
    progress: Progress | None = None,
    processes: int = 1,
) -> Verification:
    """Check a log, reading only its public files; never raises for what is in them.

    `key` pins the log's vkey line (without it the file `key` is believed); `earlier` is a
    checkpoint seen before, with which this log must still begin. `progress` is told how many of
    how many entries were read. A long log is checked by as many `processes` beside this one, if
    more than one; the result is the same. Unavailable when files are on a server that does not
    give them.
    """
    files = where if isinstance(where, Files) else Folder(where)
    with rarely_collected():
        if processes > 1:
            with suppress(Astray):
                return _Audit(files, progress, min(processes, MOST_HELPERS)).run(key, earlier)
        return _Audit(files, progress).run(key, earlier)


class _Audit:
    def __init__(self, files: Files, progress: Progress | None, processes: int = 1) -> None:
        self._files = files
        self._found = Findings()
        self._fail = self._found.add
        self._progress = progress
        self._processes = processes
        self._checked: Counter[str] = Counter()
        self._builder = Builder(self._compare)
        self._bundle = b""  # as it was read

    def run(self, key: str | None, earlier: str | None) -> Verification:
        try:
            verifier = notes.Verifier.parse(
                key or (self._files.read(KEY) or b"").decode("utf-8", "replace")
            )
        except LogBroken as error:
            self._fail("key", str(error))
            return self._result("", 0)
        head = self._head(verifier)
        if head is None:
            return self._result(verifier.name, 0)
        before = self._signed("earlier checkpoint", earlier.encode(), verifier) if earlier else None
        if before and before.size > head.size:
            self._fail("earlier checkpoint", f"{before.size - head.size} entries are gone")
        marks, many = Marks(self._files, verifier, head, before, self._fail), head.size >= MANY
        if self._processes > 1 and many:
            with Helpers(self._processes) as helpers:
                self._read(head, marks, lambda at, told: helpers.take(at, len(told), self._bundle))
                helpers.finish(self._found)
        else:
            with Reader(self._found) as reader:
                self._read(head, marks, reader.take)
                reader.finish()
        self._checked.update(self._found.checked)
        self._check_reports()
        self._check_file("beacon key", BEACON_KEY, BEACON, self._found.key)
        self._check_file("receipt key", RECEIPT_KEY, RECEIPT, self._found.receipts)
        return self._result(head.origin, head.size)

    def _result(self, origin: str, size: int) -> Verification:
        told = [Failure(*one) for one in self._found.failures]
        kept = sorted(told, key=lambda f: (f.entry is None, f.entry or 0))[:MOST_FAILURES]
        return Verification(origin, size, self._checked, tuple(kept), self._found.failed)

    def _head(self, verifier: notes.Verifier) -> Checkpoint | None:
        """Return the checkpoint; one that is older than its own history is stale."""
        known = newest(self._files, verifier)
        head = self._signed("checkpoint", self._files.read(CHECKPOINT) or b"", verifier)
        if head and known > head.size:  # its file is written a moment later
            time.sleep(self._files.settle_s)
            head = self._signed("checkpoint", self._files.read(CHECKPOINT) or b"", verifier)
        if head and known > head.size:
            what = f"it has {head.size} entries, and one of {known} was signed"
            self._fail("stale checkpoint", what)
        return head

    def _signed(self, check: str, note: bytes, verifier: notes.Verifier) -> Checkpoint | None:
        try:
            head = notes.check(note.decode(), verifier)
        except (LogBroken, UnicodeDecodeError) as error:
            self._fail(check, str(error))
            return None
        self._checked["signatures"] += 1
        return head

    def _read(self, head: Checkpoint, marks: Marks, take: Take) -> None:
        try:
            self._read_all(head, marks, take)
        except LogBroken as error:
            self._fail("entries", str(error))

    def _read_all(self, head: Checkpoint, marks: Marks, take: Take) -> None:
        bundles = -(-head.size // WIDTH)
        self._files.expect(name for n in range(AHEAD) for name in _names(n, head.size))
        for number in range(bundles):
            self._files.expect(_names(number + AHEAD, head.size))
            width = min(WIDTH, head.size - number * WIDTH)
            self._bundle = self._files.tile(ENTRIES, number, width)
            entries_ = unpack(self._bundle, width)
            take(number * WIDTH, entries_)
            marks.hash(self._builder, entries_)
            self._checked["entries"] += width
            if self._progress:
                self._progress(self._builder.size, head.size)
        self._builder.flush()
        if self._builder.root() != head.root:
            self._fail("root", f"the first {head.size} entries do not hash to its root")
        self._checked.update(checkpoints=marks.count, signatures=marks.count)

    def _check_reports(self) -> None:
        check = ReportCheck(self._fail)
        for index, entry in self._found.reports:
            check.take(index, entry)
        self._checked["reports"] = check.finish(self._files)

    def _compare(self, name: str, data: bytes) -> None:
        if name.startswith(f"tile/{ENTRIES}/"):
            same = self._bundle == data or (".p/" in name and self._bundle.startswith(data))
        else:
            found = self._files.read(name)
            if found is None and ".p/" in name:
                found = (self._files.read(name.split(".p/")[0]) or b"")[: len(data)]
            same = found == data
        if not same:
            self._fail("tile", f"{name} is not what the entries give")
        self._checked["tiles"] += 1

    def _check_file(self, check: str, name: str, kind: str, key: bytes | None) -> None:
        stated = (self._files.read(name) or b"").strip()
        logged = f"{kind} {key.hex()}".encode() if key else b""
        if stated != logged:
            self._fail(check, f"the file {name} is not the key that is logged")


def _names(number: int, size: int) -> list[str]:
    """Return the files that a reader needs for the entries of one bundle; none past the end."""
    width = min(WIDTH, size - number * WIDTH)
    return [path(ENTRIES, number, width), path(0, number, width)] if width > 0 else []
