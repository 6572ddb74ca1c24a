"""The result of a rehearsal, for a terminal, for a browser, for a program."""

from __future__ import annotations

from html import escape
from importlib import resources
from typing import Any

from rich.console import Console
from rich.table import Table

from console.rehearsal import charts
from console.rehearsal.actors import FAN
from console.rehearsal.diary import Diary
from console.rehearsal.promises import Promise

Result = dict[str, Any]

FIGURES = (
    ("Fans and scalper entries", "{fans.entries:,} fans, {scalpers.entries:,} scalper entries"),
    ("Seats sold", "{seats.sold:,} of {seats.capacity:,}"),
    ("Tickets to scalpers", "{scalpers.tickets:,}"),
    ("Fans wrongly refused", "{fans.wrongly_refused:,}"),
    (
        "Orders held for a look",
        "{held_for_a_look.orders:,}, {held_for_a_look.decided:,} of them decided; longest "
        "{held_for_a_look.longest_s} s",
    ),
    (
        "Busiest second",
        "{throughput.arrivals_per_s:,} arrivals, {throughput.orders_per_s:,} orders",
    ),
    ("Join, 99th percentile", "{latency_ms.join_p99} ms"),
    ("Seats held, 99th percentile", "{latency_ms.order_p99} ms"),
    ("Ledger", "{ledger.entries:,} entries, verified from public files: {ledger.verified}"),
    ("Time", "{elapsed_s} s"),
)


def figures(result: Result) -> list[tuple[str, str]]:
    """Return what a person wants to know first, as (name, text)."""
    flat = {
        f"{group}.{name}": value
        for group, values in result.items()
        if isinstance(values, dict)
        for name, value in values.items()
    }
    flat["elapsed_s"] = result["elapsed_s"]
    return [(name, _fill(text, flat)) for name, text in FIGURES]


def _fill(text: str, flat: dict[str, Any]) -> str:
    for name, value in flat.items():
        text = text.replace(f"{{{name}:,}}", f"{value:,}" if isinstance(value, int) else str(value))
        text = text.replace(f"{{{name}}}", str(value))
    return text


def to_terminal(console: Console, result: Result, promises: list[Promise]) -> None:
    """Print the figures and every promise with what was checked."""
    table = Table(title="The sale", show_header=False, title_justify="left")
    for row in figures(result):
        table.add_row(*row)
    console.print(table)
    checks = Table(title="The promises", title_justify="left")
    for heading in ("", "promise", "checked", "found"):
        checks.add_column(heading)
    for promise in promises:
        mark = "[green]kept[/]" if promise.kept else "[bold red]BROKEN[/]"
        checks.add_row(mark, promise.says, promise.checked, promise.found)
    console.print(checks)


def to_html(
    result: Result, promises: list[Promise], diary: Diary, places: list[tuple[float, int, str]]
) -> str:
    """Return one page, complete in itself: no script, nothing fetched.

    `places` are (arrival moment, place, kind of actor).
    """
    rows = "".join(
        f"<tr><th scope=row>{escape(n)}</th><td>{escape(t)}</td></tr>" for n, t in figures(result)
    )
    checks = "".join(
        f"<tr class={'kept' if p.kept else 'broken'}><td>{'kept' if p.kept else 'BROKEN'}</td>"
        f"<th scope=row>{escape(p.says)}</th><td>{escape(p.checked)}</td>"
        f"<td>{escape(p.found)}</td></tr>"
        for p in promises
    )
    page = resources.files("console.rehearsal").joinpath("report.html").read_text("utf-8")
    return (
        page.replace("<!-- figures -->", rows)
        .replace("<!-- promises -->", checks)
        .replace("<!-- charts -->", _charts(diary, places))
    )


def _charts(diary: Diary, places: list[tuple[float, int, str]]) -> str:
    joins = [moment for moment, _, _ in diary.joins]
    calls = [moment for moment, _ in diary.calls]
    sold, total = [], 0
    for moment, seats, _ in sorted(diary.sales):
        total += seats
        sold.append((moment, float(total)))
    kinds = sorted({kind for _, _, kind in places}, key=lambda kind: (kind != FAN, kind))
    by_kind = {
        kind: [(moment, float(place)) for moment, place, of in places if of == kind]
        for kind in kinds
    }
    bought = {kind: sum(s for _, s, of in diary.sales if of == kind) for kind in kinds}
    return "".join(
        (
            charts.lines(
                "Arrivals and admissions", "seconds from the start of the sale", "fans per second",
                {"arrived": _per_second(joins), "entered the shop": _per_second(calls)},
            ),
            charts.dots(
                "Place against arrival: in the opening window the draw decides, not speed",
                "arrival, seconds from the start of the sale", "place", by_kind,
            ),
            charts.lines(
                "Seats sold", "seconds from the start of the sale", "seats", {"sold": sold}
            ),
            charts.bars("Who got seats", bought),
            charts.bars("How the visits ended", dict(diary.outcomes.most_common(14))),
        )
    )  # fmt: skip


def _per_second(moments: list[float]) -> list[tuple[float, float]]:
    counts: dict[int, int] = {}
    for moment in moments:
        counts[int(moment // 1)] = counts.get(int(moment // 1), 0) + 1
    if not counts:
        return []
    return [(float(s), float(counts.get(s, 0))) for s in range(min(counts), max(counts) + 1)]
