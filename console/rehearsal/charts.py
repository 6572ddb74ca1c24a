"""Small charts as SVG text, readable without scripts and by a screen reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 40
LEGEND_WIDTH = 130
Points = Sequence[tuple[float, float]]
Series = Mapping[str, Points]
Draw = Callable[[int, Points], str]


class Scale:
    """Maps values of one axis to pixels, from a round number to a round number."""

    def __init__(self, low: float, high: float, start: float, end: float) -> None:
        step = _round_step((high - low) or 1.0)
        self.low, self.high = floor(low / step) * step, ceil(high / step) * step
        if self.low == self.high:
            self.high += step
        self._start, self._end = start, end
        self.ticks = [self.low + n * step for n in range(round((self.high - self.low) / step) + 1)]

    def __call__(self, value: float) -> float:
        """Return the pixel of `value`."""
        share = (value - self.low) / (self.high - self.low)
        return round(self._start + share * (self._end - self._start), 1)


def _round_step(span: float) -> float:
    power = 10.0 ** floor(log10(span / 5))
    return next(power * m for m in (1, 2, 5, 10) if span / (power * m) <= 6)


def lines(title: str, x_name: str, y_name: str, series: Series) -> str:
    """Return a chart with one line per series, told apart by colour, dash and label."""
    return _chart(title, x_name, y_name, series, _polyline)


def dots(title: str, x_name: str, y_name: str, series: Series) -> str:
    """Return a chart with one dot per point; at most 4,000 a series are drawn."""
    return _chart(title, x_name, y_name, series, _dots)


def bars(title: str, parts: dict[str, int]) -> str:
    """Return horizontal bars with their numbers written beside them."""
    most = max(parts.values(), default=0) or 1
    rows = []
    for n, (name, count) in enumerate(parts.items()):
        y, length = 8 + n * 26, round(330 * count / most, 1)
        rows.append(
            f'<text x="232" y="{y + 14}" text-anchor="end">{escape(name)}</text>'
            f'<rect class="s{n % 4}" x="240" y="{y}" width="{length}" height="18" rx="3"/>'
            f'<text x="{246 + length}" y="{y + 14}">{count:,}</text>'
        )
    return _svg(title, "".join(rows), 16 + 26 * len(parts))


def _chart(title: str, x_name: str, y_name: str, series: Series, draw: Draw) -> str:
    points = [point for line in series.values() for point in line] or [(0.0, 0.0)]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    x = Scale(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    y = Scale(min(0.0, *ys), max(ys), HEIGHT - BOTTOM, TOP)
    body = _axes(x, y, x_name, y_name)
    for n, (name, line) in enumerate(series.items()):
        body += draw(n, [(x(a), y(b)) for a, b in line])
        body += (
            f'<text class="s{n}" x="{LEFT + LEGEND_WIDTH * n}" y="{TOP - 14}">'
            f"{'●■▲◆'[n % 4]} {escape(name)}</text>"
        )
    return _svg(title, body, HEIGHT)


def _axes(x: Scale, y: Scale, x_name: str, y_name: str) -> str:
    parts = [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(t)}" y2="{y(t)}"/>'
        f'<text x="{LEFT - 6}" y="{y(t) + 4}" text-anchor="end">{_number(t)}</text>'
        for t in y.ticks
    ]
    parts += [
        f'<text x="{x(t)}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{_number(t)}</text>'
        for t in x.ticks
    ]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_name)}</text>"
        f'<text transform="translate(12 {middle}) rotate(-90)" text-anchor="middle">'
        f"{escape(y_name)}</text>"
    )
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2g}"


def _polyline(n: int, points: Points) -> str:
    path = " ".join(f"{x},{y}" for x, y in points)
    return f'<polyline class="line s{n}" points="{path}"/>' if points else ""


def _dots(n: int, points: Points) -> str:
    step = max(1, ceil(len(points) / 4_000))
    return "".join(f'<circle class="s{n}" cx="{x}" cy="{y}" r="1.6"/>' for x, y in points[::step])


def _svg(title: str, body: str, height: int) -> str:
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {height}" '
        f'role="img" aria-label="{escape(title)}">{body}</svg></figure>'
    )
