"""What is drawn of a hall besides its seats, as the map's script reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from boxoffice.catalogue.plan import SeatingPlan
from web.seats_service import Offer


def shapes(plan: SeatingPlan) -> str:
    """Return the plan's drawn areas as JSON."""
    drawn = [{"corners": shape.corners, "name": shape.name} for shape in plan.shapes]
    return json.dumps(drawn, separators=(",", ":"))


def areas(offers: Iterable[Offer], tiers: dict[str, int]) -> str:
    """Return the areas without numbered seats as JSON: where they are, and their free places."""
    found = dict[str, list[Offer]]()
    for offer in offers:
        if offer.seat.general:
            found.setdefault(offer.seat.zone, []).append(offer)
    drawn = [
        {
            "zone": zone,
            "free": sum(one.free for one in places),
            "tier": tiers[places[0].price.tier],
            "left": min(one.seat.x for one in places),
            "right": max(one.seat.x for one in places),
            "top": min(one.seat.y for one in places),
            "bottom": max(one.seat.y for one in places),
        }
        for zone, places in found.items()
    ]
    return json.dumps(drawn, separators=(",", ":"))
