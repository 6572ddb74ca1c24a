"""The organiser's page of paid orders whose tickets wait for a look."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from boxoffice.reviews.model import REASONS, UNDO_US
from fairness.clock import SECOND, now_us
from web import bodies, facts, reading, review_service
from web.access import Access, door
from web.forms import again_on

bp = Blueprint("reviews", __name__, url_prefix="/organiser/sales/<id:sale_id>/reviews")
MOST = 50  # groups and decisions on the page; the API has all


@bp.get("")
@door(Access.ORGANISER)
def page(sale_id: str) -> ResponseReturnValue:
    """Show which orders wait, and what was decided."""
    view, known = review_service.view(sale_id), facts.of_sale(sale_id)
    return render_template(
        "organiser/reviews.html",
        facts=known,
        sale=known.sale,
        view=view,
        names=known.plan().by_id,
        reasons=REASONS,
        undo_s=UNDO_US // SECOND,
        now_us=now_us(),
        most=MOST,
    )


@bp.post("/decide")
@door(Access.ORGANISER)
@again_on(page)
def decide(sale_id: str) -> ResponseReturnValue:
    """Give orders their tickets, or their money back."""
    fields = {
        "act": request.form.get("act", ""),
        "reason": request.form.get("reason", ""),
        "orders": request.form.getlist("orders"),
    }
    review_service.decide(sale_id, reading.checked(bodies.ReviewAct, fields))
    return redirect(f"/organiser/sales/{sale_id}/reviews#decisions", 303)


@bp.post("/undo/<id:review_id>")
@door(Access.ORGANISER)
@again_on(page)
def undo(sale_id: str, review_id: str) -> ResponseReturnValue:
    """Take a decision back."""
    review_service.undo(sale_id, review_id)
    return redirect(f"/organiser/sales/{sale_id}/reviews", 303)


@bp.post("/look")
@door(Access.ORGANISER)
@again_on(page)
def look(sale_id: str) -> ResponseReturnValue:
    """Look over all orders now."""
    review_service.look(sale_id)
    return redirect(f"/organiser/sales/{sale_id}/reviews", 303)
