from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.ledger import merkle

# The leaves and the root that every Certificate Transparency implementation is tested with.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
CT_LEAVES += ["606162636465666768696a6b6c6d6e6f"]
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(n).encode()) for n in range(count)]


def plain_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 9162, 2.1.1, word for word."""
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\x01" + plain_root(hashes[:k]) + plain_root(hashes[k:])).digest()


def test_the_known_tree_of_eight_leaves_has_its_known_root() -> None:
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    assert merkle.root(hashes).hex() == CT_ROOT


def test_an_empty_tree_hashes_the_empty_string() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle.root([]).hex() == empty


def test_the_root_is_the_one_of_the_definition() -> None:
    for count in range(70):
        assert merkle.root(leaves(count)) == plain_root(leaves(count))


def test_every_leaf_of_every_small_tree_is_proved() -> None:
    for count in range(1, 35):
        hashes = leaves(count)
        for index in range(count):
            proof = merkle.inclusion_proof(hashes, index)
            assert merkle.includes(index, count, hashes[index], proof, merkle.root(hashes))


def test_every_small_tree_extends_every_smaller_one() -> None:
    for count in range(1, 35):
        hashes = leaves(count)
        for old in range(1, count + 1):
            proof = merkle.consistency_proof(hashes, old)
            roots = merkle.root(hashes[:old]), merkle.root(hashes)
            assert merkle.extends(old, count, *roots, proof)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_proof_of_one_leaf_proves_no_other(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 200))
    index, other = data.draw(st.permutations(range(count)).map(lambda order: order[:2]))
    hashes = leaves(count)
    proof, root = merkle.inclusion_proof(hashes, index), merkle.root(hashes)
    assert not merkle.includes(other, count, hashes[index], proof, root)
    assert not merkle.includes(index, count, hashes[other], proof, root)
    assert not merkle.includes(index, count, hashes[index], proof[:-1], root)
    assert not merkle.includes(index, count, hashes[index], [*proof, root], root)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_rewritten_history_is_no_extension(data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 200))
    old = data.draw(st.integers(1, count - 1))
    changed = data.draw(st.integers(0, old - 1))
    before, after = leaves(count), leaves(count)
    after[changed] = merkle.leaf_hash(b"rewritten")
    proof = merkle.consistency_proof(after, old)
    assert not merkle.extends(old, count, merkle.root(before[:old]), merkle.root(after), proof)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion_proof(leaves(3), 3)
    with pytest.raises(IndexError):
        merkle.consistency_proof(leaves(3), 4)
    assert merkle.consistency_proof(leaves(3), 0) == []


def vectors(shared: Path, kind: str) -> list[dict[str, object]]:
    files = sorted((shared / "vectors" / "rfc6962" / kind).rglob("*.json"))
    assert files
    cases = []
    for file in files:
        case = json.loads(file.read_text("utf-8"))
        for name in ("root", "root1", "root2", "leafHash"):
            case[name] = base64.b64decode(case.get(name) or "")
        case["proof"] = [base64.b64decode(step) for step in case["proof"] or []]
        cases.append(case)
    return cases


def test_inclusion_proofs_of_others_are_judged_as_they_judge_them(shared: Path) -> None:
    for c in vectors(shared, "inclusion"):
        good = merkle.includes(c["leafIdx"], c["treeSize"], c["leafHash"], c["proof"], c["root"])
        assert good is not c["wantErr"], c["desc"]


def test_consistency_proofs_of_others_are_judged_as_they_judge_them(shared: Path) -> None:
    for c in vectors(shared, "consistency"):
        good = merkle.extends(c["size1"], c["size2"], c["root1"], c["root2"], c["proof"])
        assert good is not c["wantErr"], c["desc"]
