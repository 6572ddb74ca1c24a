"""A group of linked accounts as a picture: SVG made here, with the same in words beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

from fairness.screening.bonds import Group, Tie
from web.texts import _, ngettext

KINDS = {
    "mailbox": "one mailbox",
    "card": "one payment card",
    "phone": "one mobile number",
    "device": "one browser",
    "address": "one address",
    "domain": "a throw-away mail provider",
    "batch": "made in one hour",
    "swift": "seconds apart",
    "transfer": "a ticket passed on",
    "run": "made the same day",
    "sitting": "made the same day on one address",
}
SIZE, DOT, MARGIN = 420, 15, 50  # the margin is for the words on lines at the sides
MOST_DOTS = 40  # accounts in one picture; the table has all
MOST_LABELS = 12  # links with words on them; more would hide each other


def names(fans: Sequence[str]) -> dict[str, str]:
    """Return fan -> a short name that says nothing about them: A, B, … Z, A2, B2, …"""
    return {
        fan: chr(ord("A") + n % 26) + (str(n // 26 + 1) if n >= 26 else "")
        for n, fan in enumerate(fans)
    }


def kinds(tie: Tie) -> str:
    """Return what two accounts share, in words."""
    return ", ".join(_(KINDS.get(kind, kind)) for kind in tie.kinds)


def picture(group: Group, number: int) -> Markup:
    """Return the group as a graph: accounts on a circle, a line for each link."""
    known = names(group.fans)
    shown = group.fans[:MOST_DOTS]
    at = _places(shown)
    ties = [tie for tie in group.ties if tie.one in at and tie.other in at]
    parts = [_line(at[tie.one], at[tie.other], tie.weight) for tie in ties]
    if len(ties) <= MOST_LABELS:
        parts += [_label(at[tie.one], at[tie.other], tie) for tie in ties]
    parts += [_dot(at[fan], known[fan]) for fan in shown]
    title = ngettext(
        "Group {number}: {count} linked account",
        "Group {number}: {count} linked accounts",
        len(group.fans),
        number=number,
    )
    told = _told(group, known)
    return Markup(  # noqa: S704 - numbers of ours, and texts that are escaped
        f'<svg class="chart graph" role="img" aria-labelledby="gt{number} gd{number}"'
        f' viewBox="{-MARGIN} 0 {SIZE + 2 * MARGIN} {SIZE}">'
        f'<title id="gt{number}">{escape(title)}</title>'
        f'<desc id="gd{number}">{escape(told)}</desc>{"".join(parts)}</svg>'
    )


def _told(group: Group, known: Mapping[str, str]) -> str:
    ties = [t for t in group.ties if t.one in known and t.other in known][:MOST_LABELS]
    return "; ".join(f"{known[t.one]}–{known[t.other]}: {kinds(t)}" for t in ties)


def _places(fans: Sequence[str]) -> dict[str, tuple[float, float]]:
    around = SIZE / 2 - 2.2 * DOT
    turn = 2 * math.pi / max(len(fans), 1)
    return {
        fan: (
            SIZE / 2 + around * math.sin(n * turn),
            SIZE / 2 - around * math.cos(n * turn),
        )
        for n, fan in enumerate(fans)
    }


def _line(one: tuple[float, float], other: tuple[float, float], weight: float) -> str:
    return (
        f'<line x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{other[0]:.1f}" y2="{other[1]:.1f}"'
        f' stroke-width="{1 + 2 * min(weight, 2):.1f}"/>'
    )


def _label(one: tuple[float, float], other: tuple[float, float], tie: Tie) -> str:
    # Not in the middle, where the lines across the circle meet.
    x, y = (one[0] * 0.62 + other[0] * 0.38), (one[1] * 0.62 + other[1] * 0.38)
    text = escape(f"{', '.join(_(kind) for kind in tie.kinds)} {tie.weight:.2f}")
    return f'<text class="s" x="{x:.1f}" y="{y:.1f}">{text}</text>'


def _dot(at: tuple[float, float], name: str) -> str:
    return (
        f'<circle class="a" cx="{at[0]:.1f}" cy="{at[1]:.1f}" r="{DOT}"/>'
        f'<text class="name" x="{at[0]:.1f}" y="{at[1] + 5:.1f}">{escape(name)}</text>'
    )
