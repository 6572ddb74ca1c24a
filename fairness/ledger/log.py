"""The log of one deployment: append now, seal a moment later, prove for ever.

Entries are appended to a store, and a second later published as tiles with a signed checkpoint.
Nothing is signed that does not begin with everything that was signed before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from fairness import clock
from fairness.errors import LogBroken, NotFound
from fairness.ledger import entries as kinds
from fairness.ledger import merkle, notes
from fairness.ledger.checkpoints import Archive
from fairness.ledger.cosigning import COSIGNED
from fairness.ledger.notes import Checkpoint
from fairness.ledger.proofs import Proof
from fairness.ledger.tiles import CHECKPOINT, Builder, Folder, Tree

KEY = "key"
BEACON_KEY = "beacon-key"
BEACON = "ecvrf"
RECEIPT_KEY = "receipt-key"
RECEIPT = "Ed25519"


class LogStore(Protocol):
    """Where the entries are kept; the box office implements it on DynamoDB."""

    def size(self) -> int:
        """Return how many entries there are."""

    def append(self, batch: str, entries: Sequence[bytes]) -> int:
        """Return the index of the first; exactly once per batch name, whoever calls, and when."""

    def batch(self, batch: str) -> tuple[int, int] | None:
        """Return the first index of a batch and the one after its last; None before it is there."""

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the entries start … end-1; LogBroken when one of them is not there."""

    def publish(self, size: int, checkpoint: str) -> bool:
        """Keep the checkpoint unless a larger one is there; return whether it is the one kept."""

    def checkpoint(self) -> str | None:
        """Return the largest checkpoint published so far."""


class Log:
    """The log; every method may be called twice, or by many processes at once."""

    def __init__(
        self,
        store: LogStore,
        folder: Path,
        origin: str,
        seed: bytes,
        beacon_key: bytes,
        receipt_key: bytes | None = None,
    ) -> None:
        """Open the log called `origin`, whose public files are in `folder`.

        `seed` (32 secret bytes) signs the checkpoints, `beacon_key` is the beacon's public key:
        it is logged before anything else, so that no draw can be proved with another one.
        `receipt_key` is logged likewise, so that no promise it signed can be disowned.
        """
        self._store = store
        self._folder = Folder(folder)
        self._archive = Archive(self._folder)
        self._signer = notes.Signer(origin, seed)
        self._beacon_key = beacon_key
        self._receipt_key = receipt_key
        self._announced = False

    def append(self, batch: str, entries: Sequence[Mapping[str, Any]]) -> int:
        """Return the index of the first entry; the first call with this batch name decides.

        Invalid or TooLarge for what is no entry; Unavailable when the same call should be made
        again later.
        """
        self._announce()
        return self._store.append(batch, [kinds.encode(entry) for entry in entries])

    @property
    def key(self) -> notes.Verifier:
        """The key that this log's checkpoints are signed with."""
        return self._signer.verifier

    def batch(self, batch: str) -> tuple[int, int] | None:
        """Return the first index of a batch and the one after its last; None before it is there."""
        return self._store.batch(batch)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes of the entries start … end-1; LogBroken when one is not there."""
        return self._store.read(start, end)

    def seal(self) -> Checkpoint:
        """Publish everything appended so far under a signed checkpoint, and return that.

        Costs what is new. LogBroken, with nothing signed, when the entries no longer begin with
        what was published before.
        """
        self._announce()
        with self._folder.lock():
            # The size is asked last: another machine may publish more at any moment.
            local, published = self._local(), self._published()
            size = self._store.size()
            for known in (local, published):
                if known and known.size > size:
                    raise LogBroken(f"{known.size - size} published entries are lost")
            if local and published and local == published and local.size == size:
                return local
            checkpoint = self._build(size, local)
            self._must_hold(published, size)
            self._name_keys()
            if checkpoint != local:
                self._archive.keep(checkpoint.text)
                self._folder.replace(CHECKPOINT, checkpoint.text.encode())
            self._store.publish(size, checkpoint.text)
            return checkpoint

    def sealed_size(self) -> int:
        """Return how many entries the largest published checkpoint covers, on any machine."""
        published = self._published()
        return published.size if published else 0

    def proof(self, index: int) -> Proof:
        """Return the proof of one entry under the checkpoint in the folder.

        That is the cosigned one as soon as it covers the entry. NotFound when neither does yet.
        """
        head = self._signed(COSIGNED)
        if head is None or index >= head.size:
            head = self._local()
        if head is None or not 0 <= index < head.size:
            raise NotFound(
                f"entry {index} is not published",
                field="index",
                value=index,
                rule=f"below {head.size if head else 0}",
                remedy="ask again in some seconds",
            )
        tree = Tree(self._folder, head.size)
        return Proof(index, tuple(merkle.inclusion_path(index, head.size, tree.subtree)), head)

    def consistency(self, old_size: int) -> list[bytes]:
        """Return the proof that the checkpoint in the folder extends the one of `old_size`."""
        head = self._local()
        if head is None or not 0 <= old_size <= head.size:
            raise NotFound(f"there is no checkpoint of {old_size} entries")
        return merkle.consistency_path(old_size, head.size, Tree(self._folder, head.size).subtree)

    def _announce(self) -> None:
        if self._announced:
            return
        now = clock.now_us()
        keys = {f"keys/{self._beacon_key.hex()}": kinds.keys(now, BEACON, self._beacon_key)}
        if self._receipt_key:
            entry = kinds.receipts(now, self._receipt_key)
            keys[f"receipts/{self._receipt_key.hex()}"] = entry
        for batch, entry in keys.items():
            if self._store.batch(batch) is None:
                self._store.append(batch, [kinds.encode(entry)])
        self._announced = True

    def _build(self, size: int, local: Checkpoint | None) -> Checkpoint:
        builder = self._resumed(local)
        for entry in self._store.read(builder.size, size):
            builder.push(entry)
        builder.flush()
        return self._signer.sign(size, builder.root())

    def _resumed(self, local: Checkpoint | None) -> Builder:
        """Return a builder that goes on where the folder ends; from 0 if tiles are missing."""
        if local is None:
            return Builder(self._keep)
        try:
            builder = Builder(self._keep, local.size, self._folder)
            if builder.root() == local.root:
                return builder
        except LogBroken:
            pass
        # A folder that lost tiles is filled again. What is there is compared, and never changed.
        builder = Builder(self._keep)
        for entry in self._store.read(0, local.size):
            builder.push(entry)
        if builder.root() != local.root:
            raise LogBroken(f"the first {local.size} entries are not those published")
        builder.flush()
        return builder

    def _keep(self, name: str, data: bytes) -> None:
        self._folder.write(name, data)
        self._folder.drop_partials(name)

    def _must_hold(self, earlier: Checkpoint | None, size: int) -> None:
        if earlier and Tree(self._folder, size).subtree(0, earlier.size) != earlier.root:
            raise LogBroken(f"the first {earlier.size} entries are not those published")

    def _name_keys(self) -> None:
        self._folder.write(KEY, f"{self._signer.verifier}\n".encode())
        lines = {BEACON_KEY: f"{BEACON} {self._beacon_key.hex()}\n".encode()}
        if self._receipt_key:
            lines[RECEIPT_KEY] = f"{RECEIPT} {self._receipt_key.hex()}\n".encode()
        for name, line in lines.items():
            if self._folder.read(name) != line:
                self._folder.replace(name, line)

    def _local(self) -> Checkpoint | None:
        return self._signed(CHECKPOINT)

    def _signed(self, name: str) -> Checkpoint | None:
        text = self._folder.read(name)
        return notes.check(text.decode(), self._signer.verifier) if text else None

    def _published(self) -> Checkpoint | None:
        text = self._store.checkpoint()
        return notes.check(text, self._signer.verifier) if text else None
