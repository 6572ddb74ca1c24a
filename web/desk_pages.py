"""The desk's pages: suspects with reasons and links, what to decide, and how to take it back."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.sales.desk import REASONS
from fairness.clock import now_us
from fairness.screening.offline.figures import clopper_pearson
from web import bodies, desk_graph, desk_service, facts, reading
from web.access import Access, door
from web.forms import again_on

bp = Blueprint("desk", __name__, url_prefix="/organiser/sales/<id:sale_id>/desk")
MOST = 50  # groups and single fans on the page; the API has all


@bp.get("")
@door(Access.ORGANISER)
def page(sale_id: str) -> ResponseReturnValue:
    """Show suspects, decisions, and how the screening does."""
    view, known = desk_service.view(sale_id), facts.of_sale(sale_id)
    waiting = [one for one in _all(view) if one.appeal and one.appeal.state == "open"]
    return render_template(
        "organiser/desk.html",
        facts=known,
        sale=known.sale,
        view=view,
        graphs=[
            (cluster, desk_graph.names(cluster.group.fans), desk_graph.picture(cluster.group, n))
            for n, cluster in enumerate(view.clusters[:MOST], 1)
        ],
        kinds=desk_graph.kinds,
        waiting=sorted(waiting, key=lambda one: one.appeal.created_us if one.appeal else 0),
        minutes=lambda at_us: (now_us() - at_us) // 60_000_000,
        precision=[(one, *clopper_pearson(one.right, one.cases)) for one in view.learned],
        reasons=REASONS,
        most=MOST,
    )


@bp.post("/decide")
@door(Access.ORGANISER)
@again_on(page)
def decide(sale_id: str) -> ResponseReturnValue:
    """Decide about one fan or several."""
    fields = {
        "act": request.form.get("act", ""),
        "reason": request.form.get("reason", ""),
        "fans": request.form.getlist("fans"),
    }
    desk_service.decide(sale_id, reading.checked(bodies.DeskAct, fields))
    return redirect(f"/organiser/sales/{sale_id}/desk#decisions", 303)


@bp.post("/undo/<id:choice_id>")
@door(Access.ORGANISER)
@again_on(page)
def undo(sale_id: str, choice_id: str) -> ResponseReturnValue:
    """Take a decision back."""
    desk_service.undo(sale_id, choice_id)
    return redirect(f"/organiser/sales/{sale_id}/desk#decisions", 303)


def _all(view: desk_service.View) -> list[desk_service.Suspect]:
    return [*(one for c in view.clusters for one in c.suspects), *view.singles]
