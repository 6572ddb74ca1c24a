"""One honest log and one that was rewritten, under the same key; and what is asked of a witness."""

from __future__ import annotations

from pathlib import Path

from fairness.ledger import merkle, notes
from fairness.ledger.tiles import Folder, Tree
from fairness.ledger.witness import Question
from tests.fairness.ledger.stores import ORIGIN, SEED, MemoryStore, fill, log_of

LOG_KEY = notes.Signer(ORIGIN, SEED).verifier
SIZES = (5, 9, 12, 300)


class History:
    """One version of the log, sealed at each of SIZES."""

    def __init__(self, folder: Path, first: int) -> None:
        """Entries from the second on are numbered from `first`, so histories part there."""
        log = log_of(folder, MemoryStore())
        log.append("first", [])
        self.heads: dict[int, notes.Checkpoint] = {}
        self.folder = folder
        size = 1  # the beacon's key
        for until in SIZES:
            fill(log, until - size, first + size)
            size = until
            self.heads[size] = log.seal()

    def question(self, old: int, size: int, head: notes.Checkpoint | None = None) -> bytes:
        """The request to cosign the head of `size`, with our own proof that it extends `old`."""
        head = head or self.heads[size]
        tree = Tree(Folder(self.folder), size)
        proof = merkle.consistency_path(old, size, tree.subtree)
        return Question(old, proof, head).text().encode()


def histories(folder: Path) -> tuple[History, History]:
    """Return the honest log and the fork."""
    return History(folder / "honest", 0), History(folder / "fork", 1_000)
