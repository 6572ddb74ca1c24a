"""Where the log's entries are kept: the LEDGER table.

part "head"           tree_size: how many entries there are
part "batch#<name>"   first, until: where a batch stands; written once, so a batch is logged once
part "entries"        start: index of the first of `length` entries; they are here in `packed`,
                      or, when they do not fit into one item, in the parts of `blob`
part "blob#<id>"      start: 0, …: pieces of one large batch, before and after it is logged
part "checkpoint"     tree_size, signed: the largest checkpoint published

One transaction of three small writes (head, batch, entries) makes a batch part of the log,
whatever its size: a large one is laid down as a blob first, which nobody reads until then.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from hashlib import sha256

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.tables import LEDGER
from fairness.errors import Contention, LogBroken, TooLarge
from fairness.ledger.entries import MAX_BYTES
from fairness.ledger.tiles import pack, unpack

ITEM_BYTES = 300_000  # DynamoDB refuses items over 400 KB
TRIES = 60  # each time somebody else's append goes through, so these are many appenders' worth
_HEAD = {"part": "head", "start": 0}
_CHECKPOINT = {"part": "checkpoint", "start": 0}


class LedgerStore:
    """The `LogStore` of `fairness.ledger.log`: no gap, no fork, no batch twice."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def size(self) -> int:
        """Return how many entries there are."""
        head = self._db.get(LEDGER, **_HEAD)
        return int(head["tree_size"]) if head else 0

    def batch(self, batch: str) -> tuple[int, int] | None:
        """Return the first index of a batch and the one after its last; None before it is there."""
        item = self._db.get(LEDGER, part=f"batch#{batch}", start=0)
        return (item["first"], item["until"]) if item else None

    def append(self, batch: str, entries: Sequence[bytes]) -> int:
        """Return the index of the first entry; the first call with this batch name decides.

        Entries of one batch stand together and in order. No entries are no batch. TooLarge for an
        entry over 65,535 bytes, Contention when others were faster 60 times; Unavailable when the
        answer was lost: the same call later finds out whether it was done.
        """
        if not entries:
            return self.size()
        body: Item | None = None
        for attempt in range(TRIES):
            if found := self.batch(batch):
                return found[0]
            body = body or self._body(batch, entries)
            first = self.size()
            try:
                self._db.transact(self._writes(batch, body, first))
            except (ConditionFailed, Contention):
                self._step_aside(attempt)
            else:
                return first
        raise Contention(f"the log is busy: {batch} did not get its turn")

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the entries start … end-1; LogBroken when one of them is not there."""
        return self._run("entries", start, end)

    def publish(self, size: int, checkpoint: str) -> bool:
        """Keep the checkpoint unless a larger one is there; return whether it is the one kept.

        LogBroken when another one of the same size is there: the log would have two histories.
        """
        larger = self._db.update_(
            LEDGER,
            _CHECKPOINT,
            "SET tree_size = :new, signed = :text",
            "attribute_not_exists(tree_size) OR tree_size < :new",
            new=size,
            text=checkpoint,
        )
        try:
            self._db.write(larger)
        except ConditionFailed:
            kept = self._db.get(LEDGER, **_CHECKPOINT) or {}
            if kept.get("tree_size") == size and kept.get("signed") != checkpoint:
                raise LogBroken(f"two different checkpoints of size {size}") from None
            return kept.get("signed") == checkpoint
        return True

    def checkpoint(self) -> str | None:
        """Return the largest checkpoint published so far."""
        item = self._db.get(LEDGER, **_CHECKPOINT)
        return str(item["signed"]) if item else None

    def _writes(self, batch: str, body: Item, first: int) -> list[Write]:
        until = first + body["length"]
        absent = "attribute_not_exists(part)"
        head = {**_HEAD, "tree_size": until}
        return [
            self._db.put_(LEDGER, head, "tree_size = :first", first=first)
            if first
            else self._db.put_(LEDGER, head, absent),
            self._db.put_(
                LEDGER,
                {"part": f"batch#{batch}", "start": 0, "first": first, "until": until},
                absent,
            ),
            self._db.put_(LEDGER, {"part": "entries", "start": first, **body}, absent),
        ]

    def _body(self, batch: str, entries: Sequence[bytes]) -> Item:
        """Return what the log's item will hold; the pieces of a large batch are written here."""
        runs = list(_runs(entries))
        if len(runs) == 1:
            return {"length": len(entries), "packed": pack(entries)}
        name = sha256(batch.encode() + b"\n")
        pieces, start = list[Item](), 0
        for run in runs:
            packed = pack(run)
            name.update(packed)
            pieces.append({"start": start, "length": len(run), "packed": packed})
            start += len(run)
        # Named by its content: another call with the same entries writes the same pieces again,
        # one with others writes elsewhere, so a crash here leaves at most some unused bytes.
        blob = name.hexdigest()
        self._db.put_many(LEDGER, [{"part": f"blob#{blob}", **piece} for piece in pieces])
        return {"length": len(entries), "blob": blob}

    def _run(self, part: str, start: int, end: int) -> Iterator[bytes]:
        at = start
        for item in self._items(part, start, end):
            first, until = item["start"], item["start"] + item["length"]
            if not first <= at < until:
                break
            stop = min(end, until) - first
            if "blob" in item:
                yield from self._run(f"blob#{item['blob']}", at - first, stop)
            else:
                yield from unpack(item["packed"], stop)[at - first :]
            at = first + stop
        if at < end:
            raise LogBroken(f"{part} has no entry {at}")

    def _items(self, part: str, start: int, end: int) -> Iterator[Item]:
        if start >= end:
            return
        yield from self._db.query(
            LEDGER, part=part, between=("start", 0, start), newest_first=True, limit=1
        )
        if start + 1 < end:
            yield from self._db.query(LEDGER, part=part, between=("start", start + 1, end - 1))

    @staticmethod
    def _step_aside(attempt: int) -> None:
        """Wait up to a few ms, so that the appenders in a rush do not meet again."""
        time.sleep(random.uniform(0, 0.002 * 2 ** min(attempt, 6)))  # noqa: S311 - not a secret


def _runs(entries: Sequence[bytes]) -> Iterator[list[bytes]]:
    """Yield the entries in runs that fit into one item."""
    run, size = list[bytes](), 0
    for entry in entries:
        if len(entry) > MAX_BYTES:
            raise TooLarge(
                f"an entry has {len(entry)} bytes",
                field="entries",
                rule=f"at most {MAX_BYTES} bytes",
                remedy="split it",
            )
        if run and size + len(entry) + 2 > ITEM_BYTES:
            yield run
            run, size = [], 0
        run.append(entry)
        size += len(entry) + 2
    yield run
