from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest
from nacl import bindings as curve
from nacl.signing import SigningKey

from fairness import beacon
from fairness.errors import Invalid

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")


def test_the_first_example_of_rfc_9381() -> None:
    """Example 16 of appendix B.3: the empty input."""
    proof = beacon.prove(SEED, b"")
    assert proof.hex() == (
        "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f"
        "26f8a57ccaed74ee1b190bed1f479d9727d2d0f9b005a6e456a35d4fb0daab12"
        "68a1b0db10836d9826a528ca76567805"
    )
    assert beacon.verify(beacon.public_key(SEED), b"", proof).hex() == (
        "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff"
        "66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae"
    )


def test_all_recorded_vectors(shared: Path) -> None:
    vectors = json.loads((shared / "vectors" / "ecvrf.json").read_text())
    ours = [vector for vector in vectors if vector["suite"] == "ECVRF-EDWARDS25519-SHA512-TAI"]
    assert len(ours) == 3
    for vector in ours:
        seed, alpha = bytes.fromhex(vector["sk"]), bytes.fromhex(vector["alpha"])
        proof = beacon.prove(seed, alpha)
        assert beacon.public_key(seed).hex() == vector["pk"]
        assert proof.hex() == vector["pi"]
        assert beacon.verify(bytes.fromhex(vector["pk"]), alpha, proof).hex() == vector["beta"]


def test_a_changed_bit_anywhere_is_refused() -> None:
    public, proof = beacon.public_key(SEED), beacon.prove(SEED, b"window 7")
    for bit in range(len(proof) * 8):
        changed = bytearray(proof)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Invalid, match="does not belong"):
            beacon.verify(public, b"window 7", bytes(changed))


@pytest.mark.parametrize("proof", [b"", b"x", bytes(80), b"\xff" * 80, bytes(81)])
def test_what_is_no_proof_is_refused(proof: bytes) -> None:
    with pytest.raises(Invalid):
        beacon.verify(beacon.public_key(SEED), b"", proof)


@pytest.mark.parametrize("public", [b"", bytes(32), b"\x01" + bytes(31), b"\xff" * 32])
def test_a_weak_or_broken_key_is_refused(public: bytes) -> None:
    with pytest.raises(Invalid):
        beacon.verify(public, b"", beacon.prove(SEED, b""))


def test_a_second_spelling_of_the_same_proof_is_refused() -> None:
    proof = beacon.prove(SEED, b"")
    s = int.from_bytes(proof[48:], "little") + 2**252 + 27742317777372353535851937790883648493
    with pytest.raises(Invalid):
        beacon.verify(beacon.public_key(SEED), b"", proof[:48] + s.to_bytes(32, "little"))


def test_a_proof_with_another_point_of_the_same_output_is_refused() -> None:
    """Whoever has the key can add a point of order two and still fulfil every equation."""
    secret, key = beacon._secret(SEED)[0], beacon.public_key(SEED)
    order_two = (2**255 - 20).to_bytes(32, "little")
    for nonce in range(1, 40):
        h, k = beacon._encode_to_curve(key, b""), nonce.to_bytes(32, "little")
        multiply = curve.crypto_scalarmult_ed25519_noclamp
        gamma = curve.crypto_core_ed25519_add(multiply(secret, h), order_two)
        u, v = curve.crypto_scalarmult_ed25519_base_noclamp(k), multiply(k, h)
        c = beacon._challenge(key, h, gamma, u, v)
        s = curve.crypto_core_ed25519_scalar_add(
            k, curve.crypto_core_ed25519_scalar_mul(c + bytes(16), secret)
        )
        with pytest.raises(Invalid):
            beacon.verify(key, b"", gamma + c + s)


def test_another_input_or_key_is_refused() -> None:
    proof = beacon.prove(SEED, b"window 7")
    with pytest.raises(Invalid):
        beacon.verify(beacon.public_key(SEED), b"window 8", proof)
    with pytest.raises(Invalid):
        beacon.verify(beacon.public_key(bytes(32)), b"window 7", proof)


def test_the_key_is_the_ed25519_key_of_the_same_seed() -> None:
    assert beacon.public_key(SEED) == bytes(SigningKey(SEED).verify_key)


def test_the_seed_of_a_draw_follows_from_the_output() -> None:
    proof = beacon.prove(SEED, b"window 7")
    beta = beacon.verify(beacon.public_key(SEED), b"window 7", proof)
    assert beacon.output(proof) == beta
    assert beacon.draw_seed(beta) == sha256(beta).digest()
