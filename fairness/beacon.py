"""The operator's beacon: ECVRF-EDWARDS25519-SHA512-TAI of RFC 9381.

For one key and one input there is exactly one output, nobody can tell it before the key's holder
does, and everybody can check it after. So the seed of a draw follows from what was committed, and
the operator cannot try again. Names are the RFC's; all curve arithmetic is libsodium's.
"""

from __future__ import annotations

from hashlib import sha256, sha512

from nacl import bindings as curve
from nacl.exceptions import CryptoError

from fairness.errors import Invalid

SUITE = b"\x03"
PROOF_BYTES = 80
_FIELD = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493


def public_key(seed: bytes) -> bytes:
    """Return the 32-byte public key; it is the Ed25519 key of the same seed."""
    return curve.crypto_scalarmult_ed25519_base_noclamp(_secret(seed)[0])


def prove(seed: bytes, alpha: bytes) -> bytes:
    """Return the 80-byte proof over `alpha`, always the same for the same two."""
    x, nonce_key = _secret(seed)
    y = public_key(seed)
    h = _encode_to_curve(y, alpha)
    gamma = curve.crypto_scalarmult_ed25519_noclamp(x, h)
    k = curve.crypto_core_ed25519_scalar_reduce(sha512(nonce_key + h).digest())
    c = _challenge(
        y,
        h,
        gamma,
        curve.crypto_scalarmult_ed25519_base_noclamp(k),
        curve.crypto_scalarmult_ed25519_noclamp(k, h),
    )
    cx = curve.crypto_core_ed25519_scalar_mul(_scalar(c), x)
    return gamma + c + curve.crypto_core_ed25519_scalar_add(k, cx)


def verify(public: bytes, alpha: bytes, proof: bytes) -> bytes:
    """Return the 64-byte output (beta) of a good proof; Invalid for every other one."""
    gamma, c, s = proof[:32], proof[32:48], proof[48:]
    try:
        if len(proof) != PROOF_BYTES or int.from_bytes(s, "little") >= _ORDER:
            raise _bad_proof()
        # libsodium multiplies no point that is not on the curve, canonical and of the large prime
        # order, and both are multiplied: one proof has one spelling.
        h = _encode_to_curve(public, alpha)
        u = _difference(curve.crypto_scalarmult_ed25519_base_noclamp(s), c, public)
        v = _difference(curve.crypto_scalarmult_ed25519_noclamp(s, h), c, gamma)
    except (CryptoError, TypeError, ValueError) as error:
        raise _bad_proof() from error
    if c != _challenge(public, h, gamma, u, v):
        raise _bad_proof()
    return output(proof)


def output(proof: bytes) -> bytes:
    """Return beta of a proof that is known to be good, for example one's own."""
    return sha512(SUITE + b"\x03" + _times_eight(proof[:32]) + b"\x00").digest()


def draw_seed(beta: bytes) -> bytes:
    """Return the 32-byte seed of the draw that this output decides."""
    return sha256(beta).digest()


def _secret(seed: bytes) -> tuple[bytes, bytes]:
    """Return the secret scalar and the nonce key, as Ed25519 derives them (RFC 8032, 5.1.5)."""
    digest = bytearray(sha512(seed).digest())
    digest[0] &= 248
    digest[31] = digest[31] & 127 | 64
    return bytes(digest[:32]), bytes(digest[32:])


def _encode_to_curve(salt: bytes, alpha: bytes) -> bytes:
    """Return a point nobody chose: hash and count up until the hash is one (RFC 9381, 5.4.1.1)."""
    for counter in range(256):
        hashed = sha512(SUITE + b"\x01" + salt + alpha + bytes([counter, 0])).digest()[:32]
        if int.from_bytes(hashed, "little") & (2**255 - 1) >= _FIELD:
            continue
        try:
            return _times_eight(hashed)
        except CryptoError:
            continue  # not on the curve: half of all hashes
    raise Invalid("no point for this input", field="alpha", rule="happens once in 2^256")


def _times_eight(point: bytes) -> bytes:
    """Clear the cofactor. By doubling, as libsodium multiplies only points that have none."""
    for _ in range(3):
        point = curve.crypto_core_ed25519_add(point, point)
    return point


def _challenge(*points: bytes) -> bytes:
    return sha512(SUITE + b"\x02" + b"".join(points) + b"\x00").digest()[:16]


def _difference(minuend: bytes, c: bytes, point: bytes) -> bytes:
    """Return minuend − c·point."""
    product = curve.crypto_scalarmult_ed25519_noclamp(_scalar(c), point)
    return curve.crypto_core_ed25519_sub(minuend, product)


def _scalar(challenge: bytes) -> bytes:
    return challenge + bytes(16)


def _bad_proof() -> Invalid:
    return Invalid(
        "the proof does not belong to this key and input",
        field="proof",
        rule="ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381)",
    )
