"""golang.org/x/mod/sumdb/{note,tlog}: what Go's module system trusts its own log with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.independent.conftest import WITNESSES, Published, of

KEYS = [word for one in WITNESSES for word in ("-witness", str(one.verifier))]


def run(gocheck: Path, log: Published, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(gocheck), str(log.folder), str(log.cosigned), log.key, *words, *KEYS]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def everything(gocheck: Path, log: Published) -> subprocess.CompletedProcess[str]:
    proof = ("-proof", str(log.proof), str(log.entry))
    return run(gocheck, log, "-extends", str(log.older), *proof)


def test_go_accepts_the_log_its_heads_and_its_proofs(gocheck: Path, published: Published) -> None:
    done = everything(gocheck, published)
    assert done.returncode == 0, done.stderr
    size = int(done.stdout.split(", ")[1].split()[0])
    assert size > 600
    assert f"entries {size}" in done.stdout
    assert "extends 2" in done.stdout
    assert "proved 270" in done.stdout
    assert "signed by 4" in done.stdout


CHANGES = {
    "an entry": ("log/tile/entries/001", b'"n":240', b'"n":241'),
    "a proved entry": ("entry", b'"n":', b'"n":1'),
    "an index": ("proof", b"index 270", b"index 271"),
    "a head's size": ("log/checkpoint.cosigned", b"log\n6", b"log\n5"),
    "a cosignature": ("log/checkpoint.cosigned", b"w2 ", b"w9 "),
    "an older head": ("older", b"log\n2", b"log\n1"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_go_refuses_what_was_changed(
    gocheck: Path, published: Published, change: tuple[str, bytes, bytes]
) -> None:
    done = everything(gocheck, of(published.with_(*change)))
    assert done.returncode == 1, done.stdout


def test_go_refuses_a_flipped_tile(gocheck: Path, published: Published) -> None:
    tile = (published.folder / "tile/0/000").read_bytes()
    flipped = bytes([tile[40] ^ 1]) + tile[41:50]
    changed = of(published.with_("log/tile/0/000", tile[40:50], flipped))
    assert everything(gocheck, changed).returncode == 1
