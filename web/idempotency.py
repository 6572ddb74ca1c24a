"""The Idempotency-Key of a request: the same key is the same request, and says the same thing.

Source: draft-ietf-httpapi-idempotency-key-header-07, but a key is taken without quotes too. Needed
only where a request makes something new: paying, cancelling, returning and refunding are done once
however often they are asked.
"""

from __future__ import annotations

import hmac

from flask import request
from pydantic import BaseModel

from fairness import keys
from fairness.errors import Invalid
from web import auth, services
from workers.settings import settings

HEADER = "Idempotency-Key"
LONGEST = 255
KEPT_S = 24 * 3600


def key_of(body: BaseModel) -> str | None:
    """Return the key of this request, None without one.

    Invalid when it is no key, and when the caller sent another body under it within a day.
    """
    sent = request.headers.get(HEADER)
    if sent is None:
        return None
    key = sent.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key or len(key) > LONGEST or not (key.isascii() and key.isprintable()):
        raise Invalid(
            "this is no idempotency key",
            field=HEADER,
            rule=f"1 to {LONGEST} printable ASCII characters",
            remedy="send a random one, such as a UUID, with each new wish",
        )
    _check_same(f"{request.path}\0{auth.caller().account_id}\0{key}", body)
    return key


def _check_same(name: str, body: BaseModel) -> None:
    said = _digest(f"{name}\0{body.model_dump_json()}")
    place = keys.idempotency(_digest(name))
    before = services.redis().set(place, said, nx=True, get=True, ex=KEPT_S)
    if before is not None and before != said:
        raise Invalid(
            "this key was sent with another wish before",
            field=HEADER,
            rule="one key, one request body",
            remedy="send a new key with a new wish, or the same wish again",
        )


def _digest(text: str) -> str:
    return hmac.digest(settings().session_key.encode(), text.encode(), "sha256").hex()[:32]
