"""From promise to entry: rows of the outbox go into the log, each exactly once.

The rows of one batch are chosen before they are logged, and the choice is written down under a
number. Whoever comes after a crash finds the choice and ends what was begun: the log knows the
batch by its number, and a row is deleted only when it is in the log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from boxoffice.dynamo import ConditionFailed, Database, Item
from boxoffice.outbox import LEDGER, entries_of
from boxoffice.tables import OUTBOX
from fairness.ledger.log import Log

BATCH = 100  # rows: what one transaction can delete
_CHOICE = {"kind": "ledger-choice", "promise_id": "0"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The rows that are being logged, in the order of their making."""

    number: int
    promise_ids: tuple[str, ...]
    rows: tuple[Item, ...] = field(default=(), compare=False)  # as who chose has read them


def manifest_batch(sale_id: str) -> str:
    """Return the name of the batch that holds a sale's manifest, and nothing else."""
    return f"{sale_id}/manifest"


class Promises:
    """The outbox rows of kind "ledger", on their way into `log`."""

    def __init__(
        self, db: Database, log: Log, tell: Callable[[Sequence[Item]], None] = lambda _: None
    ) -> None:
        """Rows are given to `tell` when they are in the log, and before they are removed.

        That may happen more than once for a row.
        """
        self._db = db
        self._log = log
        self._tell = tell

    def choose(self) -> Choice | None:
        """Return the rows to be logged next, None when there is none; manifests are logged now.

        Whatever happened before a row was written can be logged before `keep` is called.
        """
        present = self._present()
        if present.promise_ids:
            return present
        rows = list(self._db.query(OUTBOX, kind=LEDGER, limit=BATCH))
        others = tuple(row for row in rows if not self._is_manifest(row))
        if not others:
            return None
        promise_ids = tuple(row["promise_id"] for row in others)
        chosen = Choice(present.number + 1, promise_ids, others)
        return chosen if self._replace(present, chosen) else self.choose()

    def keep(self, chosen: Choice) -> int:
        """Log the chosen rows and remove them; return how many. Twice, or at once, is once."""
        keys = [_key(promise_id) for promise_id in chosen.promise_ids]
        # A row never changes, and the batch's number decides: what was read then still holds.
        rows = chosen.rows or self._rows(keys)
        if len(rows) == len(keys):  # else someone else has logged them and is removing them
            self._log.append(
                f"outbox/{chosen.number}", [e for row in rows for e in entries_of(row)]
            )
            self._tell(rows)
        self._db.transact([self._db.delete_(OUTBOX, key) for key in keys])
        self._replace(chosen, Choice(chosen.number, ()))
        return len(rows)

    def _rows(self, keys: Sequence[Item]) -> Sequence[Item]:
        found = self._db.get_many(OUTBOX, keys)
        return sorted(found, key=lambda row: str(row["promise_id"]))

    def _is_manifest(self, row: Item) -> bool:
        entry = entries_of(row)[0]
        if entry["type"] != "manifest":
            return False
        self._log.append(manifest_batch(entry["sale"]), [entry])
        self._db.write(self._db.delete_(OUTBOX, _key(row["promise_id"])))
        return True

    def _present(self) -> Choice:
        item = self._db.get(OUTBOX, **_CHOICE)
        return Choice(item["nth"], tuple(item["promise_ids"])) if item else Choice(0, ())

    def _replace(self, present: Choice, chosen: Choice) -> bool:
        """Write the next choice; False when someone else has gone on meanwhile."""
        item = {**_CHOICE, "nth": chosen.number, "promise_ids": list(chosen.promise_ids)}
        unchanged = "attribute_not_exists(kind) OR (nth = :nth AND promise_ids = :ids)"
        before: Sequence[str] = list(present.promise_ids)
        try:
            self._db.write(self._db.put_(OUTBOX, item, unchanged, nth=present.number, ids=before))
        except ConditionFailed:
            return False
        return True


def _key(promise_id: str) -> Item:
    return {"kind": LEDGER, "promise_id": promise_id}
