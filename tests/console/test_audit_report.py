from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.main import fairticket
from tests.fairness.ledger.stores import log_of, small_sale


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("log")
    small_sale(log_of(folder))
    return folder


def report(log: Path, *words: str) -> Result:
    return CliRunner().invoke(fairticket, ["audit", "report", str(log), "sale", *words])


def test_a_published_report_is_counted_again_and_a_changed_figure_is_named(
    log: Path, tmp_path: Path
) -> None:
    file = tmp_path / "published.json"
    made = json.loads(report(log, "--json").output)
    file.write_text(json.dumps(made))
    again = report(log, "--against", str(file))
    assert (again.exit_code, "the same figures" in again.output) == (0, True)
    made["fans"]["bought"] += 1
    file.write_text(json.dumps(made))
    changed = report(log, "--against", str(file))
    assert changed.exit_code == 1
    assert "PROBLEM  fans is not what the log gives" in changed.output


@pytest.mark.parametrize("text", ["no JSON", "[]", "{}"])
def test_what_is_no_report_is_a_wrong_call(log: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    told = report(log, "--against", str(file))
    assert told.exit_code == 2
    assert "remedy:" in told.output
