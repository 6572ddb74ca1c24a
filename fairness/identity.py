"""Names that stand for a person without naming them: fans and keyed hashes."""

from __future__ import annotations

import base64
import hmac
import re
import threading
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes

from fairness.base64url import to_text
from fairness.errors import NotFound

_ACCOUNT = re.compile(r"acc_([A-Za-z0-9_-]{21}[AQgw])").fullmatch
_mine = threading.local()


def fan_of(sale_key: bytes, account_id: str) -> str:
    """Return the fan: an account's name in one sale, 22 URL-safe characters.

    The same account has unrelated names in two sales. Whoever has the sale's key can go back,
    with `account_of`; once it is destroyed nobody can tell whose a name was, and there are no new
    names: NotFound, as everybody could make them.
    """
    if not sale_key:
        raise NotFound(
            "the books are closed: nobody has a name there any more",
            field="sale_key",
            rule="the secret key of a sale or tour whose books are open",
            remedy="look only for names in sales whose books are open",
        )
    account = _ACCOUNT(account_id)
    if account is None:  # not made by us: it has a name too, but no way back
        return _short_hmac(sale_key, account_id.encode())
    return to_text(_cipher(sale_key, True).update(_bytes(account[1])))


def account_of(sale_key: bytes, fan: str) -> str | None:
    """Return the account that `fan_of` named; None when `fan` is no name, or the key destroyed.

    A name that was made without a way back gives an account that there is not.
    """
    if not sale_key or not _ACCOUNT(f"acc_{fan}"):
        return None
    return f"acc_{to_text(_cipher(sale_key, False).update(_bytes(fan)))}"


def keyed_hash(pepper: str, kind: str, value: str) -> str:
    """Return what stands for an address, a card or an e-mail: 22 URL-safe characters.

    Without the pepper nobody can try out all values; `kind` keeps equal values of different
    kinds apart.
    """
    return _short_hmac(pepper.encode(), f"{kind}\0{value}".encode())


def _cipher(sale_key: bytes, forth: bool) -> CipherContext:
    """Return AES-256 of one block, which is a secret permutation of all 16-byte names.

    A context belongs to one thread. One block at a time has no mode and needs no nonce: no account
    is written twice in a sale but to get the same name again.
    """
    if not hasattr(_mine, "cipher"):
        _mine.cipher = lru_cache(maxsize=256)(_made)
    return _mine.cipher(sale_key, forth)  # type: ignore[no-any-return]


def _made(sale_key: bytes, forth: bool) -> CipherContext:
    key = hmac.digest(sale_key, b"fan", "sha256")
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - a single block
    return cipher.encryptor() if forth else cipher.decryptor()


def _short_hmac(key: bytes, message: bytes) -> str:
    return to_text(hmac.digest(key, message, "sha256")[:16])


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(f"{text}==")
