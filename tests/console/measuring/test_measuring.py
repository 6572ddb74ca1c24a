from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.commands import measure as command
from console.main import fairticket
from console.measuring import attendance, logged, modelled, pictures, show
from console.measuring.attendance import Attendance
from console.measuring.figures import Fairness, Figure
from console.measuring.modelled import CROWD, Run
from fairness.crowdmodel import Crowd, policy
from fairness.errors import NotFound
from fairness.ledger import entries
from tests.fairness.ledger.stores import MANIFEST, START, fan, log_of, small_sale

PROMISED = ("owi", "slips", "mtd_us", "tau_policy", "bar", "latency_equity", "draw_p")
LITTLE = Run(crowds=1, draws=1, crowd=Crowd(9_000, 450), busy=Crowd(1_000, 50, ready=0.1))


def value(found: Fairness, name: str) -> float | None:
    return by_name(found)[name].value


def by_name(found: Fairness) -> dict[str, Figure]:
    return {figure.name: figure for figure in found.figures}


def run(*words: str) -> Result:
    return CliRunner().invoke(fairticket, ["measure", "fairness", *words])


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    small_sale(log_of(tmp_path / "ledger"))
    return tmp_path / "ledger"


def test_the_policy_keeps_what_is_promised_of_it() -> None:
    busy = Crowd(fans=15_000, bots=750, ready=0.1)
    found = modelled.measure(Run(crowds=1, draws=16, busy=busy))
    figures = {name: value(found, name) for name in PROMISED}
    assert (figures["owi"], figures["slips"], figures["tau_policy"]) == (0, 0, 1.0)
    assert 0 < (figures["mtd_us"] or 0) <= 600_000
    assert 1 < (figures["bar"] or 0) <= 1.4
    assert (figures["latency_equity"] or 0) >= 0.98
    assert (figures["draw_p"] or 0) > 0.01
    assert found.kept
    assert (CROWD.fans, CROWD.bots, modelled.ADMISSIONS) == (50_000, 2_500, 5_000)


def test_first_come_first_served_breaks_it_on_the_same_crowd() -> None:
    bar, equity = modelled.who_wins(policy(0, 1), Run(crowds=1, draws=1))
    assert (bar.value, bar.kept) == (10.5, False)
    assert (equity.value or 1) < 0.4
    assert not Fairness("x", [bar], 1, (), ()).kept


def test_a_log_is_measured_as_far_as_it_tells(ledger: Path) -> None:
    found = logged.measure(ledger, None)
    figures = by_name(found)
    assert (found.arrivals, found.kept) == (20, True)
    assert [figures[name].value for name in ("owi", "slips", "tau_policy")] == [0, 0, 1.0]
    assert figures["tau_policy"].n == 16  # 18 places; one was refused, one called late for a reason
    assert figures["draw_p"].n == 12_000
    assert "--bots" in figures["bar"].because
    assert "--rehearsal" in figures["latency_equity"].because


def test_a_rehearsal_is_measured_with_who_was_who_in_it(tmp_path: Path) -> None:
    small_sale(log_of(tmp_path / "ledger"))
    assert of_rehearsal(tmp_path).exit_code == 1  # nobody has said who was who
    join_ms = {fan(n): float(n) for n in range(12)}
    kept = attendance.keep(tmp_path, Attendance("sale", frozenset({fan(12)}), join_ms))
    assert kept.stat().st_mode & 0o077 == 0
    written = tmp_path / "fair.json"
    result = of_rehearsal(tmp_path, "--json", str(written), "--plots", str(tmp_path / "plots"))
    assert result.exit_code == 0, result.output
    figures = json.loads(written.read_text())
    assert (figures["bar"], figures["latency_equity"], figures["owi"]) == (0.0, 1.0, 0)
    assert "<svg" in (tmp_path / "plots" / "place-against-arrival.svg").read_text()


def of_rehearsal(home: Path, *words: str) -> Result:
    given = ["--home", str(home), "measure", "fairness", "--rehearsal", *words]
    return CliRunner().invoke(fairticket, given)


def test_known_bots_give_a_log_its_advantage_ratio(ledger: Path) -> None:
    found = logged.measure(ledger, "sale", {fan(0), fan(12)})
    assert value(found, "bar") == pytest.approx((1 / 17) / (2 / 20))


def test_a_log_of_two_sales_asks_which_is_meant(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    small_sale(log)
    log.append("m2", [entries.manifest(replace(MANIFEST, sale_id="other"), START)])
    log.seal()
    with pytest.raises(NotFound) as error:
        logged.measure(tmp_path, None)
    assert error.value.remedy == "choose one of: sale, other"
    assert logged.measure(tmp_path, "sale").kept
    assert value(logged.measure(tmp_path, "other"), "tau_policy") is None


def test_an_order_against_the_log_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.fairness.ledger.stores.call_all", call_backwards)
    small_sale(log_of(tmp_path / "ledger"))
    found = logged.measure(tmp_path / "ledger", None)
    assert value(found, "tau_policy") == -1
    assert (value(found, "owi") or 0) > 0
    result = run("--ledger", str(tmp_path / "ledger"))
    assert result.exit_code == 1
    assert "BROKEN tau_policy" in result.output


def call_backwards(log: object, line: list[str]) -> None:
    calls = [(one, place) for place, one in reversed(list(enumerate(line, 1)))]
    log.append("backwards", [entries.admitted("sale", START, calls)])  # type: ignore[attr-defined]


def test_the_command_prints_and_writes_every_figure(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "bots").write_text(f"{fan(0)}\n")
    written = tmp_path / "fair.json"
    result = run("--ledger", str(ledger), "--json", str(written), "--bots", str(tmp_path / "bots"))
    assert result.exit_code == (0 if json.loads(written.read_text())["kept"] else 1)
    found = json.loads(written.read_text())
    assert found.keys() >= {*PROMISED, "n", "source", "kept", "figures"}
    assert found["n"] == 20
    assert found["latency_equity"] is None
    assert all(f" {name} " in result.output for name in PROMISED)
    assert "| is the end of a window" in result.output


def test_the_model_is_measured_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Run", lambda seed: replace(LITTLE, seed=seed))
    result = run("--seed", "2")
    assert "model: 1,050 arrivals" in result.output
    assert result.output == run("--model", "--seed", "2").output


@pytest.mark.parametrize(
    "words", [("--model", "--ledger", "."), ("--sale", "x"), ("--rehearsal", "--ledger", ".")]
)
def test_what_does_not_go_together_is_a_wrong_call(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_the_plot_shows_windows_one_above_the_other() -> None:
    points = [(-1 + n / 100, n + 1) for n in range(800)]
    found = Fairness("x", [], 800, points, [5.0 + n / 2 for n in range(10)])
    rows = list(show.plot(found))
    assert "|" in rows[0].split("|", 1)[1]
    assert rows[0].split("|", 1)[0].strip() == "800"
    assert rows[show.ROWS - 1].split("|", 1)[0].strip() == "1"
    assert list(show.plot(Fairness("x", [], 0, [], []))) == []


def test_policies_are_compared_on_one_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "Run", lambda seed: replace(LITTLE, seed=seed))
    rows = run("--policies").output.splitlines()
    assert len(rows) == 1 + len(modelled.POLICIES)
    assert rows[0].split()[:4] == ["policy", "bots", "bar", "le"]


def test_the_pictures_stand_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "OPENINGS_MS", (0, 5_000))
    files = pictures.write(tmp_path / "images", LITTLE)
    for file in files:
        text = file.read_text()
        assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
        assert text.count("<svg") == 1
        assert "nan" not in text
