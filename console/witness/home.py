"""The folder of a witness: its key, and its memory of what it signed. Neither without the other."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

from fairness.errors import Misconfigured
from fairness.ledger.cosigning import Cosigner
from fairness.ledger.witness_store import FILE, Heads

_KEY = "witness.key"
DEFAULT_NAME = "witness.example/local"


def open_witness(folder: Path, name: str | None = None) -> tuple[Cosigner, Heads]:
    """Return the key and the memory in this folder; made at the first call, under `name`.

    Misconfigured when it has another name, and when only one of the two is there: a key that does
    not remember what it signed could sign a fork.
    """
    path = folder / _KEY
    try:
        folder.mkdir(parents=True, exist_ok=True)
        known, remembers = _read(path), (folder / FILE).exists()
        if known and not remembers:
            raise _refused(folder, "what it has signed is lost")
        heads = Heads(folder)  # before the key: whoever has a key has a memory, whatever dies here
        if known is None:
            if not heads.is_empty():
                raise _refused(folder, "its key is lost")
            known = (name or DEFAULT_NAME, secrets.token_bytes(32))
            Cosigner(*known)  # a name that cannot be is refused before it is kept
            _write(path, *known)
    except OSError as error:
        raise _refused(folder, str(error)) from error
    if name and name != known[0]:
        raise _refused(folder, f"its name is {known[0]}")
    return Cosigner(*known), heads


def _read(path: Path) -> tuple[str, bytes] | None:
    try:
        name, seed = path.read_text("utf-8").split()
    except FileNotFoundError:
        return None
    return name, base64.b64decode(seed)


def _write(path: Path, name: str, seed: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{name} {base64.b64encode(seed).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _refused(folder: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"the witness in {folder} cannot be used: {why}",
        field="--home",
        value=str(folder),
        rule="a folder of one witness, with its key and its memory",
        remedy="name another folder: a witness that lost either begins anew, with another key",
    )
