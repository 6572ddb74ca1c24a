"""Following a log as a stranger: is everybody shown the same one, and does it only grow?

What proves otherwise is kept: two heads, both signed with the log's key, of which neither begins
with the other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from fairness.errors import LogBroken, Unavailable
from fairness.ledger import notes
from fairness.ledger.cosigning import Asked, cosignatures
from fairness.ledger.notes import Checkpoint, Verifier
from fairness.ledger.tiles import CHECKPOINT, Files, Tree
from fairness.ledger.witness_store import keep_evidence
from fairness.ledger.witnessing import fetch

EVIDENCE = "evidence"


class Monitor:
    """Compares what the log and its witnesses show with all that was seen before."""

    def __init__(
        self, views: Sequence[Files], log: Verifier, witnesses: Sequence[Asked], folder: Path
    ) -> None:
        """`views` are the places that serve the log; `folder` keeps what was seen, and evidence."""
        self._views = views
        self._log = log
        self._witnesses = witnesses
        self._folder = folder
        self._path = folder / f"{sha256(log.name.encode()).hexdigest()[:16]}.checkpoint"
        folder.mkdir(parents=True, exist_ok=True)

    def look(self) -> list[str]:
        """Look once; return what was found, a line for each place that was asked.

        LogBroken is the alarm: a split view, or a head that is not what the log's tiles give; it
        says where the evidence is. A place that does not answer is a line, not an alarm.
        """
        said = [self._look_at_view(n, files) for n, files in enumerate(self._views, 1)]
        return said + [self._look_at_witness(one) for one in self._witnesses]

    def known(self) -> Checkpoint | None:
        """Return the largest head that was seen."""
        try:
            return notes.check(self._path.read_text("utf-8"), self._log)
        except FileNotFoundError:
            return None

    def _look_at_view(self, number: int, files: Files) -> str:
        try:
            data = files.read(CHECKPOINT)
        except Unavailable as error:
            return f"address {number}: {error}"
        if data is None:
            return f"address {number} has no checkpoint"
        head = notes.check(data.decode("utf-8", "replace"), self._log)
        return f"address {number}: {self._compare(head, files)}"

    def _look_at_witness(self, one: Asked) -> str:
        origin = sha256(self._log.name.encode()).hexdigest()
        try:
            status, body = fetch(f"{one.url}/{origin}/checkpoint")
        except Unavailable as error:
            return f"{one.key.name}: {error}"
        if status != 200:
            return f"{one.key.name} has nothing to show ({status})"
        text = body.decode("utf-8", "replace")
        head = notes.check(text, self._log)
        if not cosignatures(text, [one.key]):
            raise LogBroken(f"{one.key.name} shows a head that it did not cosign")
        return f"{one.key.name}: {self._compare(head, self._views[0])}"

    def _compare(self, head: Checkpoint, files: Files) -> str:
        """Return what is new about `head`, whose tiles are in `files`; the alarm is LogBroken."""
        known = self.known()
        if known is None:
            self._keep(head)
            return f"{head.size} entries; the first head seen here"
        small, large = sorted((known, head), key=lambda one: one.size)
        if small.size == large.size:
            if small.root != large.root:
                self._alarm(known, head, f"two heads of {head.size} entries")
            return f"{head.size} entries, as before"
        self._grew(known, head, small, large, files)
        if head is small:
            return f"{head.size} entries: an older head than the {known.size} seen before"
        self._keep(head)
        return f"{head.size} entries, {head.size - known.size} of them new"

    def _grew(
        self,
        known: Checkpoint,
        head: Checkpoint,
        small: Checkpoint,
        large: Checkpoint,
        files: Files,
    ) -> None:
        """Raise the alarm unless the larger head begins with the smaller one."""
        for patience in (getattr(files, "settle_s", 0.0), None):
            tree = Tree(files, large.size)
            try:
                whole = tree.subtree(0, large.size) == large.root if large.size else True
                same = not small.size or tree.subtree(0, small.size) == small.root
                why = f"the tiles that are served do not give the head of {large.size} entries"
            except LogBroken as error:
                whole, same, why = False, False, str(error)
            if whole:
                break
            if patience is None:
                self._alarm(known, head, why)
            time.sleep(patience or 0)  # a cache may be behind
        if not same:
            sizes = f"{large.size} entries do not begin with the {small.size}"
            self._alarm(known, head, f"the {sizes} that were signed too")

    def _alarm(self, known: Checkpoint, head: Checkpoint, why: str) -> None:
        where = keep_evidence(self._folder / EVIDENCE, known.text, head.text, why)
        raise LogBroken(f"SPLIT VIEW: {why}; both signed heads are kept in {where or self._folder}")

    def _keep(self, head: Checkpoint) -> None:
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        fresh.write_text(head.text, "utf-8")
        fresh.replace(self._path)
