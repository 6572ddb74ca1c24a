"""That one entry is in the log, as an object and as a file for others' tools."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fairness.errors import LogBroken
from fairness.ledger import merkle, notes
from fairness.ledger.notes import Checkpoint

_PROOF = "c2sp.org/tlog-proof@v1"
_PROOF_HEAD = re.compile(
    _PROOF + r"(\nextra [^\n]*)?\nindex (?P<index>[0-9]{1,18})(?P<hashes>(\n.+)*)"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """That one entry is in the log, for whoever has the entry and the log's key."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: Checkpoint

    def holds(self, entry: bytes) -> bool:
        """Return whether this proves `entry` under the checkpoint; check its signature apart."""
        head = self.checkpoint
        leaf = merkle.leaf_hash(entry)
        return merkle.includes(self.index, head.size, leaf, self.hashes, head.root)

    def text(self, extra: bytes = b"") -> str:
        """Return the proof with its checkpoint in one file: c2sp.org/tlog-proof@v1.

        `extra` is put beside it and not proved; with the entry there, the file needs no other.
        """
        beside = f"extra {notes.to_base64(extra)}\n" if extra else ""
        hashes = "".join(notes.to_base64(step) + "\n" for step in self.hashes)
        return f"{_PROOF}\n{beside}index {self.index}\n{hashes}\n{self.checkpoint.text}"

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Return the proof of such a file, without believing it; LogBroken when it is not one."""
        head, _, checkpoint = text.partition("\n\n")
        found = _PROOF_HEAD.fullmatch(head)
        if found is None:
            raise LogBroken("this is not a proof of the log")
        steps = tuple(notes.unbase64(step) for step in found["hashes"].split())
        return cls(int(found["index"]), steps, notes.read(checkpoint))
