"""Every checkpoint that was ever signed, kept in public, so that anyone sees how the log grew.

`checkpoints/<N>` has 256 of them and never changes; `checkpoints/latest` has those after the last
full file. They are packed as entries are: each after its length in 16 bits, oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator

from fairness.errors import LogBroken
from fairness.ledger import tiles
from fairness.ledger.tiles import WIDTH, Files, Folder

LATEST = "checkpoints/latest"


def name(number: int) -> str:
    """Return where a full file is: checkpoints/<N>, N in groups of three digits."""
    return tiles.path("checkpoints", number).removeprefix("tile/")


def latest(files: Files) -> list[str]:
    """Return the newest ones, oldest first; LogBroken when the file cannot be read."""
    return _texts(files.read(LATEST) or b"")


def every(files: Files) -> Iterator[str]:
    """Yield all, oldest first, also while more are written; LogBroken for a file out of shape."""
    number = 0
    while True:
        full = files.read(name(number))
        if full is None:
            rest = latest(files)
            full = files.read(name(number))  # it may have become full in between
            if full is None:
                yield from rest
                return
        yield from _texts(full)
        number += 1


class Archive:
    """Keeps the checkpoints of the log in a folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._full: int | None = None  # files that are full

    def keep(self, text: str) -> None:
        """Add a checkpoint; again is once. To be called before it is published."""
        kept, full = latest(self._folder), self._count()
        if full and len(kept) in (0, WIDTH - 1):
            before = _texts(self._folder.read(name(full - 1)) or b"")
            if kept == before[:-1]:  # who wrote the full file died before the next step
                kept = []
            if not kept and before[-1:] == [text]:
                return
        if kept and kept[-1] == text:
            return
        kept.append(text)
        packed = tiles.pack([one.encode() for one in kept])
        if len(kept) == WIDTH:
            self._folder.write(name(full), packed)
            self._full = full + 1
            packed = b""
        self._folder.replace(LATEST, packed)

    def _count(self) -> int:
        while self._full is None or self._folder.read(name(self._full)) is not None:
            self._full = 0 if self._full is None else self._full + 1
        return self._full


def _texts(packed: bytes) -> list[str]:
    texts, at = list[str](), 0
    while at < len(packed):
        end = at + 2 + int.from_bytes(packed[at : at + 2], "big")
        if end > len(packed):
            raise LogBroken("a file of checkpoints ends in the middle of one")
        texts.append(packed[at + 2 : end].decode("utf-8", "replace"))
        at = end
    return texts
