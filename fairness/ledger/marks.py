"""The checkpoints that a log must pass through as it is read: all that were ever published."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from fairness.errors import LogBroken
from fairness.ledger import checkpoints, notes
from fairness.ledger.notes import Checkpoint
from fairness.ledger.tiles import Builder, Files

HISTORY = "checkpoint history"


def newest(files: Files, verifier: notes.Verifier) -> int:
    """Return the size of the newest checkpoint in the log's history; 0 when there is none."""
    try:
        kept = checkpoints.latest(files)
        return notes.check(kept[-1], verifier).size if kept else 0
    except LogBroken:
        return 0  # reading it from its beginning says what is wrong


class Marks:
    """The sizes at which the root must be what was signed.

    A tree that has the root of each on its way is consistent from each checkpoint to the next.
    """

    def __init__(
        self,
        files: Files,
        verifier: notes.Verifier,
        head: Checkpoint,
        earlier: Checkpoint | None,
        fail: Callable[[str, str, int | None], None],
    ) -> None:
        """`fail` is told what is wrong; checkpoints beyond `head` are not looked at."""
        self._verifier = verifier
        self._head = head
        self._earlier = earlier
        self._fail = fail
        self._past = self._read(files)
        self._next = next(self._past, None)
        self.count = 0

    def hash(self, builder: Builder, entries: Sequence[bytes]) -> None:
        """Add a bundle's entries to the tree, stopping at every size that was signed."""
        end = builder.size + len(entries)
        stops = list(self._until(end))
        sizes = {mark.size for _, mark in stops}
        if sizes <= {end}:
            builder.extend(entries)
        roots = {end: builder.root()} if end in sizes and builder.size == end else {}
        for entry in entries if builder.size < end else ():
            builder.push(entry)
            if builder.size in sizes:
                roots[builder.size] = builder.root()
        for check, mark in stops:
            if roots.get(mark.size) != mark.root:
                self._fail(check, f"the first {mark.size} entries do not hash to its root", None)

    def _until(self, end: int) -> Iterator[tuple[str, Checkpoint]]:
        if self._earlier and self._earlier.size <= end:
            yield "earlier checkpoint", self._earlier
            self._earlier = None
        while self._next and self._next.size <= end:
            self.count += 1
            yield HISTORY, self._next
            self._next = next(self._past, None)

    def _read(self, files: Files) -> Iterator[Checkpoint]:
        """Yield the history up to the head; what cannot be read ends it, with a failure."""
        last = 0
        try:
            for text in checkpoints.every(files):
                mark = notes.check(text, self._verifier)
                if mark.size < last:
                    raise LogBroken(f"one of {mark.size} entries follows one of {last}")
                if mark.size > self._head.size:
                    return
                if mark.size:
                    yield mark
                last = mark.size
        except LogBroken as error:
            self._fail(HISTORY, str(error), None)
