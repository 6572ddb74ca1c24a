"""The sales of a log, checked one beside the other in bounded memory.

A sale costs memory for its fans and seats, never for its entries. When all together know more
than `MOST`, the sale that was not heard of for the longest time goes to a temporary folder, and
so do its later entries; at the end such sales are finished one after the other.
"""

from __future__ import annotations

import pickle
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from fairness.ledger import entries
from fairness.ledger.entries import Entry
from fairness.ledger.linecheck import LineCheck, Report
from fairness.ledger.pacecheck import PaceCheck
from fairness.ledger.seatcheck import SeatCheck

MOST = 400_000  # fans and seats in memory, some 500 bytes each
BUFFER = 1 << 16  # bytes of one sale's later entries, before they are written
OF_SEATS = frozenset({"seats_held", "seats_sold", "seats_released", "passed_on"})
OF_LINE = frozenset(
    {
        "arrivals",
        "merges",
        "window",
        "draw",
        "admitted",
        "verdict",
        "united",
        "parted",
        "seats_held",
    }
)
OF_PACE = frozenset({"arrivals", "admitted", "organiser", "rebuilt"})


class _Sale:
    """The checkers of one sale."""

    def __init__(self, report: Report) -> None:
        self.line = LineCheck(report)
        self.seats = SeatCheck(report, self.line)
        self.pace = PaceCheck(report)
        self.knows = 0

    def take(self, index: int, entry: Entry, data: bytes, key: bytes | None) -> None:
        kind = entry["type"]
        if kind not in OF_SEATS:
            self.line.take(index, entry, data, key)
        if kind not in OF_LINE:
            self.seats.take(index, entry)
        if kind in OF_PACE:
            self.pace.take(index, entry)

    def finish(self) -> Counter[str]:
        self.line.finish()
        self.seats.finish()
        self.pace.finish(self.line.manifest)
        return Counter(sales=1, placed=len(self.line.places)) + self.line.counts


class _Writer(pickle.Pickler):
    """Writes a sale, but not whom its checkers report to."""

    def __init__(self, file: BinaryIO, report: Report) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._report = report

    def persistent_id(self, thing: object) -> str | None:
        return "report" if thing is self._report else None


class _Reader(pickle.Unpickler):
    """Reads what `_Writer` wrote."""

    def __init__(self, file: BinaryIO, report: Report) -> None:
        super().__init__(file)
        self._report = report

    def persistent_load(self, _: object) -> Report:
        return self._report


class Desk(AbstractContextManager["Desk"]):
    """Takes the entries of all sales in the order of the log; use it with `with`."""

    def __init__(self, report: Report, most: int = MOST) -> None:
        """`report` is told every failure."""
        self._report = report
        self._most = most
        self._here: OrderedDict[str, _Sale] = OrderedDict()  # the newest heard of last
        self.away: dict[str, bytearray] = {}  # sales laid aside -> entries not yet written
        self._known = 0
        self._folder = TemporaryDirectory(prefix="fairticket-audit-")
        self._keys: list[tuple[int, bytes]] = []  # beacon keys, and from which entry on

    def __exit__(self, *_: object) -> None:
        """Remove what was laid aside."""
        self._folder.cleanup()

    @property
    def key(self) -> bytes | None:
        """The beacon's key that the log named last."""
        return self._keys[-1][1] if self._keys else None

    def turn_key(self, index: int, key: bytes) -> None:
        """From this entry on, the log names this key of the beacon."""
        self._keys.append((index, key))

    def take(self, index: int, entry: Entry, data: bytes) -> None:
        """Check one entry of a sale, or keep it until the others are finished."""
        sale_id = entry["sale"]
        if sale_id in self.away:
            self._keep(sale_id, index, data)
            return
        sale = self._here.get(sale_id)
        if sale is None:
            sale = self._here[sale_id] = _Sale(self._report)
            self._make_room(sale_id)
        elif self._known > self._most:
            self._here.move_to_end(sale_id)
            self._make_room(sale_id)
        if entry["type"] == "seats_held":
            return  # it has its form, and says nothing that could be wrong
        if grown := _names(entry):
            sale.knows += grown
            self._known += grown
        self._check(sale, index, entry, data, self.key)

    def finish(self) -> Counter[str]:
        """Check what can only be known at the end; return what was counted."""
        counts: Counter[str] = Counter()
        while self._here:
            counts.update(self._here.popitem(last=False)[1].finish())
        for number, rest in enumerate(self.away.values()):
            counts.update(self._resumed(number, rest).finish())
            self._state(number).unlink()
        return counts

    def _make_room(self, for_sale: str) -> None:
        while self._known > self._most and len(self._here) > 1:
            sale_id = next(iter(self._here))
            if sale_id == for_sale:
                self._here.move_to_end(sale_id)
                continue
            sale = self._here.pop(sale_id)
            self._known -= sale.knows
            with self._state(len(self.away)).open("wb") as file:
                _Writer(file, self._report).dump(sale)
            self.away[sale_id] = bytearray()

    def _keep(self, sale_id: str, index: int, data: bytes) -> None:
        rest = self.away[sale_id]
        rest += index.to_bytes(8, "big") + len(data).to_bytes(2, "big") + data
        if len(rest) > BUFFER:
            number = list(self.away).index(sale_id)
            with self._rest(number).open("ab") as file:
                file.write(rest)
            rest.clear()

    def _resumed(self, number: int, rest: bytearray) -> _Sale:
        with self._state(number).open("rb") as file:
            sale: _Sale = _Reader(file, self._report).load()
        for index, data in self._kept(number, rest):
            entry = entries.decode(data)
            key = next((key for start, key in reversed(self._keys) if start < index), None)
            self._check(sale, index, entry, data, key)
        return sale

    def _check(self, sale: _Sale, index: int, entry: Entry, data: bytes, key: bytes | None) -> None:
        try:
            sale.take(index, entry, data, key)
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            self._report("entry", f"a field is not what it must be: {error!r}", index)

    def _kept(self, number: int, rest: bytearray) -> Iterator[tuple[int, bytes]]:
        if self._rest(number).exists():
            with self._rest(number).open("rb") as file:
                while head := file.read(10):
                    yield (
                        int.from_bytes(head[:8], "big"),
                        file.read(int.from_bytes(head[8:], "big")),
                    )
        at = 0
        while at < len(rest):
            end = at + 10 + int.from_bytes(rest[at + 8 : at + 10], "big")
            yield int.from_bytes(rest[at : at + 8], "big"), bytes(rest[at + 10 : end])
            at = end

    def _state(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number}.state"

    def _rest(self, number: int) -> Path:
        return Path(self._folder.name) / f"{number}.rest"


def _names(entry: Entry) -> int:
    """Return how many fans or seats an entry may add to what its sale knows."""
    match entry["type"]:
        case "arrivals":
            return len(entry["fans"])
        case "seats_sold":
            return len(entry["seats"])
        case "united" | "parted":
            return len(entry["fans"])
        case "verdict" | "admitted" | "organiser":
            return 1
        case _:
            return 0
