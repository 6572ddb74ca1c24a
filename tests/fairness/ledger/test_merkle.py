from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairness.ledger import merkle

# The leaves and the root that every Certificate Transparency implementation is tested with.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657"]
CT_LEAVES += ["606162636465666768696a6b6c6d6e6f"]
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


COUNTS = (98, 6)  # cases of each kind, and how many of them are good proofs


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


def vectors(kind: str) -> list[tuple[str, bool, list[Any], list[bytes]]]:
    """The cases of transparency-dev/merkle: what it is, whether it holds, its parts, its proof."""
    found = json.loads(Path(__file__).with_name("rfc6962.json").read_text("utf-8"))[kind]
    return [
        (
            what,
            good,
            [bytes.fromhex(part) if isinstance(part, str) else part for part in parts],
            [bytes.fromhex(step) for step in proof],
        )
        for what, good, *parts, proof in found
    ]


def test_inclusion_proofs_of_others_are_judged_as_they_judge_them() -> None:
    cases = vectors("inclusion")
    assert (len(cases), sum(good for _, good, _, _ in cases)) == COUNTS
    for what, good, (index, size, root, leaf), proof in cases:
        assert merkle.includes(index, size, leaf, proof, root) is good, what


def test_consistency_proofs_of_others_are_judged_as_they_judge_them() -> None:
    cases = vectors("consistency")
    assert (len(cases), sum(good for _, good, _, _ in cases)) == COUNTS
    for what, good, (old, size, old_root, root), proof in cases:
        assert merkle.extends(old, size, old_root, root, proof) is good, what


def test_the_known_tree_of_eight_leaves_gives_the_known_proofs() -> None:
    """The examples of RFC 6962, 2.1.3, on the tree that every implementation is tested with."""
    hashes = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES]
    for size in range(1, 9):
        root = merkle.root(hashes[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(hashes[:size], index)
            assert merkle.includes(index, size, hashes[index], proof, root)
            shown = merkle.consistency_proof(hashes, size)
            assert merkle.extends(size, 8, root, bytes.fromhex(CT_ROOT), shown)
