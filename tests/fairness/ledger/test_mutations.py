from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fairness.ledger import merkle, notes
from fairness.ledger.notes import Signer
from fairness.ledger.proofs import Proof
from fairness.ledger.verify import verify
from tests.engines import ROOT
from tests.fairness.ledger import mutations
from tests.fairness.ledger.mutations import EVERY, OfEntries, OfFiles
from tests.fairness.ledger.stores import (
    ORIGIN,
    SEED,
    MemoryStore,
    fill,
    last_report,
    log_of,
    small_sale,
)


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, MemoryStore]:
    folder, store = tmp_path_factory.mktemp("honest"), MemoryStore()
    log = log_of(folder, store)
    fill(log, 255)
    log.seal()
    small_sale(log)
    last_report(log, folder)
    return folder, store


def test_the_honest_log_is_verified(honest: tuple[Path, MemoryStore]) -> None:
    found = verify(honest[0])
    assert found.failures == ()
    assert found.checked["checkpoints"] == 6
    assert found.checked["reports"] == 1


def test_a_log_without_its_reports_is_verified(
    honest: tuple[Path, MemoryStore], tmp_path: Path
) -> None:
    copy = shutil.copytree(honest[0], tmp_path / "copy")
    shutil.rmtree(copy / "reports")
    found = verify(copy)
    assert found.ok
    assert found.checked["reports"] == 0


@pytest.mark.parametrize("mutation", EVERY, ids=lambda mutation: mutation.what)
def test_every_declared_mutation_is_refused_by_its_name(
    honest: tuple[Path, MemoryStore], tmp_path: Path, mutation: OfFiles | OfEntries
) -> None:
    folder, store = honest
    copy = shutil.copytree(folder, tmp_path / "copy")
    found = verify(mutation.make(copy, store))
    assert mutation.check in {failure.check for failure in found.failures}


def test_the_list_is_documented_with_the_same_names() -> None:
    page = (ROOT / "docs/ledger.md").read_text()
    assert dict(mutations.documented(page)) == mutations.table()
    assert len(mutations.table()) == len(EVERY) >= 20


def proof_and_entry(honest: tuple[Path, MemoryStore]) -> tuple[Proof, bytes]:
    log = log_of(*honest)
    return log.proof(100), honest[1].entries[100]


def flipped(data: bytes, at: int = 0) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_every_mutation_of_a_proof_is_refused(honest: tuple[Path, MemoryStore]) -> None:
    proof, entry = proof_and_entry(honest)
    assert proof.holds(entry)
    assert not any(proof.holds(flipped(entry, at)) for at in range(len(entry)))
    for number, step in enumerate(proof.hashes):
        for changed in (flipped(step), flipped(step, 31)):
            hashes = (*proof.hashes[:number], changed, *proof.hashes[number + 1 :])
            assert not replace(proof, hashes=hashes).holds(entry)
    for hashes in (proof.hashes[1:], proof.hashes[:-1], (*proof.hashes, bytes(32)), ()):
        assert not replace(proof, hashes=hashes).holds(entry)
    for index in (0, 99, 101, proof.checkpoint.size, -1):
        assert not replace(proof, index=index).holds(entry)


def test_a_proof_under_another_checkpoint_is_refused(honest: tuple[Path, MemoryStore]) -> None:
    proof, entry = proof_and_entry(honest)
    for size, root in ((proof.checkpoint.size + 1, merkle.EMPTY), (256, merkle.leaf_hash(entry))):
        other = Signer(ORIGIN, SEED).sign(size, root)
        assert not replace(proof, checkpoint=other).holds(entry)
    stale = notes.read(mutations.past(honest[0])[0])
    assert not replace(proof, checkpoint=stale).holds(entry)
