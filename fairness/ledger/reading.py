"""What a log's entries say, read one after the other: all of them, or one share of the sales.

Sales do not touch each other, so several processes may each check some of them. Which one a sale
is for is seen in its bytes, without reading the entry; whoever reads it then finds out if that was
wrong, and says so (`Astray`): the whole log is read by one process instead.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from zlib import crc32

from fairness.errors import LogBroken
from fairness.ledger import entries
from fairness.ledger.desk import MOST, Desk
from fairness.ledger.entries import Entry

MOST_FAILURES = 1_000  # that are kept; all are counted
OF_ALL = frozenset({"keys", "receipts"})
_SALE = b'"sale":"'

Told = tuple[str, str, int | None]  # check, what is wrong, index of the entry


class Astray(Exception):
    """An entry is about another sale than its bytes seemed to say."""


@dataclass(slots=True)
class Findings:
    """What reading the entries has shown."""

    failures: list[Told] = field(default_factory=list)  # the first 1,000
    failed: int = 0  # all of them
    checked: Counter[str] = field(default_factory=Counter)
    key: bytes | None = None  # the beacon's, as the log named it last
    receipts: bytes | None = None  # likewise
    reports: list[tuple[int, Entry]] = field(default_factory=list)  # acts that fix one

    def add(self, check: str, what: str, entry: int | None = None) -> None:
        """Keep what failed; a log that is all wrong does not fill the memory."""
        self.failed += 1
        if len(self.failures) < MOST_FAILURES:
            self.failures.append((check, what, entry))


class Reader(AbstractContextManager["Reader"]):
    """Reads the entries of the sales that are share `mine` of `shares`; use it with `with`."""

    def __init__(self, found: Findings, mine: int = 0, shares: int = 1) -> None:
        """What is found goes into `found`."""
        self.found = found
        self._mine = mine
        self._shares = shares
        self._desk = Desk(found.add, MOST // shares)

    def __exit__(self, *error: object) -> None:
        """Remove what was laid aside."""
        self._desk.__exit__(*error)

    def take(self, first: int, bundle: Sequence[bytes]) -> None:
        """Read entries, of which the first has this index. Astray."""
        if self._shares == 1:
            for index, data in enumerate(bundle, first):
                self._take(index, data, None)
            return
        for index, data in enumerate(bundle, first):
            at = data.rfind(_SALE) + len(_SALE)
            sale = data[at : data.find(b'"', at)] if at >= len(_SALE) else b""
            if not sale or crc32(sale) % self._shares == self._mine:
                self._take(index, data, sale)

    def finish(self) -> Findings:
        """Check what can only be known at the end, and return all that was found."""
        self.found.key = self._desk.key
        self.found.checked.update(self._desk.finish())
        return self.found

    def _take(self, index: int, data: bytes, seemed: bytes | None) -> None:
        """Read one entry; `seemed` is its sale by its looks, None for whoever reads all."""
        try:
            entry = entries.decode(data)
        except LogBroken as error:
            if seemed or not self._mine:
                self.found.add("entry", str(error), index)
            return
        kind = entry["type"]
        if seemed is not None:
            if entry["sale"].encode() != seemed or (seemed and kind in OF_ALL):
                raise Astray
            if not seemed and self._mine and kind not in OF_ALL:
                return  # of no sale, and the first share's
        if kind == "keys":
            self._desk.turn_key(index, bytes.fromhex(entry["key"]))
        elif kind == "receipts":
            self.found.receipts = bytes.fromhex(entry["key"])
        else:
            self._desk.take(index, entry, data)
            if kind == "organiser" and entry["act"] == "report":
                self.found.reports.append((index, entry))


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Have the collector look for cycles after 50,000 new objects, not 700: a tenth of the time.

    Neither entries nor the checkers of a sale are such a cycle: they go when they are done with.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
