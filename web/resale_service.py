"""Reports that a ticket was seen on offer above its price, for the organiser's page and the API."""

from __future__ import annotations

from boxoffice.resales.model import ResaleReport
from fairness.clock import now_us
from web import organiser_service, services


def of_sale(sale_id: str) -> list[ResaleReport]:
    """Return the reports of the organiser's sale, the newest first; NotFound, Forbidden."""
    organiser_service.own_sale(sale_id)
    return services.resales().of_sale(sale_id)


def standing(sale_id: str) -> dict[str, ResaleReport]:
    """Return order -> its report, for the orders of the organiser's sale that have one now."""
    return {one.order_id: one for one in of_sale(sale_id) if one.stands}


def report(order_id: str, reason: str) -> ResaleReport:
    """Keep that a ticket of the order was seen on offer above its price; twice is once. Logged."""
    return services.resales().report(order_id, reason, organiser_service.me(), now_us())


def undo(order_id: str) -> ResaleReport:
    """Take the report of the order back; twice is once. Logged."""
    return services.resales().undo(order_id, organiser_service.me(), now_us())
