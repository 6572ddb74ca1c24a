"""What screening went by in a sale, window by window: sealed rows, until the books are closed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any, TypeVar

from boxoffice.dynamo import Database
from boxoffice.sales.model import Sale
from boxoffice.tables import SCREENED
from fairness.ledger.entries import in_parts
from fairness.screening.again import rows
from fairness.screening.again.rows import Found, Seal
from fairness.screening.model import Account, Judgement, Visit

SEEN, JUDGED, GONE, DONE = "1", "2", "3", "4"  # kinds of rows, in the order of reading
MOST_BYTES = 350_000  # of a row: an item has 400 KB at most
TOGETHER = 1_000_000  # bytes that wait to be written together
_AT_ONCE = {JUDGED: 5_000, GONE: 10_000}
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """By which screening a window was judged: its version, the tables' name, and how many came."""

    version: str
    tables: str
    arrived: int


@dataclass(frozen=True, slots=True)
class Past:
    """One window as it was judged. `seen` reads what is known of these arrivals, when asked."""

    number: int
    head: Head
    arrivals: Sequence[tuple[str, int]]  # (fan, µs) in order
    judged: Mapping[str, Found]  # without those let in of whom nothing was found
    gone: Collection[str]  # who had left the line, as far as it mattered
    seen: Callable[[Sequence[tuple[str, int]]], Sequence[tuple[Visit, Account]]]


class Archive:
    """The rows of one sale. NotFound where its key is destroyed."""

    def __init__(self, db: Database, sale: Sale) -> None:
        self._db = db
        self._sale_id = sale.sale_id
        self._seal = Seal(sale.key, sale.sale_id)
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0
        self._row = lru_cache(maxsize=4)(self._arrivals)

    def see(self, window: int, first: int, seen: Sequence[tuple[Visit, Account]]) -> None:
        """Keep these arrivals; the first of them is the window's number `first`, from 0.

        They are written by `judged` at the latest; keeping a window again replaces it.
        """
        self._keep(window, SEEN, first, seen, rows.of_arrivals)

    def judged(
        self, window: int, head: Head, judged: Mapping[str, Judgement], gone: Collection[str]
    ) -> None:
        """Keep what was decided about a window all of which was seen, and write it."""
        told = [(fan, one) for fan, one in judged.items() if one.findings or one.lead]
        for number, some in enumerate(in_parts(told, _AT_ONCE[JUDGED])):
            first = number * _AT_ONCE[JUDGED]
            self._keep(window, JUDGED, first, some, lambda part: rows.of_judgements(dict(part)))
        for number, away in enumerate(in_parts(sorted(gone), _AT_ONCE[GONE])):
            self._keep(window, GONE, number * _AT_ONCE[GONE], away, lambda part: {"gone": part})
        done = {"version": head.version, "tables": head.tables, "arrived": head.arrived}
        self._keep(window, DONE, 0, [done], lambda part: part[0])
        self._write()

    def windows(self) -> Iterator[Past]:
        """Yield the windows that were judged, in order; LogBroken when a row is not as sealed."""
        found = self._db.query(SCREENED, sale_id=self._sale_id)
        for number, items in groupby(found, lambda item: int(item["row_id"][:10])):
            past = self._past(number, {str(i["row_id"]): bytes(i["sealed"]) for i in items})
            if past is not None:  # or a worker died, and nobody has done it again yet
                yield past

    def _past(self, number: int, sealed: Mapping[str, bytes]) -> Past | None:
        head: Head | None = None
        arrivals, judged, gone = dict[str, tuple[int, str]](), dict[str, Found](), set[str]()
        for name, data in sealed.items():
            content, kind = self._seal.open(name, data), name[11]
            if kind == SEEN:
                came = (visit for visit, _ in rows.arrivals(content))
                arrivals |= {visit.fan: (visit.at_us, name) for visit in came}
            elif kind == JUDGED:
                judged |= rows.judgements(content)
            elif kind == GONE:
                gone |= set(content["gone"])
            else:
                head = Head(**content)

        def seen(part: Sequence[tuple[str, int]]) -> list[tuple[Visit, Account]]:
            return [self._row(arrivals[fan][1])[fan] for fan, _ in part]

        came_at = sorted((at_us, fan) for fan, (at_us, _) in arrivals.items())
        times = [(fan, at_us) for at_us, fan in came_at]
        return None if head is None else Past(number, head, times, judged, gone, seen)

    def _arrivals(self, name: str) -> dict[str, tuple[Visit, Account]]:
        item = self._db.get(SCREENED, sale_id=self._sale_id, row_id=name) or {}
        content = self._seal.open(name, bytes(item.get("sealed", b"")))
        return {visit.fan: (visit, account) for visit, account in rows.arrivals(content)}

    def _keep(
        self,
        window: int,
        kind: str,
        first: int,
        items: Sequence[T],
        content: Callable[[Sequence[T]], Mapping[str, Any]],
    ) -> None:
        """Have these written as one row; as several where one would be too large."""
        name = f"{window:010}.{kind}{first:09}"
        sealed = self._seal.close(name, content(items))
        if len(sealed) > MOST_BYTES and len(items) > 1:
            half = len(items) // 2
            self._keep(window, kind, first, items[:half], content)
            self._keep(window, kind, first + half, items[half:], content)
            return
        self._waiting.append({"sale_id": self._sale_id, "row_id": name, "sealed": sealed})
        self._bytes += len(sealed)
        if self._bytes > TOGETHER:
            self._write()

    def _write(self) -> None:
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        self._db.put_many(SCREENED, waiting)


def forget(db: Database, sale_id: str) -> None:
    """Remove all rows of a sale."""
    for item in db.query(SCREENED, sale_id=sale_id):
        key = {"sale_id": sale_id, "row_id": item["row_id"]}
        db.write(db.delete_(SCREENED, key))
