"""The API of reports of resale: the same as on the page of a sale's orders."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from boxoffice.resales.model import LONGEST, ResaleReport
from fairness.clock import iso
from web import resale_service
from web.access import Access, door
from web.bodies import Body

bp = Blueprint("resale_api", __name__, url_prefix="/api/v1/organiser")


class SeenOnOffer(Body):
    """Where a ticket was seen on offer, and for how much; only the organiser reads it."""

    reason: Annotated[str, Field(min_length=1, max_length=LONGEST)]


class ReportMade(TypedDict):
    """One report; `undone_at` says when it was taken back."""

    order_id: str
    reason: str  # empty once the books are closed
    made_at: str
    undone_at: str | None


class ReportsAnswer(TypedDict):
    """The reports of a sale, the newest first."""

    reports: list[ReportMade]


@bp.get("/sales/<id:sale_id>/resales")
@door(Access.ORGANISER, answer=ReportsAnswer)
def see(sale_id: str) -> ResponseReturnValue:
    """Give what was reported about the sale's orders, also what was taken back."""
    return {"reports": [_made(one) for one in resale_service.of_sale(sale_id)]}


@bp.put("/orders/<id:order_id>/resale")
@door(Access.ORGANISER, body=SeenOnOffer, answer=ReportMade)
def report(order_id: str, body: SeenOnOffer) -> ResponseReturnValue:
    """Report that a ticket of this order was seen on offer above its price; twice is once.

    The order stays as it is. It counts weakly for the account in later sales.
    """
    return dict(_made(resale_service.report(order_id, body.reason)))


@bp.delete("/orders/<id:order_id>/resale")
@door(Access.ORGANISER, answer=ReportMade)
def undo(order_id: str) -> ResponseReturnValue:
    """Take the report of this order back, until the books are closed; twice is once."""
    return dict(_made(resale_service.undo(order_id)))


def _made(one: ResaleReport) -> ReportMade:
    return {
        "order_id": one.order_id,
        "reason": one.words,
        "made_at": iso(one.made_us),
        "undone_at": iso(one.undone_us) if one.undone_us else None,
    }
