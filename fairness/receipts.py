"""Receipts: the signed promise that goes with every arrival.

A promise that is not in the log when its window is, is proof against the operator. It is a JWS
(RFC 7515, alg Ed25519), so that any library can check it.
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from nacl.bindings import crypto_sign, crypto_sign_BYTES
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from fairness.base64url import from_text, to_text
from fairness.clock import SECOND
from fairness.errors import Invalid

# A promise is due in the log this long after its window's end; missing then, it is broken.
MERGE_DELAY_US = 600 * SECOND


class Promises:
    """Makes promises and recognises its own. On the hot path: one signature, no other work."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self._secret = seed + self.public_key()  # as libsodium itself takes it

    def public_key(self) -> bytes:
        """Return the 32-byte Ed25519 key with which anyone can check a promise."""
        return bytes(self._key.verify_key)

    def promise(self, sale_id: str, fan: str, at_us: int) -> str:
        """Return the signed words: this fan arrived in this sale at this time."""
        words = orjson.dumps({"at_us": at_us, "fan": fan, "sale": sale_id})
        message = f"{_HEADER}.{to_text(words)}"
        signed = crypto_sign(message.encode(), self._secret)
        return f"{message}.{to_text(signed[:crypto_sign_BYTES])}"

    def check(self, text: str) -> dict[str, Any]:
        """Return {"at_us", "fan", "sale"} of a promise that is ours, else Invalid."""
        return read(text, self.public_key())


def claimed(text: str) -> dict[str, Any]:
    """Return what a promise says without believing it; Invalid when it cannot be read."""
    try:
        words = json.loads(from_text(text.strip().split(".")[1]))
        return {"at_us": int(words["at_us"]), "fan": str(words["fan"]), "sale": str(words["sale"])}
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise _not_ours() from error


def read(text: str, public_key: bytes) -> dict[str, Any]:
    """Return {"at_us", "fan", "sale"} of a promise that this key signed, else Invalid."""
    try:
        message, _, signature = text.strip().rpartition(".")
        header, payload = message.split(".")
        VerifyKey(public_key).verify(message.encode(), from_text(signature))
        if header != _HEADER:
            raise ValueError("signed by us, but not a promise")
        words: dict[str, Any] = json.loads(from_text(payload))
    except (ValueError, TypeError, CryptoError) as error:
        raise _not_ours() from error
    return words


def _not_ours() -> Invalid:
    return Invalid(
        "this receipt was not issued here, or has been changed",
        field="receipt",
        rule="signed by the line's key",
        remedy="copy the whole receipt, exactly as it was given",
    )


_HEADER = to_text(b'{"alg":"Ed25519","typ":"fairticket-arrival"}')
