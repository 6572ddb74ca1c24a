from __future__ import annotations

import json
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from py_arkworks_bls12381 import G1Point, Scalar

from fairness import beacon_relays
from fairness.beacon_drand import CHAINS, QUICKNET, draw_seed
from fairness.clock import SECOND
from fairness.errors import Invalid
from tests import drand
from tests.drand import CHAIN

QUICK = CHAINS[QUICKNET]
# Rounds of the real network, as its relays gave them: round -> signature, randomness.
RECORDED = {
    42: (
        "95a9f9f5b231b7714de1553105d8ffdf3dcda24cfdb1e689319bccf79a9c8ce4"
        "30a91b811fbfaf763900bc998b5d686a",
        "8ada64bae5c6c0f5540a6a13af56e663240edfbd2c76ac6a8f27671eb7259ce3",
    ),
    123: (
        "b75c69d0b72a5d906e854e808ba7e2accb1542ac355ae486d591aa9d43765482"
        "e26cd02df835d3546d23c4b13e0dfc92",
        None,
    ),
    1000: (
        "b44679b9a59af2ec876b1a6b1ad52ea9b1615fc3982b19576350f93447cb1125"
        "e342b73a8dd2bacbe47e4b6b63ed5e39",
        "fe290beca10872ef2fb164d2aa4442de4566183ec51c56ff3cd603d930e54fdd",
    ),
}


def test_the_chain_is_the_one_whose_hash_everybody_knows() -> None:
    assert QUICK.hash == "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"


@pytest.mark.parametrize("number", RECORDED)
def test_recorded_rounds_are_checked_offline(number: int) -> None:
    signature, randomness = RECORDED[number]
    found = QUICK.check(number, bytes.fromhex(signature))
    assert found.hex() == (randomness or found.hex())
    with pytest.raises(Invalid, match="not that of the round"):
        QUICK.check(number + 1, bytes.fromhex(signature))
    with pytest.raises(Invalid, match="not that of the round"):
        CHAIN.check(number, bytes.fromhex(signature))


def test_all_rounds_of_the_shared_vectors(shared: Path) -> None:
    recorded = json.loads((shared / "vectors" / "drand.json").read_text())["quicknet"]
    assert recorded["chain_hash"] == QUICK.hash
    assert recorded["public_key"] == QUICK.public_key.hex()
    for vector in recorded["vectors"]:
        signature = bytes.fromhex(vector["signature"])
        if vector["valid"]:
            assert QUICK.check(vector["round"], signature).hex() == vector["randomness"]
        else:
            with pytest.raises(Invalid):
                QUICK.check(vector["round"], signature)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"x",
        bytes(48),
        b"\xff" * 48,
        bytes(G1Point.identity().to_compressed_bytes()),
        bytes(G1Point().to_compressed_bytes()),
        drand.sign(7)[:-1],
        drand.sign(7) + b"\0",
        drand.sign(7, Scalar(3)),
        drand.sign(8),
        bytes([drand.sign(7)[0] ^ 0x20]) + drand.sign(7)[1:],  # the same point, mirrored
    ],
    ids=["empty", "short", "noughts", "ones", "infinity", "generator", "cut", "longer",
         "another key", "another round", "mirrored"],
)  # fmt: skip
def test_what_is_not_the_signature_of_a_round_is_refused(signature: bytes) -> None:
    with pytest.raises(Invalid):
        CHAIN.check(7, signature)


@given(st.integers(0, 10**10), st.integers(0, SECOND - 1))
def test_the_first_round_from_a_moment_is_the_first(seconds: int, rest_us: int) -> None:
    at_us = seconds * SECOND + rest_us
    number = QUICK.first_from(at_us)
    assert QUICK.at_us(number) >= at_us
    assert number == 1 or QUICK.at_us(number - 1) < at_us


def test_windows_that_share_a_round_have_seeds_of_their_own() -> None:
    randomness = CHAIN.check(7, drand.sign(7))
    assert draw_seed(randomness, b"one") == sha256(randomness + b"one").digest()
    assert draw_seed(randomness, b"one") != draw_seed(randomness, b"two")


def test_a_round_comes_from_the_first_relay_that_has_it() -> None:
    with drand.relay("late") as first, drand.relay("forged") as second, drand.relay() as third:
        relays = ["http://127.0.0.1:9", first.url, second.url, third.url]
        assert beacon_relays.fetch(relays, CHAIN, 7).signature == drand.sign(7)
        assert first.asked == second.asked == third.asked == [f"/{CHAIN.hash}/public/7"]


@pytest.mark.parametrize(
    ("moods", "missing"),
    [
        ([], "unreachable"),
        (["late"], "late"),
        (["forged", "late"], "forged"),
        (["junk"], "forged"),
        (["mute"], "unreachable"),
    ],
)
def test_without_the_round_there_is_a_reason(moods: list[str], missing: str) -> None:
    with ExitStack() as stack:
        relays = [stack.enter_context(drand.relay(mood)).url for mood in moods]
        assert beacon_relays.fetch(relays, CHAIN, 7, timeout_s=0.2).missing == missing


def test_a_round_of_another_number_is_not_taken() -> None:
    with drand.relay("other") as relay:
        assert beacon_relays.fetch([relay.url], CHAIN, 7).missing == "forged"
