"""Seats as the shop shows them: the plan from memory, what is taken from the cache."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from boxoffice.catalogue.plan import Seat
from boxoffice.sales.model import Price
from fairness.clock import SECOND, iso
from web import facts, services
from web.answers import SaleAnswer

FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A seat on sale, its price, and whether it can be had."""

    seat: Seat
    price: Price
    free: bool


def offers(sale_id: str) -> list[Offer]:
    """Return every seat of the sale that has a price, in the order of the plan."""
    known = facts.of_public_sale(sale_id)
    taken: Mapping[str, str] = services.stock(sale_id).taken()
    prices = known.sale.prices
    return [
        Offer(seat, prices[seat.category], seat.seat_id not in taken)
        for seat in known.plan().seats
        if seat.category in prices
    ]


def seats_json(sale_id: str) -> bytes:
    """Return the seats as the API shows them, made at most once a second in this process."""
    return _seats_json(sale_id, int(time.monotonic() / FRESH_S))


def sale_document(sale_id: str) -> SaleAnswer:
    """Return a sale as the API shows it."""
    known = facts.of_public_sale(sale_id)
    sale, manifest = known.sale, known.sale.manifest
    return {
        "sale_id": sale.sale_id,
        "event_id": sale.event_id,
        "performance_id": sale.performance_id,
        "title": known.event.title,
        "state": sale.state,
        "message": sale.message,
        "opens_at": iso(manifest.opens_at_us),
        "starts_at": iso(manifest.starts_at_us),
        "ends_at": iso(manifest.ends_at_us),
        "currency": sale.currency,
        "prices": [
            {"category": category, "tier": price.tier, "cents": price.cents}
            for category, price in sale.prices.items()
        ],
        "limit_per_person": manifest.limit_per_person,
        "turn_s": manifest.turn_us // SECOND,
        "hold_s": manifest.hold_us // SECOND,
        "rules": manifest.to_entry(),
    }


@lru_cache(maxsize=64)
def _seats_json(sale_id: str, _second: int) -> bytes:
    known = facts.of_public_sale(sale_id)
    seats = [
        {
            "seat_id": offer.seat.seat_id,
            "zone": offer.seat.zone,
            "row": offer.seat.row,
            "number": offer.seat.number,
            "x": offer.seat.x,
            "y": offer.seat.y,
            "tier": offer.price.tier,
            "cents": offer.price.cents,
            "state": "free" if offer.free else "taken",
        }
        for offer in offers(sale_id)
    ]
    document = {"sale_id": sale_id, "currency": known.sale.currency, "seats": seats}
    return json.dumps(document, separators=(",", ":")).encode()
