"""What gates and their organiser do, for the API and for the pages alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from boxoffice.catalogue.model import Performance
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.gate.model import Answer, Entry, Gate, Report, Rules, Scan
from boxoffice.gate.service import PASSED_ON
from boxoffice.sales.model import Sale
from boxoffice.tickets import rotation
from boxoffice.tickets.service import ticket_id_of
from fairness.base64url import to_text
from fairness.clock import SECOND, iso, now_us
from fairness.errors import Forbidden, NotFound
from web import facts, gate_bodies, organiser_service, services
from web.texts import _
from workers.settings import settings

HOUR = 3_600 * SECOND
WORDS = {
    "in": "Come in",
    "out": "Goodbye",
    "already": "Somebody is inside with this ticket already",
    "not-inside": "Nobody is inside with this ticket",
    "annulled": "This ticket has been annulled",
    "returned": "This ticket was given back",
    "forged": "This is not a ticket of ours",
    "old": "This picture is out of date: please open the ticket itself",
    "picture": "A part of the code is missing: please open the ticket itself",
    "printed": "Printed tickets do not count here: please open the ticket on the phone",
    "other-date": "This ticket is for another date",
    "unknown": "This ticket is not on the list",
    "cannot": "This browser cannot check tickets without a network",
    "closed": "This gate is closed: ask the organiser for a new link",
}


def own_performance(performance_id: str) -> Performance:
    """Return a date of the organiser's; NotFound, Forbidden."""
    performance = services.catalogue().performance(performance_id)
    organiser_service.own_event(performance.event_id)
    return performance


def make(performance_id: str, name: str, hours: int) -> tuple[Gate, str]:
    """Return a new gate and its link; it closes `hours` after the beginning, or after now."""
    performance, now = own_performance(performance_id), now_us()
    until_us = max(performance.starts_at_us, now) + hours * HOUR
    gate, token = services.gates().make(performance_id, name, until_us, now)
    return gate, f"{settings().public_url}/gate/{performance_id}#{token}"


def close(performance_id: str, gate_id: str) -> None:
    """Close a gate of the organiser's at once."""
    own_performance(performance_id)
    services.gates().close(performance_id, gate_id, now_us())


def set_rules(performance_id: str, rules: Rules) -> None:
    """Set what the gates of a date of the organiser's accept."""
    own_performance(performance_id)
    services.gates().set_rules(performance_id, rules)


def gates(performance_id: str) -> list[Gate]:
    """Return the gates of a date of the organiser's."""
    own_performance(performance_id)
    return services.gates().gates(performance_id)


def report(performance_id: str) -> Report:
    """Return what the gates of a date of the organiser's saw."""
    own_performance(performance_id)
    return services.gates().report(performance_id)


def annul(ticket_id: str, because: str) -> None:
    """Annul a ticket of a sale of the organiser's; NotFound, Forbidden, Conflict."""
    ticket = services.gates().ticket(ticket_id)
    organiser_service.own_sale(ticket.sale_id)
    services.gates().annul(ticket, because)


def sale_of(performance_id: str) -> Sale:
    """Return the sale of a performance; NotFound while it has none."""
    sale = services.sales().of_performances([performance_id]).get(performance_id)
    if sale is None:
        raise NotFound(
            "no tickets of this date were on sale", field="performance_id", value=performance_id
        )
    return sale


def check(performance_id: str, body: gate_bodies.Shown) -> dict[str, Any]:
    """Answer the gate that asks about a code."""
    gate: Gate = g.gate
    sale = sale_of(performance_id)
    found = services.gates().check(gate, sale.sale_id, body.code, body.way, body.scan_id, now_us())
    return answer_document(found, facts.of_sale(sale.sale_id).plan())


def merge(performance_id: str, body: gate_bodies.Merged) -> dict[str, Any]:
    """Take in what the gate that asks decided without a network."""
    gate: Gate = g.gate
    latest = now_us()  # a clock that runs ahead must not hold up what a gate saw
    plan = facts.of_sale(sale_of(performance_id).sale_id).plan()
    taken = services.gates()
    answers = [
        {
            "scan_id": scan.scan_id,
            **answer_document(
                taken.merge(gate, scan.ticket_id, scan.scan_id, scan.way, min(scan.at_us, latest)),
                plan,
            ),
        }
        for scan in body.scans
    ]
    return {"answers": answers}


def answer_document(answer: Answer, plan: SeatingPlan) -> dict[str, Any]:
    """Return an answer as the API gives it."""
    return {
        "yes": answer.yes,
        "reason": answer.reason,
        "words": _(WORDS[answer.reason]),
        "because": answer.because,
        "ticket_id": answer.ticket_id,
        "seat": seat_words(plan, answer.seat_id),
        "other": scan_document(answer.other) if answer.other else None,
    }


def scan_document(scan: Scan) -> dict[str, Any]:
    """Return a scan as the API gives it."""
    return {"gate": scan.gate, "way": scan.way, "at_us": scan.at_us, "at": iso(scan.at_us)}


def seat_words(plan: SeatingPlan, seat_id: str) -> str:
    """Return what people call a seat."""
    seat = plan.by_id.get(seat_id)
    return f"{seat.zone} · {seat.row} · {seat.number}" if seat else seat_id


def bundle(performance_id: str) -> dict[str, Any]:
    """Return all that the gate that asks needs to work without a network."""
    gate: Gate = g.gate
    now = now_us()
    known = facts.of_sale(sale_of(performance_id).sale_id)
    rules, codes = services.gates().rules(performance_id), services.tickets().codes
    entries = services.gates().entries(performance_id)
    return {
        "performance_id": performance_id,
        "sale_id": known.sale.sale_id,
        "about": known.about,
        "gate": gate.name,
        "now_us": now,
        "until_us": gate.until_us,
        "public_key": to_text(codes.public_key),
        "rotation_key": to_text(codes.gate_key(performance_id)),
        "step_s": rotation.STEP_S,
        "slack": rotation.SLACK,
        "printed": rules.printed,
        "tickets": _tickets(known, rules.names, now),
        "entries": {id_: scan_document(e.last) for id_, e in entries.items() if e.last},
        "annulled": _annulled(known.sale.sale_id, entries),
    }


def _annulled(sale_id: str, entries: Mapping[str, Entry]) -> dict[str, str]:
    """Return ticket -> why it lets nobody in any more: annulled, or a friend has a new one."""
    passed = {one.ticket_id: PASSED_ON for one in services.transfers().passed_on(sale_id)}
    return passed | {id_: e.annulled for id_, e in entries.items() if e.annulled is not None}


def entry_document(entry: Entry) -> dict[str, Any]:
    """Return what the gates saw of a ticket."""
    return {
        "ticket_id": entry.ticket_id,
        "scans": [{**scan_document(scan), "state": scan.state} for scan in entry.scans],
    }


def _tickets(known: facts.Facts, names: bool, now: int) -> dict[str, list[str]]:
    """Return ticket -> seat and, where the organiser wants it, holder. Two queries at most."""
    sale_id, plan = known.sale.sale_id, known.plan()
    holders = _holders(sale_id) if names else {}
    return {
        ticket_id_of(seat.order_id, seat.seat_id): [
            seat_words(plan, seat.seat_id),
            *([holders[seat.order_id]] if seat.order_id in holders else []),
        ]
        for seat in services.inventory().seats(sale_id, now)
        if seat.state == "sold" and seat.order_id
    }


def _holders(sale_id: str) -> dict[str, str]:
    owners = {order.order_id: order.account_id for order in services.orders().of_sale(sale_id)}
    accounts = services.accounts().get_many(list(set(owners.values())))
    return {order: accounts[owner].name for order, owner in owners.items() if owner in accounts}


def may_print(performance_id: str) -> None:
    """Return when printed tickets are accepted; Forbidden when the organiser takes none."""
    if not services.gates().rules(performance_id).printed:
        raise Forbidden(
            "printed tickets are not accepted at this event",
            rule="the organiser accepts tickets on a phone only",
            remedy="open the ticket's page on your phone; the desk helps who has none",
        )
