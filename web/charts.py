"""Small charts for the console, as SVG made here: no script, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from boxoffice.inventory.model import TierStock
from boxoffice.languages import number
from boxoffice.orders.model import Order
from fairness.clock import SECOND
from web.texts import _, language, mark

WIDTH, BAR, GAP = 420, 18, 30
HEIGHT = 150
MOST_BARS = 60
STOCK = mark("{tier}: {sold} sold, {held} held, {free} free")


def stock(tiers: Sequence[TierStock]) -> Markup:
    """Return one bar per tier: sold, held, free."""
    parts = []
    for n, tier in enumerate(tiers):
        top = 20 + n * (BAR + GAP)
        sold, held, free = (number(n, language()) for n in (tier.sold, tier.held, tier.free))
        text = _(STOCK, tier=tier.tier, sold=sold, held=held, free=free)
        parts.append(f'<text x="0" y="{top - 4}">{escape(text)}</text>')
        left = 0.0
        for count, style in ((tier.sold, "a"), (tier.held, "c"), (tier.free, "b")):
            width = WIDTH * count / max(tier.capacity, 1)
            parts.append(_box(left, top + 4, width, BAR, style))
            left += width
    height = 20 + len(tiers) * (BAR + GAP) - GAP + BAR
    return _svg(_("Seats sold, held and free, by tier"), height, parts)


def sold(orders: Sequence[Order]) -> Markup | None:
    """Return how many seats were sold in each stretch of time, None when none were."""
    paid = [(order.changed_us, len(order.seats)) for order in orders if order.state == "paid"]
    if not paid:
        return None
    first, last = min(at for at, _ in paid), max(at for at, _ in paid)
    step = max((last - first) // MOST_BARS, SECOND)
    bars = [0] * ((last - first) // step + 1)
    for at_us, seats in paid:
        bars[(at_us - first) // step] += seats
    width, top = WIDTH / len(bars), max(bars)
    parts = [
        _box(
            n * width,
            HEIGHT - 110 * count / top,
            min(max(width - 1, 1), 24),
            110 * count / top,
            "a",
        )
        for n, count in enumerate(bars)
        if count
    ]
    text = _("Seats paid, by {seconds} s; most: {top}", seconds=f"{step / SECOND:.0f}", top=top)
    return _svg(text, HEIGHT, [f'<text x="0" y="16">{escape(text)}</text>', *parts])


def _box(left: float, top: float, width: float, height: float, style: str) -> str:
    return (
        f'<rect class="{style}" x="{left:.1f}" y="{top:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}"/>'
    )


def _svg(title: str, height: float, parts: Sequence[str]) -> Markup:
    body = "".join(parts)
    return Markup(  # noqa: S704 - numbers of ours, and names that are escaped
        f'<svg class="chart" role="img" aria-label="{escape(title)}"'
        f' viewBox="-12 -6 {WIDTH + 24} {height + 18}">{body}</svg>'
    )
