"""Figures and a plot for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from console.measuring.figures import Fairness, Figure
from console.measuring.modelled import POLICIES, Run, who_wins

COLUMNS, ROWS = 72, 18
_SHADES = ".:+*#"
_TIE_WINDOWS = 10  # shown after the opening window
_OPENING_S = 6.0  # of the opening window are shown, at most


def table(found: Fairness) -> Iterator[str]:
    """Yield one line per figure: value, promise, n."""
    yield f"{found.source}: {found.arrivals:,} arrivals"
    yield from map(line, found.figures)


def line(figure: Figure) -> str:
    """Return the one line about a figure; why there is none, if there is none."""
    mark = {True: "ok", False: "BROKEN", None: ""}[figure.kept]
    if figure.value is None:
        return f"  {'':<7}{figure.name:<15}{'-':>10}  {figure.because}"
    return (
        f"  {mark:<7}{figure.name:<15}{_number(figure):>10}  {figure.promise:<11}"
        f"n = {figure.n:,} {figure.of}: {figure.text}"
    )


def policies(run: Run) -> Iterator[str]:
    """Yield one line per policy: who wins under it, on the same crowds."""
    crowd, draws = run.crowd, run.crowds * run.draws
    yield f"{'policy':<36}{'bots':>8}{'bar':>8}{'le':>8}   n = {draws} x 5,000 admissions"
    for name, rules in POLICIES.items():
        bar, equity = (figure.value or 0.0 for figure in who_wins(rules, run))
        share = bar * crowd.bots / (crowd.bots + crowd.fans)
        yield f"{name:<36}{share:>8.1%}{bar:>8.3f}{equity:>8.3f}"


def plot(found: Fairness) -> Iterator[str]:
    """Yield a plot of place against arrival time around the end of the opening window.

    Columns of bars are where windows end; the darker a sign, the more fans it stands for.
    """
    left, right = _span(found)
    points = [(x, y) for x, y in found.points if left <= x < right]
    if not points:
        return
    most = max(y for _, y in points)
    least = min(y for _, y in points)
    cells = Counter(
        (int((x - left) / (right - left) * COLUMNS), (y - least) * ROWS // (most - least + 1))
        for x, y in points
    )
    darkest = max(cells.values())
    walls = {int((x - left) / (right - left) * COLUMNS) for x in found.borders if left < x < right}
    for row in reversed(range(ROWS)):
        label = f"{most:,}" if row == ROWS - 1 else f"{least:,}" if row == 0 else ""
        signs = (_sign(cells[column, row], darkest, column in walls) for column in range(COLUMNS))
        yield f"{label:>9} |{''.join(signs)}".rstrip()
    yield f"{'place':>9} +{'-' * COLUMNS}"
    yield f"{'':>11}{f'{left:+.1f} s':<{COLUMNS - 10}}{f'{right:+.1f} s':>10}"
    yield f"{'':>11}arrival, from the start of the sale; | is the end of a window"


def _span(found: Fairness) -> tuple[float, float]:
    if not found.borders:
        return 0.0, 1.0
    last = min(_TIE_WINDOWS, len(found.borders) - 1)
    first = min((x for x, _ in found.points), default=0.0)
    return max(first, found.borders[0] - _OPENING_S), max(found.borders[last], first + 0.001)


def _sign(count: int, darkest: int, wall: bool) -> str:
    if count:
        return _SHADES[min(len(_SHADES) - 1, count * len(_SHADES) // (darkest + 1))]
    return "|" if wall else " "


def _number(figure: Figure) -> str:
    value = figure.value
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"
