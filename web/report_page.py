"""The public fairness report of a sale as a page; its figures are a file beside the log."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from fairness import report
from fairness.ledger.tiles import Folder
from web import facts, report_charts
from web.access import Access, door
from web.texts import _
from workers.settings import settings

bp = Blueprint("report", __name__, url_prefix="/sales/<id:sale_id>/line")


@bp.get("/report")
@door(Access.PUBLIC)
def page(sale_id: str) -> ResponseReturnValue:
    """Show what became of the sale, as its public entries tell it."""
    known = facts.of_public_sale(sale_id)
    text = Folder(settings().ledger_folder).read(report.name(sale_id))
    found: dict[str, Any] | None = json.loads(text) if text else None
    return render_template(
        "report.html",
        facts=known,
        sale_id=sale_id,
        report=found,
        file=f"/ledger/{report.name(sale_id)}",
        funnel=_funnel(found) if found else [],
        waits=_waits(found) if found else [],
        charts=_charts(found) if found else {},
    )


def _funnel(found: dict[str, Any]) -> list[tuple[str, int]]:
    fans = found["fans"]
    words = {
        "joined": _("Joined"),
        "merged": _("Shared a place"),
        "placed": _("Got a place"),
        "called": _("Were called"),
        "bought": _("Bought"),
    }
    return [(word, fans[name]) for name, word in words.items()]


def _waits(found: dict[str, Any]) -> list[tuple[str, int]]:
    """Return the histogram's rows, without the empty ones at its end."""
    rows, lower = list[tuple[str, int]](), 0
    for upper, count in found["waiting_s"]["histogram"]:
        label = f"{_length(lower)}–{_length(upper)}" if upper else f"> {_length(lower)}"
        rows.append((label, count))
        lower = upper or lower
    while rows and not rows[-1][1]:
        rows.pop()
    return rows


def _charts(found: dict[str, Any]) -> dict[str, Markup]:
    tenths = found["fairness"]["opening_draw"]["early_tenths"]
    charts = {
        "funnel": report_charts.bars(_("How many fans came how far"), _funnel(found)),
        "waits": report_charts.bars(_("How long the called had waited"), _waits(found)),
    }
    if tenths:
        charts["draw"] = report_charts.columns(
            _("Mean place of each tenth of the early arrivals; the line is the middle"),
            [(str(n), mean) for n, mean in enumerate(tenths, 1)],
            top=1.0,
            line=0.5,
        )
    return charts


def _length(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 3_600 else f"{seconds // 3_600} h"
