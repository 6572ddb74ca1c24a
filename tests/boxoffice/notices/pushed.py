"""A push service and the devices behind it: a real server, which opens what devices would."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey

from boxoffice.notices.devices import Device, id_of
from boxoffice.notices.sealing import from_text, raw
from fairness.base64url import to_text
from tests.localstripe import listening


def opened(body: bytes, private: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """Return what a sealed push says, read the way of RFC 8291, section 4."""
    salt, length = body[:16], body[20]
    theirs, cipher = body[21 : 21 + length], body[21 + length :]
    assert int.from_bytes(body[16:20], "big") >= len(cipher)
    mine = raw(private.public_key())
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
    info = b"WebPush: info\x00" + mine + theirs
    secret = HKDF(SHA256(), 32, auth, info).derive(private.exchange(ec.ECDH(), point))
    key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(secret)
    nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(secret)
    text, _, fill = AESGCM(key).decrypt(nonce, cipher, None).rpartition(b"\x02")
    assert not fill.strip(b"\x00")
    return text


@dataclass
class Pushed:
    """One push as its service saw it, and as its device read it."""

    device_id: str
    headers: dict[str, str]
    told: dict[str, Any]


@dataclass
class PushService:
    """Answers with `status`; what came is checked, opened and kept."""

    url: str = ""
    status: int = 201
    got: list[Pushed] = field(default_factory=list)
    calls: int = 0
    _keys: dict[str, tuple[str, ec.EllipticCurvePrivateKey, bytes]] = field(default_factory=dict)

    def device(self, account_id: str) -> Device:
        """Return a new browser of somebody's, as it gives itself to us."""
        private, auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        path = f"/push/{secrets.token_urlsafe(12)}"
        endpoint = self.url + path
        self._keys[path] = id_of(endpoint), private, auth
        key = to_text(raw(private.public_key()))
        return Device(account_id, id_of(endpoint), endpoint, key, to_text(auth), "Firefox", 1)

    def take(self, method: str, path: str, body: bytes, headers: Any) -> tuple[int, bytes]:
        self.calls += 1
        if self.status != 201:
            return self.status, b""
        device_id, private, auth = self._keys[path]
        told = {name.lower(): value for name, value in headers.items()}
        self._check(told["authorization"])
        self.got.append(Pushed(device_id, told, orjson.loads(opened(body, private, auth))))
        return 201, b""

    def _check(self, authorization: str) -> None:
        scheme, _, rest = authorization.partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        assert scheme == "vapid"
        x, y = from_text(parts["k"])[1:33], from_text(parts["k"])[33:]
        key = ECKey.import_key({"kty": "EC", "crv": "P-256", "x": to_text(x), "y": to_text(y)})
        token = jwt.decode(parts["t"], key, algorithms=["ES256"])
        assert token.claims["aud"] == self.url
        assert token.claims["sub"].startswith("mailto:")


@contextmanager
def push_service() -> Iterator[PushService]:
    one = PushService()
    with listening(one.take) as url:
        one.url = url
        yield one
