from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from redis import ConnectionError as NoStore

from console import failures
from console.commands import audit
from console.main import COMMANDS, fairticket
from fairness.errors import NotFound, Unavailable
from fairness.ledger.verify import Failure, Verification
from tests.engines import ROOT


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FAIRTICKET_")]:
        monkeypatch.delenv(name)


def run(home: Path, *words: str, **env: str) -> Result:
    return CliRunner().invoke(fairticket, ["--home", str(home), *words], env=env)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize("path", sorted(commands(fairticket)), ids=" ".join)
def test_every_command_has_help_with_an_example(path: tuple[str, ...], tmp_path: Path) -> None:
    result = run(tmp_path, *path, "--help")
    assert result.exit_code == 0, result.output
    _, *examples = re.split(r"Examples?:", result.output)
    assert f"fairticket {path[0]}" in "".join(examples)


def test_the_overview_names_every_command() -> None:
    result = CliRunner().invoke(fairticket, ["--help"])
    assert all(f"\n  {name} " in result.output for name in COMMANDS)
    assert {"up", "rehearse", "doctor", "worker", "beat", "web", "flower", "tables", "sale"} <= set(
        COMMANDS
    )


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    assert version("fairticket") in CliRunner().invoke(fairticket, ["--version"]).output


def test_an_unknown_command_is_a_wrong_call(tmp_path: Path) -> None:
    result = run(tmp_path, "sell")
    assert result.exit_code == 2
    assert "No such command 'sell'" in result.output


@pytest.mark.parametrize(
    "words",
    [("sale", "list"), ("tables", "create"), ("worker", "-Q", "line"), ("web",), ("beat",)],
    ids=" ".join,
)
def test_a_command_without_settings_names_what_is_missing(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    result = run(tmp_path, *words)
    assert result.exit_code == 2
    assert "FAIRTICKET_REDIS_URL" in result.output
    assert "remedy: set it in the environment, or use `fairticket up`" in result.output
    assert "Traceback" not in result.output


def test_flower_without_a_password_does_not_start(tmp_path: Path) -> None:
    result = run(tmp_path, "flower")
    assert result.exit_code == 2
    assert "FLOWER_BASIC_AUTH=user:password" in result.output


def test_a_home_that_cannot_be_written_is_told_with_its_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run(tmp_path / "file" / "home", "up")
    assert result.exit_code == 2
    assert "cannot write to" in result.output
    assert "field:  --home" in result.output
    assert "FAIRTICKET_HOME=FOLDER" in result.output


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (NotFound("there is no sale x", field="sale_id", remedy="fairticket sale list"), 1,
         "fairticket: there is no sale x\n  field:  sale_id\n  remedy: fairticket sale list\n"),
        (Unavailable("the database does not answer"), 1,
         "fairticket: the database does not answer\n"
         "  remedy: see which part is away: fairticket doctor\n"),
        (NoStore("refused"), 1,
         "fairticket: the store does not answer: refused\n  field:  FAIRTICKET_REDIS_URL\n"
         "  remedy: start it (`fairticket up`), then see `fairticket doctor`\n"),
    ],
)  # fmt: skip
def test_errors_are_told_in_a_few_lines(
    tmp_path: Path, error: Exception, code: int, expected: str
) -> None:
    with pytest.raises(failures.Failure) as told, failures.told(tmp_path):
        raise error
    assert told.value.exit_code == code
    said = io.StringIO()
    told.value.show(said)
    assert said.getvalue() == expected


def test_a_reader_who_has_seen_enough_is_no_error_of_ours(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "console", "--home", str(tmp_path), "plan", "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == b""
    assert not (tmp_path / "logs").exists()


def test_what_nobody_foresaw_keeps_its_traceback_out_of_the_way(tmp_path: Path) -> None:
    expected = pytest.raises(failures.Failure, match="ZeroDivisionError")
    with expected as told, failures.told(tmp_path / "logs"):
        raise ZeroDivisionError("division by zero")
    (crash,) = (tmp_path / "logs").iterdir()
    assert str(crash) in (told.value.error.remedy or "")
    assert "Traceback" in crash.read_text()


def test_an_audit_says_what_it_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Verification("example/log", 7, {"window roots": 2}, ())
    monkeypatch.setattr(audit, "verify_log", lambda *_: found)
    result = run(tmp_path, "audit", "verify", str(tmp_path))
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "example/log: 7 entries",
        "  ok                  2 window roots",
        "verified",
    ]


def test_an_audit_that_finds_a_fault_fails_and_names_the_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = Failure("window root", "does not match its arrivals", 5)
    found = Verification("example/log", 7, {}, (fault,), failed=1)
    monkeypatch.setattr(audit, "verify_log", lambda *_: found)
    told = run(tmp_path, "audit", "verify", str(tmp_path))
    assert told.exit_code == 1
    assert "PROBLEM  window root: does not match its arrivals (entry 5)" in told.output
    as_json = run(tmp_path, "audit", "verify", str(tmp_path), "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.output) == {
        "verified": False,
        "origin": "example/log",
        "entries": 7,
        "checked": {},
        "failed": 1,
        "failures": ["window root: does not match its arrivals (entry 5)"],
    }


def test_a_folder_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    result = run(tmp_path, "audit", "verify", str(tmp_path / "nothing"))
    assert result.exit_code == 2
    assert "is no folder" in result.output
