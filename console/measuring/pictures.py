"""The plots of docs/fairness.md, as SVG files that stand alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from console.measuring import modelled
from console.measuring.figures import Fairness
from console.measuring.modelled import Run
from console.rehearsal.charts import Scale
from fairness.clock import SECOND
from fairness.crowdmodel import START_US, Crowd, Entrant, Line, chance, rush

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 16, 56, 46
FAN, BOT = "#2b6cb0", "#c05621"
OPENINGS_MS = (0, 250, 500, 750, 1_000, 1_500, 2_000, 3_000, 4_000, 5_000, 7_000, 10_000)
SHOWN_S = 10.0
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}"
    ".g{stroke:#e2e2e2}.w{stroke:#999;stroke-dasharray:3 3}"
)
Points = Sequence[tuple[float, float]]
Spots = Sequence[tuple[float, int, bool]]  # seconds after the start, place, whether a bot
_WALLS = 40  # ends of windows that a plot shows, at most


def write(folder: Path, run: Run) -> list[Path]:
    """Write both plots into `folder`, made if need be; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"place-against-arrival.svg": places(run), "opening-window.svg": openings(run)}
    for name, text in files.items():
        (folder / name).write_text(text)
    return [folder / name for name in files]


def write_measured(folder: Path, found: Fairness) -> list[Path]:
    """Write the plot of what was measured into `folder`, made if need be; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "place-against-arrival.svg"
    file.write_text(measured(found))
    return [file]


def places(run: Run) -> str:
    """Return the plot of place against arrival time, with fans, bots and the ends of windows."""
    crowd = Crowd(fans=20_000, bots=1_000, ready=0.1)
    line = Line(modelled.OURS, rush(crowd, chance(run.seed)))
    spots = [
        (moment, place, one.bot)
        for place, one in enumerate(line.served(bytes(32)), 1)
        if (moment := _after(one)) < SHOWN_S
    ]
    x = Scale(0, SHOWN_S, LEFT, WIDTH - RIGHT)
    y = Scale(0, max(place for _, place, _ in spots), HEIGHT - BOTTOM, TOP)
    ends = [end for end in modelled.borders(modelled.OURS, 20) if end < SHOWN_S]
    return _scatter(spots, ends, x, y, "a bot, 5–25 ms after the start")


def measured(found: Fairness) -> str:
    """Return the plot of the places that were measured, from the first arrival to the last wall."""
    last = found.borders[min(len(found.borders) - 1, _WALLS)] if found.borders else 0.0
    spots = [(at, where, where in found.bots) for at, where in found.points if at < last]
    x = Scale(min((at for at, _, _ in spots), default=0.0), last or 1.0, LEFT, WIDTH - RIGHT)
    y = Scale(0, max((place for _, place, _ in spots), default=1), HEIGHT - BOTTOM, TOP)
    ends = [end for end in found.borders if end <= last]
    return _scatter(spots, ends, x, y, "a bot")


def _scatter(spots: Spots, ends: Iterable[float], x: Scale, y: Scale, bots: str) -> str:
    body = "".join(_wall(x(end)) for end in ends)
    size = 1.0 if len(spots) > 2_000 else 2.0
    for colour, bot, radius in ((FAN, False, 1.1 * size), (BOT, True, 1.6 * size)):
        shown = [(x(a), y(b)) for a, b, is_bot in spots if is_bot is bot]
        dots = "".join(f"M{a} {b}h0" for a, b in shown[:: 1 + len(shown) // 3_000])
        body += (
            f'<path d="{dots}" stroke="{colour}" stroke-width="{2 * radius}" '
            'stroke-linecap="round"/>'
        )
    legend = [
        (FAN, "● a fan"),
        (BOT, f"● {bots}"),
        ("#666", "┆ end of a window"),
    ]
    return _svg(
        "Your place, and when you came", x, y, "seconds after the start", "place", legend, body
    )


def openings(run: Run) -> str:
    """Return the plot of what the length of the opening window does to bots and slow networks."""
    found = [modelled.what_opening_buys(ms * SECOND // 1_000, run) for ms in OPENINGS_MS]
    seconds = [ms / 1_000 for ms in OPENINGS_MS]
    series = [
        (BOT, "● bots' share of 5,000 places", [100 * share for share, _ in found]),
        (FAN, "● a slow fan's chance over a fast one's", [100 * equity for _, equity in found]),
    ]
    x, y = Scale(0, seconds[-1], LEFT, WIDTH - RIGHT), Scale(0, 100, HEIGHT - BOTTOM, TOP)
    body = "".join(
        _curve(colour, [(x(a), y(min(b, 105.0))) for a, b in zip(seconds, values, strict=True)])
        for colour, _, values in series
    )
    fair = y(100 * run.crowd.bots / (run.crowd.bots + run.crowd.fans))
    body += f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{fair}" y2="{fair}" class="w"/>'
    legend = [(colour, name) for colour, name, _ in series]
    legend.append(("#666", "┄ bots' share of entrants"))
    return _svg(
        "What the opening window buys",
        x,
        y,
        "length of the opening window, seconds",
        "%",
        legend,
        body,
    )


def _after(one: Entrant) -> float:
    return (one.at_us - START_US) / SECOND


def _wall(x: float) -> str:
    return f'<line x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" class="w"/>'


def _curve(colour: str, points: Points) -> str:
    path = " ".join(f"{a},{b}" for a, b in points)
    dots = "".join(f'<circle cx="{a}" cy="{b}" r="3" fill="{colour}"/>' for a, b in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def _svg(
    title: str, x: Scale, y: Scale, x_name: str, y_name: str,
    legend: Iterable[tuple[str, str]], body: str,
) -> str:  # fmt: skip
    parts = [
        f'<line class="g" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(t)}" y2="{y(t)}"/>'
        f'<text x="{LEFT - 8}" y="{y(t) + 4}" text-anchor="end">{t:,.0f}</text>'
        for t in y.ticks
    ]
    parts += [
        f'<text x="{x(t)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{t:g}</text>'
        for t in x.ticks
    ]
    parts.append(
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x_name)}</text>'
    )
    parts.append(f'<text x="{LEFT - 8}" y="{TOP - 10}" text-anchor="end">{escape(y_name)}</text>')
    parts.append(f'<text x="{LEFT}" y="20" font-weight="600">{escape(title)}</text>')
    at = LEFT
    for colour, name in legend:
        parts.append(f'<text x="{at}" y="40" style="fill:{colour}">{escape(name)}</text>')
        at += 18 + 13 * len(name) // 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(title)}"><style>{_STYLE}</style>'
        f'<rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}{body}</svg>\n'
    )
