"""The log's public files: C2SP tlog-tiles in a folder, to be served as they are.

A tile is written once, whole, under its final name, and never changes; only `checkpoint` is
replaced. Partial tiles are kept until the full one is there, then removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from fairness.errors import LogBroken, Unavailable
from fairness.ledger import merkle
from fairness.ledger.merkle import HASH

WIDTH = 256
ENTRIES = "entries"
CHECKPOINT = "checkpoint"

Sink = Callable[[str, bytes], None]  # (path inside the folder, content)


def path(level: int | str, number: int, width: int = WIDTH) -> str:
    """Return where a tile is: tile/<L>/<N>[.p/<W>], N in groups of three digits."""
    digits = f"{number:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}" + ("" if width == WIDTH else f".p/{width}")


def is_final(name: str) -> bool:
    """Return whether the file of this name never changes: full tiles and full files of history."""
    kept = name.startswith(("tile/", "checkpoints/")) and not name.endswith("/latest")
    return kept and ".p/" not in name


def pack(entries: Sequence[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length in 16 bits, big-endian."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def unpack(bundle: bytes, count: int) -> list[bytes]:
    """Return the first `count` entries of a bundle; LogBroken when it does not hold them."""
    entries, at = list[bytes](), 0
    end = len(bundle)
    for number in range(count):
        begin = at + 2
        at = begin + (bundle[at] << 8 | bundle[at + 1]) if begin <= end else end + 1
        if at > end:
            raise LogBroken(f"an entry bundle ends after {number} of {count} entries")
        entries.append(bundle[begin:at])
    return entries


class Files(ABC):
    """The public files of one log, wherever they are."""

    settle_s = 0.05  # how long a newer checkpoint may be known before it is in its place

    @abstractmethod
    def read(self, name: str) -> bytes | None:
        """Return a file's content, or None when it is not there."""

    def expect(self, names: Iterable[str]) -> None:  # noqa: B027 - most need not do anything
        """Learn that these will be read soon; whoever has to fetch them may begin."""

    def close(self) -> None:  # noqa: B027 - likewise
        """Read nothing more."""

    def hashes(self, level: int, number: int, width: int) -> list[bytes]:
        """Return the first `width` hashes of a tile; LogBroken when they are not there."""
        data = self.tile(level, number, width)[: width * HASH]
        if len(data) != width * HASH:
            raise LogBroken(f"{path(level, number, width)} is too short")
        return [data[i : i + HASH] for i in range(0, len(data), HASH)]

    def bundle(self, number: int, width: int) -> list[bytes]:
        """Return the first `width` entries of a bundle; LogBroken when they are not there."""
        return unpack(self.tile(ENTRIES, number, width), width)

    def tile(self, level: int | str, number: int, width: int) -> bytes:
        """Return a tile, or the full one that has replaced it; LogBroken when neither is there."""
        for name in dict.fromkeys((path(level, number, width), path(level, number))):
            if (data := self.read(name)) is not None:
                return data
        raise LogBroken(f"{path(level, number, width)} is missing")


class Folder(Files):
    """The folder of one log's public files."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, name: str) -> bytes | None:
        """Return a file's content, or None when it is not there."""
        try:
            return (self._root / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, name: str, data: bytes) -> None:
        """Write a file that never changes; LogBroken if it is there with another content."""
        present = self.read(name)
        if present is None:
            self.replace(name, data)
        elif present != data:
            raise LogBroken(f"{name} is published already, with another content")

    def replace(self, name: str, data: bytes) -> None:
        """Write a file whole: a reader sees the old content or the new one, also after a crash."""
        target = self._root / name
        fresh = self._root / f".{uuid.uuid4().hex}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.chmod(0o644)  # the web server may be another user
            fresh.replace(target)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise Unavailable(f"the log's folder cannot be written: {error}") from error

    def drop_partials(self, name: str) -> None:
        """Remove the partial tiles that the full tile `name` has replaced."""
        shutil.rmtree(self._root / f"{name}.p", ignore_errors=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Let one process of this machine write at a time; released when it dies."""
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            file = (self._root / ".lock").open("w")
        except OSError as error:
            raise Unavailable(f"the log's folder cannot be written: {error}") from error
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Builder:
    """Turns entries into tiles, from a size that is already published onwards.

    It holds the last, partial tile of each level and nothing else. `sink` is given every tile
    that becomes full, and at `flush` the partial ones: a writer keeps them, a verifier compares.
    """

    def __init__(self, sink: Sink, size: int = 0, folder: Folder | None = None) -> None:
        self._sink = sink
        self.size = size
        self._rows: list[list[bytes]] = []
        self._bundle: list[bytes] = []
        if size and folder:
            self._resume(folder)

    def _resume(self, folder: Folder) -> None:
        level, count = 0, self.size
        while count:
            number, width = divmod(count, WIDTH)
            self._rows.append(folder.hashes(level, number, width) if width else [])
            level, count = level + 1, number
        number, width = divmod(self.size, WIDTH)
        self._bundle = folder.bundle(number, width) if width else []
        if [merkle.leaf_hash(entry) for entry in self._bundle] != self._rows[0]:
            raise LogBroken(f"{path(ENTRIES, number, width)} does not hash to its tile")

    def push(self, entry: bytes) -> None:
        """Add one entry."""
        self._bundle.append(entry)
        if len(self._bundle) == WIDTH:
            self._sink(path(ENTRIES, self.size // WIDTH), pack(self._bundle))
            self._bundle = []
        self._add(0, merkle.leaf_hash(entry))
        self.size += 1

    def extend(self, entries: Sequence[bytes]) -> None:
        """Add entries, at most one bundle of them; quick when they fill it."""
        if self._bundle or len(entries) != WIDTH:
            for entry in entries:
                self.push(entry)
            return
        number, row = self.size // WIDTH, merkle.leaf_hashes(entries)
        self._sink(path(ENTRIES, number), pack(entries))
        self._sink(path(0, number), b"".join(row))
        if not self._rows:
            self._rows.append([])
        self.size += WIDTH - 1
        self._add(1, merkle.root(row))
        self.size += 1

    def _add(self, level: int, top: bytes) -> None:
        if level == len(self._rows):
            self._rows.append([])
        row = self._rows[level]
        row.append(top)
        if len(row) == WIDTH:
            number = self.size // WIDTH ** (level + 1)
            self._sink(path(level, number), b"".join(row))
            self._rows[level] = []
            self._add(level + 1, merkle.root(row))

    def flush(self) -> None:
        """Give the partial tiles of the present size to the sink."""
        number = self.size // WIDTH
        if self._bundle:
            self._sink(path(ENTRIES, number, len(self._bundle)), pack(self._bundle))
        for level, row in enumerate(self._rows):
            if row:
                number = self.size // WIDTH ** (level + 1)
                self._sink(path(level, number, len(row)), b"".join(row))

    def root(self) -> bytes:
        """Return the root over all entries so far."""
        peaks = list[bytes]()
        for row in reversed(self._rows):
            at = 0
            while at < len(row):  # the binary digits of the width are the perfect subtrees
                width = 1 << (len(row) - at).bit_length() - 1
                peaks.append(merkle.root(row[at : at + width]))
                at += width
        return merkle.fold(peaks)


class Tree:
    """The hash tree as the tiles of a folder hold it, for proofs over a published size."""

    def __init__(self, folder: Files, size: int) -> None:
        self._folder = folder
        self._size = size

    def subtree(self, lo: int, hi: int) -> bytes:
        """Return the root of the entries lo … hi-1, reading only the tiles on the way."""
        size = hi - lo
        if size & (size - 1):
            middle = lo + merkle.split(size)
            return merkle.node_hash(self.subtree(lo, middle), self.subtree(middle, hi))
        level = (size.bit_length() - 1) // 8
        unit = WIDTH**level
        number, first = divmod(lo // unit, WIDTH)
        width = min(WIDTH, self._size // unit - number * WIDTH)
        row = self._folder.hashes(level, number, width)
        return merkle.root(row[first : first + size // unit])
