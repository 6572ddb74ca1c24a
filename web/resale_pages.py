"""What an organiser does about resale on the page of a sale's orders."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from web import aftersale_pages, organiser_service, reading, resale_service
from web.access import Access, door
from web.forms import again_on
from web.resale_api import SeenOnOffer

bp = Blueprint("resales", __name__, url_prefix="/organiser/sales/<id:sale_id>/orders")


@bp.post("/<id:order_id>/resale")
@door(Access.ORGANISER)
@again_on(aftersale_pages.orders)
def report(sale_id: str, order_id: str) -> ResponseReturnValue:
    """Keep that a ticket of the order was seen on offer above its price."""
    organiser_service.own_sale(sale_id)
    resale_service.report(order_id, reading.form(SeenOnOffer).reason)
    return _back(sale_id, order_id)


@bp.post("/<id:order_id>/resale/undo")
@door(Access.ORGANISER)
@again_on(aftersale_pages.orders)
def undo(sale_id: str, order_id: str) -> ResponseReturnValue:
    """Take the report of the order back."""
    organiser_service.own_sale(sale_id)
    resale_service.undo(order_id)
    return _back(sale_id, order_id)


def _back(sale_id: str, order_id: str) -> ResponseReturnValue:
    """Lead back to the order, found as it was found."""
    asked = f"?{urlencode(request.args)}" if request.args else ""
    return redirect(f"/organiser/sales/{sale_id}/orders{asked}#{order_id}", 303)
