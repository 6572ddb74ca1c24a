"""The search for people in public bytes finds what it looks for, and nothing else."""

from __future__ import annotations

import base64
import hashlib

import pytest

from fairness.identity import fan_of, keyed_hash
from tests.privacy import leaks

EMAIL, ACCOUNT = "ada.lovelace@mail.example", "acc_AAECAwQFBgcICQoLDA0ODw"
SHA = hashlib.sha256(EMAIL.encode()).digest()


@pytest.mark.parametrize(
    "planted",
    [
        b'{"to":"Ada.Lovelace@mail.example"}',
        b'{"fan":"acc_AAECAwQFBgcICQoLDA0ODw"}',
        b'{"fan":"' + SHA.hex().encode() + b'"}',
        b'{"fan":"' + base64.urlsafe_b64encode(SHA[:16]) + b'"}',
        b"fan_" + base64.b64encode(hashlib.md5(EMAIL.encode()).digest()),
        b"x:" + hashlib.sha1(ACCOUNT.encode()).hexdigest().encode(),
        b"x " + hashlib.sha512(b"ada.lovelace").hexdigest().upper().encode(),
    ],
)  # fmt: skip
def test_a_person_who_is_planted_is_found(planted: bytes) -> None:
    assert leaks({"tile/entries/000": b"before " + planted + b" after"}, [EMAIL, ACCOUNT])


def test_a_hash_in_a_tile_is_found() -> None:
    assert leaks({"tile/0/000": bytes(32) + SHA}, [EMAIL])


def test_what_only_a_secret_key_gives_is_no_leak() -> None:
    names = f"{fan_of(bytes(32), ACCOUNT)} {keyed_hash('pepper', 'mail', EMAIL)}"
    assert leaks({"board": names.encode()}, [EMAIL, ACCOUNT]) == []
