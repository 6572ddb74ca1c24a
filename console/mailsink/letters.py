"""The letters the sink was given, kept in one file that only grows.

A letter is known by its Message-ID: one that comes again is kept once and counted, so that
"every order was mailed exactly once" can be read here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from hashlib import sha256
from pathlib import Path
from typing import Any

from fairness.clock import now_us


@dataclass(frozen=True, slots=True)
class Letter:
    """What stands in a letter."""

    sender: str
    subject: str
    text: str
    html: str
    attachments: tuple[str, ...]
    headers: Mapping[str, str]  # those that begin with X-


@dataclass(frozen=True, slots=True)
class Kept:
    """One letter as it came, read when somebody looks; `copies` is how often it came."""

    message_id: str
    at_us: int
    sender: str
    to: tuple[str, ...]
    raw: bytes
    copies: int = 1

    def read(self) -> Letter:
        """Return what stands in it (RFC 5322)."""
        message = message_from_bytes(self.raw, _class=EmailMessage, policy=policy.default)
        return Letter(
            sender=parseaddr(str(message["From"] or ""))[1] or self.sender,
            subject=str(message["Subject"] or ""),
            text=_body(message, "plain"),
            html=_body(message, "html"),
            attachments=tuple(a.get_filename() or "" for a in message.iter_attachments()),
            headers={n: str(v) for n, v in message.items() if n.upper().startswith("X-")},
        )


class Letters:
    """All letters, oldest first. What was accepted is on disk before the sender hears so."""

    def __init__(self, file: Path) -> None:
        """Read what an earlier run kept; a line cut short by a crash was never accepted."""
        self._found: dict[str, Kept] = {}
        for line in _lines(file):
            self._take(line)
        self._file = file.open("ab")
        if self._file.tell() and not _ends_whole(file):
            self._file.write(b"\n")

    def __len__(self) -> int:
        return len(self._found)

    @property
    def repeats(self) -> int:
        """How many times a letter came that was there already."""
        return sum(letter.copies - 1 for letter in self._found.values())

    def keep(self, raw: bytes, sender: str, to: tuple[str, ...]) -> Kept:
        """Keep the letter, or count it when it is known, and return it as it now stands."""
        name = _id_of(raw)
        told = {"at_us": now_us(), "sender": sender, "to": to, "raw": raw.decode("latin-1")}
        line = {"again": name} if name in self._found else {"message_id": name, **told}
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._take(line)

    def get(self, message_id: str) -> Kept | None:
        """Return the letter with this Message-ID, or None."""
        return self._found.get(message_id)

    def to(self, address: str = "") -> list[Kept]:
        """Return the letters to an address, or all; the newest first."""
        wanted = address.strip().lower()
        return [
            letter
            for letter in reversed(self._found.values())
            if not wanted or any(wanted == each.lower() for each in letter.to)
        ]

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _take(self, line: dict[str, Any]) -> Kept:
        if "again" in line:
            known = self._found[line["again"]]
            letter = replace(known, copies=known.copies + 1)
        else:
            raw = line["raw"].encode("latin-1")
            letter = Kept(line["message_id"], line["at_us"], line["sender"], tuple(line["to"]), raw)
        self._found[letter.message_id] = letter
        return letter


def _id_of(raw: bytes) -> str:
    """Return the Message-ID; without one the letter's hash stands in."""
    found = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)["Message-ID"]
    return str(found or f"<{sha256(raw).hexdigest()}@none>").strip()


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        return
    with file.open("rb") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue


def _ends_whole(file: Path) -> bool:
    with file.open("rb") as content:
        content.seek(-1, os.SEEK_END)
        return content.read(1) == b"\n"


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""
