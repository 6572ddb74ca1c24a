"""What makes a push ours and for one device's eyes only: RFC 8291 over RFC 8188, and RFC 8292."""

from __future__ import annotations

import base64
import os
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.jwk import ECKey

from fairness.base64url import to_text
from fairness.clock import SECOND

RECORD = 4_096  # bytes; no push service has to take more
LONGEST = RECORD - 86 - 17  # of a text: without the header, the end mark and the cipher's tag
STEP = 256  # texts are filled up to a multiple, so that their length tells nothing
LASTS_S = 12 * 3_600  # RFC 8292 allows a day
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def sealed(
    text: bytes,
    key: bytes,
    auth: bytes,
    *,
    salt: bytes | None = None,
    ours: ec.EllipticCurvePrivateKey | None = None,
    step: int = STEP,
) -> bytes:
    """Return `text` as only the device with the public `key` and the secret `auth` can read it.

    ValueError when the key is no point of P-256, or the text longer than LONGEST. Salt and our
    key are new every time; tests give those of the RFC.
    """
    if len(text) > LONGEST:
        raise ValueError(f"at most {LONGEST} bytes can be pushed")
    salt = salt or os.urandom(16)
    ours = ours or ec.generate_private_key(_CURVE)
    public = raw(ours.public_key())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, key)
    shared = ours.exchange(ec.ECDH(), theirs)
    secret = _derived(auth, shared, b"WebPush: info\0" + key + public, 32)
    cipher = AESGCM(_derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16))
    nonce = _derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    fill = min(-(len(text) + 1) % step, LONGEST - len(text)) if step else 0
    header = salt + RECORD.to_bytes(4, "big") + bytes([len(public)]) + public
    return header + cipher.encrypt(nonce, text + b"\x02" + bytes(fill), None)


def raw(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as 65 bytes, uncompressed."""
    form = serialization.PublicFormat.UncompressedPoint
    return key.public_bytes(serialization.Encoding.X962, form)


def from_text(value: str) -> bytes:
    """Return the bytes of base64url without padding; ValueError when it is anything else."""
    return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True)


class Voucher:
    """Says to a push service who we are (VAPID, RFC 8292). `seed` is 32 secret bytes."""

    def __init__(self, seed: bytes, contact: str) -> None:
        number = int.from_bytes(seed, "big") % (_ORDER - 1) + 1
        key = ec.derive_private_key(number, _CURVE)
        self.public = to_text(raw(key.public_key()))  # what browsers subscribe with
        self._contact = contact
        self._key = ECKey.import_key(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def header(self, endpoint: str, now_us: int) -> str:
        """Return the value of Authorization for a push service, for LASTS_S."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": now_us // SECOND + LASTS_S,
            "sub": self._contact,
        }
        token = jwt.encode({"alg": "ES256", "typ": "JWT"}, claims, self._key, algorithms=["ES256"])
        return f"vapid t={token}, k={self.public}"


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
