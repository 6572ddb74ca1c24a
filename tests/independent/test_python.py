"""aics-tlog (a whole verifier of C2SP logs) and sigstore's checkpoint and Merkle functions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.independent.conftest import WITNESSES, Published, of
from tests.independent.test_go import CHANGES


def run(others: Path, log: Published) -> subprocess.CompletedProcess[str]:
    files = (log.folder, log.cosigned, log.older, log.proof, log.entry)
    keys = (log.key, *(str(one.verifier) for one in WITNESSES))
    command = [str(others), str(Path(__file__).with_name("pycheck.py")), *map(str, files), *keys]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_they_accept_the_log_its_heads_its_proofs_and_cosignatures(
    others: Path, published: Published
) -> None:
    done = run(others, published)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["size"] > 600
    assert found["proved"] == 270
    assert found["witnesses"] == [one.verifier.name for one in WITNESSES]


@pytest.mark.parametrize("what", ["an entry", "an index", "a cosignature"])
def test_they_refuse_what_was_changed(others: Path, published: Published, what: str) -> None:
    changed = of(published.with_(*CHANGES[what]))
    assert run(others, changed).returncode == 1
