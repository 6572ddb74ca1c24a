from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import OKPKey
from nacl.signing import SigningKey

from fairness.errors import Invalid
from fairness.receipts import Promises

PROMISES = Promises(b"r" * 32)
WORDS = {"at_us": 1795370400000001, "fan": "ada", "sale": "demo"}


def test_a_promise_says_who_arrived_when() -> None:
    assert PROMISES.check(PROMISES.promise("demo", "ada", 1795370400000001)) == WORDS


def test_any_jose_library_can_check_a_promise() -> None:
    text = PROMISES.promise("demo", "ada", 1795370400000001)
    key = OKPKey.import_key(_pem(PROMISES.public_key()))
    assert jws.deserialize_compact(text, key, algorithms=["Ed25519"]).payload.startswith(
        b'{"at_us"'
    )


def _pem(raw: bytes) -> bytes:
    key = Ed25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def test_a_promise_that_was_copied_with_spaces_is_still_good() -> None:
    assert PROMISES.check(f"  {PROMISES.promise('demo', 'ada', 1)}\n")["at_us"] == 1


def test_what_is_not_our_promise_is_refused() -> None:
    good = PROMISES.promise("demo", "ada", 1)
    other = Promises(b"x" * 32).promise("demo", "ada", 1)
    head, payload, signature = good.split(".")
    for text in (
        other,
        f"{head}.{payload}A.{signature}",
        f"{payload}.{signature}",
        "",
        "é",
        "a.b.c",
    ):
        with pytest.raises(Invalid, match="not issued here"):
            PROMISES.check(text)


def test_another_thing_signed_with_the_same_key_is_not_a_promise() -> None:
    message = "e30.e30"
    signature = SigningKey(b"r" * 32).sign(message.encode()).signature
    text = f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"
    with pytest.raises(Invalid):
        PROMISES.check(text)
