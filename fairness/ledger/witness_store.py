"""What a witness must never forget: the newest head it cosigned of each log. SQLite, synced."""

from __future__ import annotations

import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fairness.errors import Unavailable

FILE = "heads.db"
MOST_KEPT = 100  # of each kind: the first ones are what matters, and a disk is finite
PROVED, UNPROVED = "evidence", "unproved"
_TABLE = """CREATE TABLE IF NOT EXISTS heads (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL, root BLOB NOT NULL,
    text TEXT NOT NULL, at_s INTEGER NOT NULL)"""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest checkpoint of a log that was cosigned here, and when (s since 1970 UTC)."""

    origin: str
    size: int
    root: bytes
    text: str  # with the log's signature and ours
    at_s: int


class Heads:
    """The heads in a folder; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        """Unavailable when the folder cannot be written."""
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(f"the folder of the witness cannot be written: {error}") from error
        with self._open() as db:
            db.execute(_TABLE)

    def get(self, origin: str) -> Head | None:
        """Return the newest head that was cosigned, or None."""
        with self._open() as db:
            row = db.execute("SELECT * FROM heads WHERE origin = ?", (origin,)).fetchone()
        return Head(*row) if row else None

    def is_empty(self) -> bool:
        """Return whether nothing was cosigned here, ever."""
        with self._open() as db:
            return db.execute("SELECT 1 FROM heads").fetchone() is None

    def advance(self, before: Head | None, after: Head) -> bool:
        """Replace `before` by `after` on disk; False when somebody else was faster."""
        new = (after.size, after.root, after.text, after.at_s)
        with self._open() as db:
            if before is None:
                done = db.execute("INSERT OR IGNORE INTO heads VALUES (?, ?, ?, ?, ?)",
                                  (after.origin, *new))  # fmt: skip
            else:
                done = db.execute(
                    "UPDATE heads SET size = ?, root = ?, text = ?, at_s = ?"
                    " WHERE origin = ? AND size = ? AND root = ?",
                    (*new, after.origin, before.size, before.root),
                )
            return done.rowcount == 1

    def accuse(self, known: Head, shown: str, why: str, *, proved: bool) -> None:
        """Keep a head that was refused beside the one that was cosigned.

        `proved`: both cannot be honest. Otherwise it was only not shown that they are.
        """
        keep_evidence(self._folder / (PROVED if proved else UNPROVED), known.text, shown, why)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection; what was written is synced to disk when this ends."""
        try:
            path = self._folder / FILE
            with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db:
                db.execute("PRAGMA synchronous = EXTRA")
                yield db
        except sqlite3.Error as error:
            raise Unavailable(f"the store of the witness does not answer: {error}") from error


def keep_evidence(place: Path, known: str, shown: str, why: str) -> Path | None:
    """Keep two signed heads as a file in the folder `place`, once; return where.

    None when there are a hundred already.
    """
    place.mkdir(parents=True, exist_ok=True)
    name = sha256(f"{known}\n{shown}".encode()).hexdigest()[:16]
    path = place / f"{name}.json"
    if path.exists():
        return path
    if len(list(place.glob("*.json"))) >= MOST_KEPT:
        return None
    fresh = place / f".{uuid.uuid4().hex}"
    with fresh.open("w", encoding="utf-8") as file:
        json.dump({"why": why, "known": known, "shown": shown}, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path
