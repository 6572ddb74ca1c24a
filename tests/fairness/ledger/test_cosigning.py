from __future__ import annotations

import pytest

from fairness.errors import LogBroken, Misconfigured
from fairness.ledger import merkle, notes
from fairness.ledger.cosigning import Cosigner, Policy, cosignatures, witnesses_of
from fairness.ledger.notes import COSIGNATURE, Verifier
from tests.fairness.ledger.forks import LOG_KEY
from tests.fairness.ledger.stores import ORIGIN, SEED

HEAD = notes.Signer(ORIGIN, SEED).sign(3, merkle.EMPTY).text
ONE, TWO, THREE = (Cosigner(f"witness.example/w{n}", bytes([n]) * 32) for n in (1, 2, 3))
KEYS = [one.verifier for one in (ONE, TWO, THREE)]


def test_a_cosignature_is_found_with_its_time_and_leaves_the_log_s_own_alone() -> None:
    text = HEAD + ONE.sign(HEAD, 1_700_000_000) + THREE.sign(HEAD, 1_700_000_001)
    assert notes.check(text, LOG_KEY).size == 3
    found = [(one.witness, one.at_s) for one in cosignatures(text, KEYS)]
    assert found == [("witness.example/w1", 1_700_000_000), ("witness.example/w3", 1_700_000_001)]
    assert cosignatures(HEAD, KEYS) == []


def test_a_cosignature_is_not_counted_twice_nor_for_another_head() -> None:
    line = ONE.sign(HEAD, 1)
    assert len(cosignatures(HEAD + line + line, KEYS)) == 1
    other = notes.Signer(ORIGIN, SEED).sign(4, merkle.EMPTY).text
    with pytest.raises(LogBroken, match=r"cosignature of .* is false"):
        cosignatures(other + line, KEYS)
    assert cosignatures(other + line, KEYS[1:]) == []


def test_the_time_is_part_of_what_is_signed() -> None:
    line = ONE.sign(HEAD, 1)
    data = bytearray(notes.unbase64(line.split(" ")[2].strip()))
    data[11] ^= 1
    changed = f"{notes.DASH}witness.example/w1 {notes.to_base64(bytes(data))}\n"
    with pytest.raises(LogBroken):
        cosignatures(HEAD + changed, KEYS)


def test_a_witness_key_is_no_log_key_and_the_other_way_round() -> None:
    assert Verifier.parse(str(ONE.verifier), COSIGNATURE) == ONE.verifier
    with pytest.raises(LogBroken):
        Verifier.parse(str(ONE.verifier))
    with pytest.raises(LogBroken):
        Verifier.parse(str(LOG_KEY), COSIGNATURE)


def test_a_policy_names_the_witnesses_and_the_quorum() -> None:
    listed = " ".join(f"{key}=http://127.0.0.1:{n}/" for n, key in enumerate(KEYS, 1))
    policy = Policy.of(listed)
    assert (policy.keys, policy.quorum) == (KEYS, 2)
    assert Policy.of(listed, 3).quorum == 3
    text = policy.text(LOG_KEY)
    assert text.startswith(f"log {LOG_KEY}\nwitness w1 {KEYS[0]} http://127.0.0.1:1\n")
    assert text.endswith("group all-witnesses 2 w1 w2 w3\nquorum all-witnesses\n")
    assert witnesses_of(text) == KEYS
    assert Policy.of("").text(LOG_KEY) == f"log {LOG_KEY}\nquorum none\n"


@pytest.mark.parametrize(
    ("listed", "quorum"),
    [
        ("w=http://a", 0),
        (str(KEYS[0]), 0),
        (f"{KEYS[0]}=ftp://a", 0),
        (f"{LOG_KEY}=http://a", 0),
        (f"{KEYS[0]}=http://a", 2),
        (f"{KEYS[0]}=http://a {KEYS[0]}=http://b", 1),
    ],
)
def test_a_policy_that_cannot_work_is_refused(listed: str, quorum: int) -> None:
    with pytest.raises(Misconfigured):
        Policy.of(listed, quorum)
