"""The wheel is whole: what it needs beside Python code is in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.engines import ROOT

PACKAGES = ("fairness", "boxoffice", "workers", "schedules", "web", "console")

LOAD = """
from importlib import resources
import fairness
assert "/empty/" in fairness.__file__, fairness.__file__
scripts = [f for f in resources.files("fairness").joinpath("lua").iterdir()]
assert scripts
for script in scripts:
    assert script.read_text("utf-8").startswith("--"), script
print(len(scripts))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
        )
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    (source / "requirements").mkdir()
    shutil.copy(ROOT / "requirements" / "runtime.in", source / "requirements")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
        check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def empty(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it, and our dependencies but not our checkout in reach."""
    folder = tmp_path_factory.mktemp("venv") / "empty"
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--python", str(python)]
    else:
        install = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    subprocess.run([*install, "--quiet", "--no-deps", str(wheel)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    # As a path file, but without reading the path files there: one of them names our checkout.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def test_the_wheel_has_every_file_of_every_package(wheel: Path) -> None:
    packed = set(ZipFile(wheel).namelist())
    wanted = {
        str(file.relative_to(ROOT))
        for name in PACKAGES
        for file in (ROOT / name).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert wanted
    assert wanted <= packed


def test_the_wheel_has_nothing_but_our_packages(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_installed_command_runs(empty: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [empty / "bin" / "fairticket", "--help"],
        cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "rehearse" in done.stdout


def test_the_installed_wheel_loads_every_script(empty: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [empty / "bin" / "python", "-c", LOAD],
        cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(list((ROOT / "fairness" / "lua").glob("*.lua")))
