"""What is printed: the scores as CSV, the figures as text or as JSON values."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import IO, Any

from fairness.screening.offline.figures import auc_bounds
from fairness.screening.offline.fitting import Fitted, Quality
from fairness.screening.offline.judging import Scored

# A spreadsheet would run such a name: a sign of a formula, and what only a formula has.
_FORMULA = re.compile(r"[=+\-@].*[(|!,;\"' ]")


def write(scored: Sequence[Scored], file: IO[str]) -> None:
    """Write actor,score,verdict,reasons to `file`, whoever is most like a machine first."""
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(("actor", "score", "verdict", "reasons"))
    for one in sorted(scored, key=lambda one: -one.score):
        rows.writerow((_safe(one.actor), f"{one.score:.6f}", one.verdict, one.reasons()))


def figures(found: Fitted) -> dict[str, Any]:
    """Return the figures as plain JSON values; shares are from 0 to 1."""
    return {
        "machines": found.machines,
        "people": found.people,
        "fitted": _values(found.quality, found),
        "label_free": _values(found.label_free, found),
    }


def text(found: Fitted) -> list[str]:
    """Return the figures as lines to read."""
    told = [f"{found.machines} machines, {found.people} people; bounds hold in 95 of 100 cases"]
    for name, quality in (
        ("fitted (cross-validated)", found.quality), ("label-free", found.label_free),
    ):  # fmt: skip
        low, high = auc_bounds(quality.auc, found.machines, found.people)
        told.append(f"{name}: AUC {quality.auc:.4f} ({low:.4f} to {high:.4f})")
        for one in quality.recalls:
            low, high = one.bounds()
            told.append(
                f"  recall at {one.budget:.1%} false positives: {one.share():.4f} "
                f"({low:.4f} to {high:.4f}); {one.caught} of {one.machines} machines, "
                f"{one.stopped} of {one.people} people"
            )
    return told


def _values(quality: Quality, found: Fitted) -> dict[str, Any]:
    return {
        "auc": quality.auc,
        "auc_bounds": list(auc_bounds(quality.auc, found.machines, found.people)),
        "recall": [
            {
                "false_positives": one.budget,
                "recall": one.share(),
                "bounds": list(one.bounds()),
                "caught": one.caught,
                "stopped": one.stopped,
            }
            for one in quality.recalls
        ],
    }


def _safe(name: str) -> str:
    """Return `name` on one line and harmless in a spreadsheet; ordinary names stay as they are."""
    plain = "".join(sign if sign.isprintable() else "\ufffd" for sign in name)
    return f"'{plain}" if _FORMULA.match(plain) else plain
