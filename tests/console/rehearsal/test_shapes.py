from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from console.rehearsal import shapes
from fairness.errors import Invalid


def test_most_of_a_flash_crowd_waits_for_the_start() -> None:
    times = shapes.flash_crowd(10_000, before_s=10, after_s=30, rng=Random(1))
    assert times == sorted(times)
    assert times[0] >= -10
    assert times[-1] <= 30
    assert 0.68 < sum(t < 0 for t in times) / len(times) < 0.72
    assert sum(0 <= t < 3 for t in times) > sum(3 <= t < 6 for t in times) * 3


def test_the_steepest_hour_is_the_one_that_rises_most() -> None:
    minutes = [10.0] * 100 + [10.0 * n for n in range(1, 61)] + [600.0] * 100
    hour = shapes.steepest_hour(minutes)
    assert len(hour) == 60
    assert hour[-1] - hour[0] > 500


def test_a_trace_gives_the_shape_of_the_arrivals(tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv"
    rows = [f"{n},{1 if n < 30 else 99}" for n in range(60)]
    trace.write_text("minute,requests\n" + "\n".join(rows))
    times = shapes.from_trace(trace, 5_000, before_s=10, after_s=10, rng=Random(1))
    assert len(times) == 5_000
    assert sum(t >= 0 for t in times) > 4_900


def test_the_recorded_trace_is_read(shared: Path) -> None:
    trace = shared / "traces" / "worldcup98_per_minute.csv"
    times = shapes.from_trace(trace, 1_000, before_s=10, after_s=30, rng=Random(1))
    assert len(times) == 1_000
    assert -10 <= times[0] <= times[-1] <= 30


@pytest.mark.parametrize("text", ["minute,requests\n", "minute,requests\n1,many\n", "h\n1,0\n"])
def test_a_trace_without_requests_is_refused(tmp_path: Path, text: str) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text(text)
    with pytest.raises(Invalid) as caught:
        shapes.from_trace(trace, 10, 1, 1, Random(1))
    assert caught.value.field == "trace"
    assert caught.value.remedy
