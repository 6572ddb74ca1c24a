"""A published log with cosignatures, and the verifiers of others; in CI none may be missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from fairness.ledger.cosigning import COSIGNED, Cosigner
from fairness.ledger.tiles import Folder
from tests.fairness.ledger.forks import LOG_KEY
from tests.fairness.ledger.stores import MemoryStore, fill, log_of, small_sale

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-independent" / "bin" / "python"
WITNESSES = [Cosigner(f"witness.example/w{n}", bytes([n]) * 32) for n in (1, 2, 3)]


@dataclass(frozen=True, slots=True)
class Published:
    """A log of 700 entries, its cosigned head, an older head, and the proof of one entry."""

    folder: Path
    cosigned: Path
    older: Path
    proof: Path
    entry: Path
    key: str = str(LOG_KEY)

    def with_(self, name: str, old: bytes, new: bytes, count: int = 1) -> Path:
        """Return a copy of the whole with something replaced in one file."""
        copy = self.folder.parent.with_name(
            f"changed-{len(list(self.folder.parents[1].iterdir()))}"
        )
        shutil.copytree(self.folder.parent, copy)
        file = copy / name
        data = file.read_bytes()
        assert old in data, name
        file.write_bytes(data.replace(old, new, count))
        return copy


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    place = tmp_path_factory.mktemp("independent") / "all"
    log = log_of(place / "log", MemoryStore())
    small_sale(log)
    fill(log, 250)
    older = log.seal()
    fill(log, 400, 1_000)
    head = log.seal()
    signed = head.text + "".join(one.sign(head.text, 1_800_000_000) for one in WITNESSES)
    Folder(place / "log").replace(COSIGNED, signed.encode())
    (place / "older").write_text(older.text)
    (place / "proof").write_text(log.proof(270).text())
    (entry,) = log.read(270, 271)
    (place / "entry").write_bytes(entry)
    return of(place)


def of(place: Path) -> Published:
    """Return what is in such a folder."""
    names = ("log", f"log/{COSIGNED}", "older", "proof", "entry")
    return Published(*(place / name for name in names))


def missing(what: str) -> None:
    """Skip the test, or fail it in CI, where everything is installed."""
    if "CI" in os.environ:
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def gocheck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return our little program around golang.org/x/mod/sumdb, built with Debian's packages."""
    go, library = shutil.which("go"), Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
    if go is None or not library.exists():
        missing("no Go, or no golang.org/x/mod: apt-get install golang-go golang-golang-x-mod-dev")
    built = tmp_path_factory.mktemp("go")
    env = {
        **os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
        "GOCACHE": str(built / "cache"),
    }  # fmt: skip
    command = [str(go), "build", "-o", str(built / "gocheck"), "."]
    subprocess.run(command, cwd=Path(__file__).with_name("gocheck"), env=env, check=True)
    return built / "gocheck"


@pytest.fixture(scope="session")
def others() -> Path:
    """Return the Python that has the verifiers of other authors."""
    if not PYTHON.exists():
        missing(f"no {PYTHON}: make independent installs it")
    return PYTHON
