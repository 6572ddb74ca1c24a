"""Charts of the public fairness report, as SVG made here; the page has each as a table too."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from boxoffice.languages import number
from web.texts import language

WIDTH, LABEL, ROW, BAR = 420, 132, 30, 18
MOST_LABEL, LETTER = 220, 7.6  # the widest label, and about how wide a letter of one is
HEIGHT, FOOT = 150, 34


def bars(title: str, rows: Sequence[tuple[str, int]]) -> Markup:
    """Return one bar to a row, longest the largest, with its number written beside it."""
    most = max((count for _, count in rows), default=0) or 1
    left = _room_for([label for label, _ in rows])
    parts, room = list[str](), WIDTH - left - 66
    for n, (label, count) in enumerate(rows):
        top, width = n * ROW, room * count / most
        parts.append(f'<text x="0" y="{top + 16}">{escape(label)}</text>')
        parts.append(_box(left, top + 2, max(width, 1 if count else 0)))
        said = number(count, language())
        parts.append(f'<text x="{left + width + 6:.1f}" y="{top + 16}">{said}</text>')
    return _svg(title, len(rows) * ROW, parts)


def columns(title: str, values: Sequence[tuple[str, float]], top: float, line: float = 0) -> Markup:
    """Return one column to a value, `top` being the whole height, and a line across at `line`."""
    parts, step = list[str](), WIDTH / max(len(values), 1)
    for n, (label, value) in enumerate(values):
        height = (HEIGHT - FOOT) * min(value / top, 1) if top else 0.0
        left = n * step
        parts.append(
            f'<rect class="a" x="{left + 2:.1f}" y="{HEIGHT - FOOT - height:.1f}"'
            f' width="{step - 4:.1f}" height="{height:.1f}"/>'
        )
        parts.append(
            f'<text class="s" x="{left + step / 2:.1f}" y="{HEIGHT - 14}">{escape(label)}</text>'
        )
    if line and top:
        y = HEIGHT - FOOT - (HEIGHT - FOOT) * line / top
        parts.append(f'<line class="mark" x1="0" x2="{WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
    return _svg(title, HEIGHT, parts)


def _room_for(labels: Sequence[str]) -> float:
    """Return where the bars begin, so that no label runs into one in any language."""
    longest = max(map(len, labels), default=0) * LETTER + 10
    return min(max(longest, LABEL), MOST_LABEL)


def _box(left: float, top: float, width: float) -> str:
    return f'<rect class="a" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR}"/>'


def _svg(title: str, height: float, parts: Sequence[str]) -> Markup:
    return Markup(  # noqa: S704 - numbers of ours, and labels that are escaped
        f'<svg class="chart" role="img" aria-label="{escape(title)}"'
        f' viewBox="-12 -8 {WIDTH + 24} {height + 16}">{"".join(parts)}</svg>'
    )
