from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.main import fairticket
from fairness.screening.offline import learning
from tests.fairness.screening.offline import crowds

COOKIE = r'" (\w+) "'


def run(tmp_path: Path, *words: str) -> Result:
    return CliRunner().invoke(fairticket, ["--home", str(tmp_path), "screen", *words])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def labels(path: Path, names: Iterable[str]) -> str:
    truth = "".join(f"{n},{'human' if n.startswith('person') else 'Bot'}\n" for n in names)
    path.write_text(f"actor,label\n{truth}")
    return str(path)


@pytest.fixture(autouse=True)
def one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rounds of learning are steadier, and three times as long."""
    monkeypatch.setattr(learning, "ROUNDS", 1)


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "actors.csv"
    path.write_text(crowds.table(crowds.actors(31, people=300, machines=24)))
    return str(path)


def test_a_table_is_scored_without_labels_the_worst_first(tmp_path: Path, table: str) -> None:
    result = run(tmp_path, "--actors", table)
    assert result.exit_code == 0, result.output
    assert result.stderr.startswith("324 scored: ")
    scored = rows(result.stdout)
    assert list(scored[0]) == ["actor", "score", "verdict", "reasons"]
    scores = [float(row["score"]) for row in scored]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert not scored[0]["actor"].startswith("person")
    assert all(row["reasons"] for row in scored if row["verdict"] != "admit")


def test_a_log_is_scored_and_the_rest_of_it_named(tmp_path: Path) -> None:
    log, out = tmp_path / "a.log", tmp_path / "scores.csv"
    log.write_text("rubbish\n" + "\n".join(crowds.access_log(32, people=40, machines=12)))
    result = run(tmp_path, "--access-log", str(log), "--session-regex", COOKIE, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert "not used: 1 × line that is not of an access log (first: line 1)" in result.stderr
    assert len(rows(out.read_text())) == 52


def test_fitting_prints_its_figures_and_scores_everybody(tmp_path: Path, table: str) -> None:
    names = [row["actor"] for row in rows(Path(table).read_text())]
    known = labels(tmp_path / "labels.csv", [*names[10:], "nobody"])
    out = tmp_path / "scores.csv"
    result = run(tmp_path, "--actors", table, "--fit", known, "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "24 machines, 290 people" in result.stdout
    assert "fitted (cross-validated): AUC " in result.stdout
    assert "label-free: AUC 0.9" in result.stdout
    assert result.stdout.count("false positives: ") == 6
    assert "label of nobody in the data" in result.stderr
    scored = rows(out.read_text())
    assert len(scored) == 324, "who has no label is scored all the same"
    held = [row for row in scored if row["verdict"] in ("review", "refuse")]
    assert held
    assert not [row for row in held if row["actor"].startswith("person")]


def test_fitting_a_log_prints_json(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    lines = crowds.access_log(33, people=40, machines=12)
    log.write_text("\n".join(lines))
    known = labels(
        tmp_path / "labels.csv", dict.fromkeys(line.split('" ')[2].split()[0] for line in lines)
    )
    result = run(
        tmp_path, "--access-log", str(log), "--session-regex", COOKIE, "--fit", known, "--json"
    )
    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout)
    assert (figures["machines"], figures["people"]) == (12, 40)
    assert figures["fitted"]["auc"] >= 0.9
    assert [one["false_positives"] for one in figures["fitted"]["recall"]] == [0.001, 0.01, 0.02]
    low, high = figures["fitted"]["recall"][0]["bounds"]
    assert 0 <= low < high <= 1


def test_a_formula_as_a_name_is_no_formula_in_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('actor,attempts\n"=cmd|\' /C calc\'!A0",1\n+a/b==,2\n"one\ntwo",3\n')
    names = {row["actor"] for row in rows(run(tmp_path, "--actors", str(path)).stdout)}
    assert names == {"'=cmd|' /C calc'!A0", "+a/b==", "one\ufffdtwo"}


def test_every_wrong_call_names_field_rule_and_remedy(tmp_path: Path, table: str) -> None:
    empty, few, odd = (tmp_path / name for name in ("empty", "few.csv", "odd.csv"))
    empty.write_text("")
    few.write_text("actor,label\nperson1,0\n")
    odd.write_text("actor,label\nperson1,perhaps\n")
    calls = [
        (), ("--actors", table, "--access-log", table), ("--actors", str(empty)),
        ("--access-log", str(empty)), ("--access-log", table),
        ("--access-log", table, "--session-regex", "("),
        ("--actors", table, "--fit", str(few)), ("--actors", table, "--fit", str(odd)),
        ("--actors", table, "--fit", str(empty)),
        ("--actors", table, "--out", str(tmp_path / "no" / "such" / "folder.csv")),
    ]  # fmt: skip
    for words in calls:
        result = run(tmp_path, *words)
        assert result.exit_code == 2, (words, result.output)
        assert "field:" in result.stderr, words
        assert "remedy:" in result.stderr, words
        assert "Traceback" not in result.stderr


def test_scoring_without_labels_needs_no_numeric_library(tmp_path: Path, table: str) -> None:
    code = (
        "import sys\nfrom console.main import fairticket\n"
        f"fairticket(['screen', '--actors', {table!r}], standalone_mode=False)\n"
        "assert not {'numpy', 'scipy', 'sklearn'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
