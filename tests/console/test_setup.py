"""What a newcomer runs first: the scripts that find a Python and install what is locked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines import ROOT

TOOLS = ("awk", "dirname", "make", "sh", "cat")


def fake(folder: Path, name: str, program: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{program}\n")
    (folder / name).chmod(0o755)


def path_of(folder: Path) -> str:
    """Return a PATH that has our fakes and a few tools, but no Python."""
    folder.mkdir(exist_ok=True)
    for tool in TOOLS:
        for place in ("/usr/bin", "/bin"):
            if Path(place, tool).exists() and not (folder / tool).exists():
                (folder / tool).symlink_to(Path(place, tool))
    return str(folder)


def venv(folder: Path, path: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", ROOT / "tools" / "venv.sh", folder / "venv", "requirements/runtime.txt"],
        capture_output=True, text=True, cwd=ROOT, check=False, env={"PATH": path, **env},
    )  # fmt: skip


# Answers the two questions that the script asks: is it supported, can it make environments?
NO_VENV = 'case "$2" in *ensurepip*) exit 1;; *version_info\\[:2\\]*) echo 3.12;; esac'
TOO_OLD = "exit 1"


def test_a_machine_without_a_fitting_python_is_told_what_to_install(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "python3", TOO_OLD)
    done = venv(tmp_path, path_of(tmp_path / "bin"))
    assert done.returncode == 1
    assert "No Python 3.11, 3.12 or 3.13 was found." in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert "make PYTHON=/path/to/python" in done.stderr


def test_a_python_without_venv_is_told_which_package_it_lacks(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "python3", NO_VENV)
    done = venv(tmp_path, path_of(tmp_path / "bin"))
    assert done.returncode == 1
    assert f"{tmp_path}/bin/python3 cannot make virtual environments" in done.stderr
    assert "apt-get install python3.12-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_was_named_but_does_not_fit_is_refused(tmp_path: Path) -> None:
    fake(tmp_path / "bin", "old", TOO_OLD)
    done = venv(tmp_path, path_of(tmp_path / "bin"), PYTHON="old")
    assert done.returncode == 1
    assert "PYTHON=old is not a Python 3.11, 3.12 or 3.13" in done.stderr


def test_uv_is_used_when_it_is_there_and_pip_when_it_is_not(tmp_path: Path) -> None:
    said = tmp_path / "said"
    python = f'echo "python $*" >> {said}'
    fake(tmp_path / "bin", "python3", f'case "$1" in -c) exit 0;; *) {python};; esac')
    path = path_of(tmp_path / "bin")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    fake(tmp_path / "venv" / "bin", "python", f'case "$1" in -c) exit 0;; *) {python};; esac')

    assert venv(tmp_path, path).returncode == 0
    assert "python -m pip install" in said.read_text()
    assert "--require-hashes -r requirements/runtime.txt" in said.read_text()

    fake(tmp_path / "bin", "uv", f'echo "uv $*" >> {said}')
    assert venv(tmp_path, path).returncode == 0
    assert "uv pip install" in said.read_text()


def test_every_target_is_in_the_help() -> None:
    done = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=ROOT, check=True)
    named = {line.split()[1] for line in done.stdout.splitlines()}
    assert {"help", "demo", "up", "setup", "test", "bench", "lint", "fmt"} <= named


@pytest.mark.parametrize("script", ["tools/venv.sh", "tools/package.sh", ".ci/run"])
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("name", ["runtime", "dev", "build", "ministack"])
def test_every_locked_package_has_a_hash_and_no_address(name: str) -> None:
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()
    packages = [line for line in lock.splitlines() if "==" in line and not line.startswith(" ")]
    assert packages
    assert all(line.endswith("\\") for line in packages)
    assert "://" not in lock


def test_all_that_is_asked_for_is_locked() -> None:
    lock = (ROOT / "requirements" / "runtime.txt").read_text().lower()
    asked = (ROOT / "requirements" / "runtime.in").read_text().lower().split()
    assert all(f"\n{name.split('[')[0]}==" in f"\n{lock}" for name in asked)
    assert sys.version_info >= (3, 11)
