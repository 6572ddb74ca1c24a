"""Signed checkpoints: C2SP signed-note and tlog-checkpoint, with Ed25519."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from hashlib import sha256

from nacl.exceptions import BadSignatureError
from nacl.signing import SigningKey, VerifyKey

from fairness.errors import LogBroken, Misconfigured

ED25519 = b"\x01"  # signs notes
COSIGNATURE = b"\x04"  # an Ed25519 key of a witness: cosigns checkpoints, with the time
DASH = "\N{EM DASH} "


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The signed head of the log: its first `size` entries hash to `root`."""

    origin: str
    size: int
    root: bytes
    text: str  # the whole signed note, as published


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose signature counts: a key name, an Ed25519 public key, and what it signs."""

    name: str
    public: bytes
    kind: bytes = ED25519

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that mark this key's signatures."""
        return sha256(self.name.encode() + b"\n" + self.kind + self.public).digest()[:4]

    def __str__(self) -> str:
        """Return the vkey line: name+hexadecimal id+base64 of type and key."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(self.kind + self.public)}"

    @classmethod
    def parse(cls, line: str, kind: bytes = ED25519) -> Verifier:
        """Return the verifier of a vkey line; LogBroken when it is none, or of another kind."""
        parts = line.strip().split("+", 2)
        if len(parts) != 3:
            raise LogBroken("the key is not name+id+key")
        name, key_id, data = parts[0], parts[1], unbase64(parts[2])
        if data[:1] != kind or len(data) != 33:
            wanted = "an Ed25519 key" if kind == ED25519 else "an Ed25519 key of a witness"
            raise LogBroken(f"the key is not {wanted}")
        verifier = cls(name, data[1:], kind)
        if key_id != verifier.key_id.hex():
            raise LogBroken("the key's id does not belong to the key")
        return verifier


class Signer:
    """Signs the checkpoints of one log; the same log state always gives the same text."""

    def __init__(self, origin: str, seed: bytes) -> None:
        """`seed` is 32 secret bytes. Misconfigured when `origin` cannot be a key name."""
        check_name(origin, "ledger_origin")
        self._key = SigningKey(seed)
        self.verifier = Verifier(origin, bytes(self._key.verify_key))

    def sign(self, size: int, root: bytes) -> Checkpoint:
        """Return the signed checkpoint of a log with this size and root."""
        origin = self.verifier.name
        body = f"{origin}\n{size}\n{to_base64(root)}\n"
        signature = self._key.sign(body.encode()).signature
        line = f"{DASH}{origin} {to_base64(self.verifier.key_id + signature)}\n"
        return Checkpoint(origin, size, root, f"{body}\n{line}")


def read(text: str) -> Checkpoint:
    """Return what a checkpoint says, without believing it; LogBroken when it is not one."""
    body, blank, signatures = text.rpartition("\n\n")
    lines = body.split("\n")
    if not blank or len(lines) < 3 or not signatures.endswith("\n") or not lines[0]:
        raise LogBroken("the checkpoint is not a signed note of three lines")
    origin, size, root = lines[0], lines[1], unbase64(lines[2])
    if not is_number(size) or len(root) != 32:
        raise LogBroken("the checkpoint's size or root cannot be read")
    return Checkpoint(origin, int(size), root, text)


def check(text: str, verifier: Verifier) -> Checkpoint:
    """Return the checkpoint if this key signed it for its own log; LogBroken otherwise."""
    checkpoint = read(text)
    if checkpoint.origin != verifier.name:
        raise LogBroken(f"the checkpoint is of {checkpoint.origin}, not of {verifier.name}")
    body, _, signatures = text.rpartition("\n\n")
    mine = f"{DASH}{verifier.name} "
    for line in signatures.splitlines():
        data = unbase64(line.removeprefix(mine)) if line.startswith(mine) else b""
        if data[:4] != verifier.key_id:
            continue
        try:
            VerifyKey(verifier.public).verify(f"{body}\n".encode(), data[4:])
        except (BadSignatureError, ValueError) as error:
            raise LogBroken("the checkpoint's signature is false") from error
        return checkpoint
    raise LogBroken(f"the checkpoint is not signed by {verifier.name}")


def check_name(name: str, field: str) -> None:
    """Misconfigured when `name` cannot be the name of a key; `field` is where it was set."""
    if not name or "+" in name or any(c.isspace() or c < " " for c in name):
        raise Misconfigured(
            f"{name!r} cannot be the name of a key",
            field=field,
            value=name,
            rule="not empty, no spaces, no +",
            remedy="use the address of the log, or of the witness, without https://",
        )


def is_number(text: str) -> bool:
    """Return whether `text` is a size or an index in its one decimal form, below 10^18."""
    digits = text.isascii() and text.isdigit() and len(text) <= 18
    return digits and (text == "0" or text[0] != "0")


def to_base64(data: bytes) -> str:
    """Return the bytes in base64."""
    return base64.b64encode(data).decode()


def unbase64(text: str) -> bytes:
    """Return the bytes; LogBroken when the text is not base64 in its one canonical form."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LogBroken(f"not base64: {text[:20]!r}") from error
    if to_base64(data) != text:
        raise LogBroken(f"not canonical base64: {text[:20]!r}")
    return data
