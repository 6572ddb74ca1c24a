"""What a sale needs, from figures that were measured or given."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from math import isclose
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from console.capacity import inputs, model
from console.capacity.inputs import Demand, Measured, Prices
from console.main import fairticket
from fairness.errors import Invalid

PAPER = Path(__file__).parents[3] / "docs" / "capacity.md"


def run(*words: str) -> Result:
    return CliRunner().invoke(fairticket, ["plan", "--bench", "nowhere.json", *words])


def told(*words: str) -> dict[str, Any]:
    result = run("--json", *words)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def need(sale: Demand, can: Measured | None = None) -> dict[str, float]:
    return {each.name: each.value for each in model.needs(sale, can or Measured(), Prices())}


def test_every_number_can_be_given_and_is_explained() -> None:
    usage = run("--help").output
    for kind in (Demand, Measured, Prices):
        for each in fields(kind):
            assert f"--{each.name.replace('_', '-')} " in usage
            assert each.metadata["text"]


def test_the_rows_can_be_redone_by_hand() -> None:
    sale = Demand(fans=1e6, lines=1, busiest=1, join_s=900, peak=1, sell_s=1000, seats=2400)
    found = need(replace(sale, tried=1), Measured(joins=1000, places=1e6, load=1, fan_bytes=200))
    assert found["joins_per_s"] == 1000
    assert found["front_end_cores"] == 2  # the joins, and a little looking
    assert isclose(found["store_memory"], 0.2)
    assert (found["orders"], found["orders_per_s"]) == (1000, 1)


def test_sixty_thousand_seats_in_a_minute_are_more_than_one_partition_takes() -> None:
    found = need(Demand())
    assert found["burst_units_per_s"] == 2000
    assert (found["burst_partitions"], found["burst_on_one_partition"]) == (2, 120)


def test_a_larger_sale_never_needs_less() -> None:
    small, large = need(Demand()), need(Demand(fans=28e6, seats=4e6, requests=7e9))
    assert all(large[name] >= value for name, value in small.items() if "per_seat" not in name)


def test_figures_of_the_benchmarks_are_taken_and_given_ones_win(tmp_path: Path) -> None:
    bench = tmp_path / "bench.json"
    bench.write_text('[{"name": "arrivals_per_s_per_core", "value": 6000}]')
    found = told("--bench", str(bench))
    assert (found["measured"]["joins"], found["from_bench"]) == (6000, ["joins"])
    assert told("--bench", str(bench), "--joins", "5")["measured"]["joins"] == 5
    bench.write_text("{")
    with pytest.raises(Invalid, match="not a file of figures"):
        inputs.measured(Measured(), bench)


@pytest.mark.parametrize("value", ["0", "-1"])
def test_a_sale_of_nothing_is_refused(value: str) -> None:
    result = run("--fans", value)
    assert result.exit_code == 2
    assert "above nought" in result.output


def test_the_paper_shows_what_the_model_says() -> None:
    """The worked example: its defaults and its sums are those of the code."""
    paper = PAPER.read_text()
    for each in fields(Measured):
        assert f"| `{each.name}` | {each.default:,g} |" in paper
    for row in model.needs(Demand(), Measured(), Prices()):
        assert f"| `{row.name}` | {model.rounded(row.value)} |" in paper
