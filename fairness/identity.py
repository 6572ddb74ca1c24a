"""Names that stand for a person without naming them: commitments and keyed hashes."""

from __future__ import annotations

import base64
import hmac


def fan_of(sale_key: bytes, account_id: str) -> str:
    """Return the fan: an account's commitment in one sale, 22 URL-safe characters.

    The same account has unrelated names in two sales, and once a sale's key is destroyed nobody
    can tell whose a name was.
    """
    return _short_hmac(sale_key, account_id.encode())


def keyed_hash(pepper: str, kind: str, value: str) -> str:
    """Return what stands for an address, a card or an e-mail: 22 URL-safe characters.

    Without the pepper nobody can try out all values; `kind` keeps equal values of different
    kinds apart.
    """
    return _short_hmac(pepper.encode(), f"{kind}\0{value}".encode())


def _short_hmac(key: bytes, message: bytes) -> str:
    digest = hmac.digest(key, message, "sha256")[:16]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
