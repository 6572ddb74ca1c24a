"""Recorded and modelled crowds, sent through a shop with troubles and the real estimator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.main import fairticket
from console.measuring import tuning, waiting
from console.measuring.shop import Shop
from fairness.errors import Invalid
from fairness.eta import Tuning

CALM = Shop(pause_every_s=1e12, change_every_s=1e12, slow_sigma=0.0)


def test_the_range_holds_for_most_fans_of_a_recorded_crowd(shared: Path) -> None:
    """Six hours around the peak of one day; `fairticket measure eta` replays whole days."""
    day = waiting.traces(shared / "traces" / "worldcup98_per_minute.csv")["1998-06-30"]
    found = waiting.Result("peak")
    for seed in (1, 2):
        found.add(waiting.replay("peak", day[13 * 60 : 19 * 60], seed, samples=80))
    assert found.compared > 50
    assert waiting.LEAST - 0.1 <= found.coverage <= 1


def test_the_wait_for_a_calm_shop_is_foreseen() -> None:
    crowd = [20_000] * 20 + [120_000] * 40 + [10_000] * 100
    calm = waiting.replay("calm", crowd, 1, CALM, samples=60)
    assert calm.compared > 10
    assert calm.coverage > 0.9
    assert calm.error_s < 0.15 * calm.waited_s


def test_the_command_prints_and_writes_each_trace(tmp_path: Path) -> None:
    trace, out = tmp_path / "day.csv", tmp_path / "eta.json"
    rows = [
        f"2026-01-01 {m // 60:02}:{m % 60:02}:00,{60_000 if m < 30 else 5_000}" for m in range(90)
    ]
    trace.write_text("\n".join(["minute_utc,requests", *rows]))

    answer = CliRunner().invoke(
        fairticket, ["measure", "eta", "--trace", str(trace), "--runs", "1", "--json", str(out)]
    )

    (found,) = json.loads(out.read_text())
    assert found["trace"] == "2026-01-01"
    assert found["compared"] > 0
    assert f"{found['coverage']:.1%}" in answer.output
    assert answer.exit_code == (0 if 0.75 <= found["coverage"] <= 0.9 else 1)


def test_a_row_that_is_no_number_of_requests_is_named(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text("minute_utc,requests\n1998-06-30 00:00,many\n")
    with pytest.raises(Invalid, match="many") as caught:
        waiting.traces(trace)
    assert (caught.value.field, bool(caught.value.remedy)) == ("trace", True)


def test_a_trace_is_measured_with_constants_that_were_chosen_on_the_others() -> None:
    crowd = [20_000] * 20 + [120_000] * 20 + [10_000] * 60
    narrow, wide = Tuning(miss=0.5, step=0.2), Tuning(miss=0.01, step=0.2)
    crowds = {"one": crowd, "other": crowd[::-1]}
    left = list(tuning.leave_one_out(crowds, 1, [narrow, wide]))

    chosen = {one.result.trace: one.tuning for one in left}
    for name, other in (("one", "other"), ("other", "one")):
        apart = {
            t: abs(waiting.measure(other, crowds[other], 1, t).coverage - 0.8)
            for t in (narrow, wide)
        }
        assert chosen[name] == min(apart, key=lambda t: apart[t])
        expected = waiting.measure(name, crowds[name], 1, chosen[name])
        assert next(one.result for one in left if one.result.trace == name) == expected
    assert (
        waiting.measure("one", crowd, 1, narrow).width
        < waiting.measure("one", crowd, 1, wide).width
    )
    with pytest.raises(Invalid, match="no other trace"):
        list(tuning.leave_one_out({"one": crowd}, 1))
