"""The public beacon: drand quicknet, a random number every three seconds that nobody can foresee.

A threshold of independent parties signs the number of each round with one BLS12-381 key (scheme
bls-unchained-g1-rfc9380: signatures on G1, the key on G2). For one round there is exactly one
signature, so a round is checked with the chain's key alone, offline, whoever passed it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from py_arkworks_bls12381 import GT, G1Point, G2Point

from fairness.clock import SECOND
from fairness.errors import Invalid

QUICKNET = "drand-quicknet"
SIGNATURE_BYTES = 48
_DOMAIN = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"  # RFC 9380
_BYTES_RULE = f"{SIGNATURE_BYTES} bytes of a point on G1"


@dataclass(frozen=True, slots=True)
class Chain:
    """One network of drand, as it was agreed on at its start. Rounds are counted from 1."""

    name: str
    public_key: bytes  # 96 bytes, a point on G2
    genesis_s: int  # UNIX seconds of round 1
    period_s: int
    group_hash: bytes

    @property
    def hash(self) -> str:
        """Return what drand calls this chain: the hash of all that it is."""
        told = self.period_s.to_bytes(4) + self.genesis_s.to_bytes(8) + self.public_key
        return sha256(told + self.group_hash + self.name.encode()).hexdigest()

    @property
    def period_us(self) -> int:
        """Return the time between two rounds, µs."""
        return self.period_s * SECOND

    def at_us(self, number: int) -> int:
        """Return the moment at which a round comes to be, µs. Before it nobody can know it."""
        return self.genesis_s * SECOND + (number - 1) * self.period_us

    def first_from(self, at_us: int) -> int:
        """Return the first round that comes to be at this moment or after it."""
        return max(1, 1 - (self.genesis_s * SECOND - at_us) // self.period_us)

    def check(self, number: int, signature: bytes) -> bytes:
        """Return the 32 random bytes of a round; Invalid when this is not its signature."""
        try:
            point, key = _signature(signature), G2Point.from_compressed_bytes(self.public_key)
        except ValueError as error:
            raise _forged(number, _BYTES_RULE) from error
        told = G1Point.hash_to_curve(sha256(number.to_bytes(8)).digest(), _DOMAIN)
        if not GT.pairing_check([point, -told], [G2Point(), key]):
            raise _forged(number, f"signed by {self.name}")
        return sha256(signature).digest()


CHAINS = {
    QUICKNET: Chain(
        "quicknet",
        bytes.fromhex(
            "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c"
            "8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb"
            "5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
        ),
        genesis_s=1_692_803_367,
        period_s=3,
        group_hash=bytes.fromhex(
            "f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e"
        ),
    )
}


def draw_seed(randomness: bytes, committed: bytes) -> bytes:
    """Return the 32-byte seed of the draw of the window whose entry is `committed`.

    Windows that share a round have seeds of their own.
    """
    return sha256(randomness + committed).digest()


def _signature(data: bytes) -> G1Point:
    """Return the point; ValueError unless it is on the curve, in the subgroup, and not nought."""
    point = G1Point.from_compressed_bytes(data)
    if point == G1Point.identity():
        raise ValueError("the point at infinity signs nothing")
    return point


def _forged(number: int, rule: str) -> Invalid:
    return Invalid(
        "the signature is not that of the round",
        field="signature",
        value=number,
        rule=rule,
        remedy="ask another relay",
    )
