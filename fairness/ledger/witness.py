"""A witness: it cosigns what extends everything it saw of a log before, and nothing else.

C2SP tlog-witness without its HTTP. Asking is open to anyone: what counts is the log's signature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from fairness.errors import LogBroken
from fairness.ledger import merkle, notes
from fairness.ledger.cosigning import Cosigner
from fairness.ledger.notes import Checkpoint, Verifier
from fairness.ledger.witness_store import Head, Heads

MOST_STEPS = 63  # hashes in a consistency proof
MOST_BYTES = 65_536  # of a request
TEXT, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: an HTTP status, a body, and its type."""

    status: int
    body: str
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class Question:
    """A request to cosign a checkpoint that extends the one of `old_size`."""

    old_size: int
    proof: list[bytes]
    checkpoint: Checkpoint

    def text(self) -> str:
        """Return the body of the request."""
        steps = "".join(f"{notes.to_base64(step)}\n" for step in self.proof)
        return f"old {self.old_size}\n{steps}\n{self.checkpoint.text}"

    @classmethod
    def parse(cls, text: str) -> Question:
        """Return the question of such a body; LogBroken when it is not one."""
        head, blank, note = text.partition("\n\n")
        first, *steps = head.split("\n")
        old, space, size = first.partition(" ")
        if not blank or (old, space) != ("old", " ") or not notes.is_number(size):
            raise LogBroken("the first line is not: old, a space, a size")
        if len(steps) > MOST_STEPS:
            raise LogBroken(f"a proof of more than {MOST_STEPS} hashes")
        proof = [notes.unbase64(step) for step in steps]
        if any(len(step) != merkle.HASH for step in proof):
            raise LogBroken("a line of the proof is not a hash")
        return cls(int(size), proof, notes.read(note))


class Witness:
    """One witness of some logs. Every method may be called from many threads and processes."""

    def __init__(
        self, cosigner: Cosigner, logs: Iterable[Verifier], heads: Heads, now_s: Callable[[], int]
    ) -> None:
        self._cosigner = cosigner
        self._logs = {log.name: log for log in logs}
        self._heads = heads
        self._now_s = now_s

    def add_checkpoint(self, body: bytes) -> Answer:
        """Return the cosignature, or why there is none; what is signed is on disk before."""
        try:
            asked = Question.parse(body.decode())
        except (LogBroken, UnicodeDecodeError) as error:
            return Answer(400, f"{error}\n")
        head = asked.checkpoint
        if head.origin not in self._logs:
            return Answer(404, f"{head.origin} is not a log that is witnessed here\n")
        try:
            notes.check(head.text, self._logs[head.origin])
        except LogBroken as error:
            return Answer(403, f"{error}\n")
        if asked.old_size > head.size:
            return Answer(400, "the old size is larger than the checkpoint\n")
        return self._consider(asked)

    def checkpoint(self, origin_hash: str) -> Answer:
        """Return the newest cosigned checkpoint of the log with this SHA-256 of its origin."""
        for origin in self._logs:
            if sha256(origin.encode()).hexdigest() == origin_hash:
                known = self._heads.get(origin)
                return Answer(200, known.text) if known else Answer(404, "none was cosigned yet\n")
        return Answer(404, "no such log is witnessed here\n")

    def _consider(self, asked: Question) -> Answer:
        head = asked.checkpoint
        known = self._heads.get(head.origin)
        size = known.size if known else 0
        if known and known.size == head.size and known.root != head.root:
            # Two signed heads of one size: that proves a fork, whatever came with them.
            self._heads.accuse(known, head.text, "two heads of one size", proved=True)
        if asked.old_size != size:
            return Answer(409, f"{size}\n", SIZE)
        if fault := _fault(asked, known):
            if known and known.size != head.size:
                self._heads.accuse(known, head.text, fault, proved=False)
            return Answer(422, f"{fault}\n")
        return self._cosign(head, known)

    def _cosign(self, head: Checkpoint, known: Head | None) -> Answer:
        at_s = self._now_s()
        if known and at_s < known.at_s:
            return Answer(503, "the clock here is behind the last cosignature\n")
        text = _own(head.text, self._logs[head.origin])
        line = self._cosigner.sign(text, at_s)
        if self._heads.advance(known, Head(head.origin, head.size, head.root, text + line, at_s)):
            return Answer(200, line)
        faster = self._heads.get(head.origin)
        return Answer(409, f"{faster.size if faster else 0}\n", SIZE)


def _own(text: str, log: Verifier) -> str:
    """Return the checkpoint with the log's signature alone."""
    body, _, signatures = text.rpartition("\n\n")
    mine = (s for s in signatures.split("\n") if s.startswith(f"{notes.DASH}{log.name} "))
    return f"{body}\n\n" + "".join(f"{line}\n" for line in mine)


def _fault(asked: Question, known: Head | None) -> str | None:
    """Return why the checkpoint does not extend what is known; None when it does."""
    head = asked.checkpoint
    if known and known.size:
        extends = merkle.extends(known.size, head.size, known.root, head.root, asked.proof)
        return None if extends else "the proof does not show that this extends what was cosigned"
    if asked.proof:
        return "there is nothing to prove to somebody who has seen nothing"
    return None if head.size or head.root == merkle.EMPTY else "an empty log has another root"
