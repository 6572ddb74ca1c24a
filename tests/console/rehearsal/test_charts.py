from __future__ import annotations

from xml.etree import ElementTree

from console.rehearsal import charts


def test_charts_are_well_formed_and_named() -> None:
    series = {"a <b>": [(0.0, 1.0), (10.0, 2_000.0)], "none": []}
    for chart in (
        charts.lines("Title & more", "x", "y", series),
        charts.dots("Title & more", "x", "y", series),
        charts.bars("Title & more", {"one": 1, "two": 0}),
        charts.lines("Title & more", "x", "y", {}),
    ):
        figure = ElementTree.fromstring(chart)
        assert figure.find("svg").get("aria-label") == "Title & more"  # type: ignore[union-attr]


def test_an_axis_runs_between_round_numbers() -> None:
    scale = charts.Scale(3, 1_187, 0, 100)
    assert (scale.low, scale.high) == (0, 1_200)
    assert scale(600) == 50


def test_a_long_series_is_thinned() -> None:
    chart = charts.dots("t", "x", "y", {"s": [(float(n), 1.0) for n in range(20_000)]})
    assert chart.count("<circle") == 4_000
