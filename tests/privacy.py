"""Looking for people in public bytes: what they are called, and hashes that anyone could guess."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s")
SHORT = 12  # characters of a hash's text, or bytes of it, by which it is recognised
_WORDS = re.compile(rb"[A-Za-z0-9+/_=-]{12,}")


def files(folder: Path) -> dict[str, bytes]:
    """Return every public file of a log: names that begin with a dot are not served."""
    found = (path for path in folder.rglob("*") if path.is_file())
    shown = (path for path in found if not path.name.startswith("."))
    return {str(path.relative_to(folder)): path.read_bytes() for path in shown}


def leaks(public: Mapping[str, bytes], personal: Iterable[str]) -> list[str]:
    """Return where one of the `personal` words stands, or the start of an unkeyed hash of one."""
    words = {word for word in personal if word}
    digests = {d[:SHORT] for word in words for d in _digests(word)}
    texts = {text for digest in digests for text in _texts(digest)}
    found = []
    for name, data in public.items():
        lower = data.lower()
        found += [f"{name}: {word}" for word in words if word.lower().encode() in lower]
        found += [f"{name}: a hash, {text!r}" for text in _shown(data) if text in texts]
        found += [f"{name}: a bare hash" for raw in _raw(name, data) if raw in digests]
    return found


def _digests(word: str) -> Iterator[bytes]:
    for variant in {word, word.lower(), word.upper(), f"{word}\n", word.partition("@")[0]}:
        for name in HASHES:
            yield hashlib.new(name, variant.encode()).digest()


def _texts(digest: bytes) -> Iterator[bytes]:
    """Yield the first characters of how the digest may be written."""
    yield digest.hex()[:SHORT].encode()
    yield digest.hex().upper()[:SHORT].encode()
    yield base64.b64encode(digest)[:SHORT]
    yield base64.urlsafe_b64encode(digest)[:SHORT]
    yield base64.b32encode(digest)[:SHORT]


def _shown(data: bytes) -> Iterator[bytes]:
    """Yield the first characters of every word that could be a hash, also after a prefix."""
    for word in _WORDS.findall(data):
        yield word[:SHORT]
        for mark in b"_-=/":
            if mark in word:
                yield from (
                    part[:SHORT] for part in word.split(bytes([mark])) if len(part) >= SHORT
                )


def _raw(name: str, data: bytes) -> Iterator[bytes]:
    """Yield the hashes in a tile of hashes."""
    if name.startswith("tile/") and not name.startswith("tile/entries"):
        yield from (data[at : at + SHORT] for at in range(0, len(data), 32))
