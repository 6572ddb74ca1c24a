"""The shop: the map of the hall, the list of seats, the best available."""

from __future__ import annotations

from itertools import groupby

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from web import (
    bodies,
    facts,
    line_service,
    order_service,
    reading,
    seat_map,
    seats_service,
    services,
)
from web.access import Access, door
from web.auth import PASS_COOKIE
from web.forms import again_on

bp = Blueprint("shop", __name__, url_prefix="/sales/<id:sale_id>/shop")


@bp.get("")
@door(Access.PASS)
def page(sale_id: str) -> ResponseReturnValue:
    """Show the seats and their full prices, for as long as the turn lasts."""
    known = facts.of_sale(sale_id)
    offers = seats_service.offers(sale_id)
    zones = [
        (zone, [(row, list(seats)) for row, seats in groupby(rows, lambda o: o.seat.row)])
        for zone, rows in groupby(offers, lambda o: o.seat.zone)
    ]
    tiers = {tier: n for n, tier in enumerate(known.sale.tiers)}
    left = {tier: sum(o.free for o in offers if o.price.tier == tier) for tier in known.sale.tiers}
    return render_template(
        "shop.html",
        facts=known,
        sale=known.sale,
        zones=zones,
        left=left,
        tiers=tiers,
        shapes=seat_map.shapes(known.plan()),
        areas=seat_map.areas(offers, tiers),
        offers_view=any(offer.seat.view for offer in offers),
        needs=any(offer.seat.need == "accessible" for offer in offers),
        turn=g.turn,
        limit=known.sale.manifest.limit_per_person,
    )


@bp.post("/seats")
@door(Access.PASS)
@again_on(page)
def take_seats(sale_id: str) -> ResponseReturnValue:
    """Ask for the seats that were chosen."""
    wish = reading.checked(bodies.NewOrder, {"seats": request.form.getlist("seats")})
    return _ordered(sale_id, wish)


@bp.post("/best")
@door(Access.PASS)
@again_on(page)
def take_best(sale_id: str) -> ResponseReturnValue:
    """Ask for the best seats together."""
    wish = reading.form(bodies.BestForm)
    return _ordered(sale_id, bodies.NewOrder(best=wish.best()))


@bp.post("/leave")
@door(Access.FAN)
def leave(sale_id: str) -> ResponseReturnValue:
    """Leave the shop, so that the next fan can go in."""
    services.line(sale_id).finish(line_service.fan(sale_id), "left")
    response = redirect(f"/sales/{sale_id}/line", 303)
    response.delete_cookie(PASS_COOKIE, path=f"/sales/{sale_id}/")
    return response


def _ordered(sale_id: str, wish: bodies.NewOrder) -> ResponseReturnValue:
    order_id = order_service.ask(sale_id, wish, g.turn, request.form.get("key"))["order_id"]
    return redirect(f"/orders/{order_id}", 303)
