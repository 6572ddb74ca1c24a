"""A past sale screened again, as the code, its weights and its tables are today; only to compare.

The public log gives the order of what happened: windows, orders, and what a person decided in
between. The sealed rows give what screening saw of each window, and the orders what they came with.
Nothing is changed: the store that is worked in is the caller's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis import Redis

from boxoffice.orders.model import Order
from boxoffice.sales.archive import Archive, Past
from boxoffice.sales.desk import Desk, precision
from boxoffice.sales.model import Sale
from fairness.errors import NotFound
from fairness.ledger import recompute
from fairness.ledger.entries import Entry, commitment
from fairness.screening import calibration, facts
from fairness.screening.again.comparing import Comparison
from fairness.screening.again.replaying import Replay
from fairness.screening.again.rows import Found
from fairness.screening.bonds import Attribute
from fairness.screening.linking import Entry as Linked
from fairness.screening.model import MERGE, Account, Visit
from fairness.screening.tables import Tables
from fairness.screening.version import version
from fairness.screening.window import Knowledge, faults
from workers import clients
from workers.settings import settings


@dataclass(slots=True)
class Again:
    """The comparison, and what it was made with."""

    sale_id: str
    version: str  # today's, with the weights that were used
    tables: str
    compared: Comparison = field(default_factory=Comparison)
    other_tables: int = 0  # windows that were judged with other tables
    logged_otherwise: list[str] = field(default_factory=list)  # fans: the rows against the log
    not_kept: int = 0  # windows in the log of which no rows were kept
    faults: dict[str, int] = field(default_factory=dict)  # of today's rules

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain JSON values."""
        return {
            "sale": self.sale_id,
            "version": self.version,
            "tables": self.tables,
            "windows_with_other_tables": self.other_tables,
            "windows_not_kept": self.not_kept,
            "logged_otherwise": self.logged_otherwise,
            "faults": self.faults,
            **self.compared.to_dict(),
        }


def learned(sale_id: str) -> dict[str, int]:
    """Return rule -> thousandths of its weight, as the organiser's next sale would have them."""
    organiser_id, desk = clients.sales().get(sale_id).organiser_id, Desk(clients.database())
    sales = clients.sales().of_organiser(organiser_id)
    return calibration.of(precision([one for s in sales for one in desk.of_sale(s.sale_id)]))


def screen(sale_id: str, redis: Redis, weights: Mapping[str, int] | None = None) -> Again:
    """Screen the sale's logged windows once more, in the empty store `redis`, and compare.

    `weights` are those of the sale's rules unless they are given. NotFound when there is no such
    sale, its books are closed, or nothing of it was kept.
    """
    sale = clients.sales().get(sale_id)
    tables = clients.screening_tables().current()
    used = sale.manifest.rule_weights_milli if weights is None else weights
    again = Again(sale_id, version(used), tables.name)
    past = {one.number: one for one in Archive(clients.database(), sale).windows()}
    if not past:
        raise NotFound(
            "nothing is kept of what this sale was screened by",
            field="sale",
            value=sale_id,
            rule="a sale with windows that this release, or a later one, has screened",
            remedy="its verdicts are in the public log: fairticket audit explain",
        )
    known = Knowledge(tables, settings().pepper, sale.manifest.opens_at_us, weights=used)
    Retelling(sale, past, Replay(redis, sale.manifest, known), again).tell()
    again.faults = faults(redis, sale_id)
    return again


class Retelling:
    """Takes a sale's entries in the order of the log, and screens each window where it stands."""

    def __init__(self, sale: Sale, past: Mapping[int, Past], replay: Replay, again: Again) -> None:
        self._sale = sale
        self._past = past
        self._replay = replay
        self._again = again
        orders = clients.orders().of_sale(sale.sale_id)
        self._orders = {commitment(order.order_id): order for order in orders}
        paid = clients.payments().of_orders([order.order_id for order in orders])
        self._prints = {payment.order_id: payment.fingerprint for payment in paid}
        self._logged: dict[int, dict[str, tuple[str, list[str]]]] = {}

    def tell(self) -> None:
        """Go through the public log."""
        for entry in recompute.published(settings().ledger_folder):
            if entry["sale"] == self._sale.sale_id:
                self._take(entry)

    def _take(self, entry: Entry) -> None:
        match entry["type"]:
            case "verdict" if entry["window"] is not None:
                told = (entry["verdict"], entry["rules"])
                self._logged.setdefault(entry["window"], {})[entry["fan"]] = told
            case "merges":
                merged = {fan: (MERGE, list[str]()) for fan, _ in entry["fans"]}
                self._logged.setdefault(entry["window"], {}).update(merged)
            case "window":
                self._window(entry["window"])
            case "united":
                self._replay.unite(entry["fans"])
            case "parted":
                self._replay.part([fan for fan, _ in entry["fans"]])
            case "seats_held" | "seats_sold":
                self._order(self._orders.get(entry["order"]), paid=entry["type"] == "seats_sold")

    def _window(self, number: int) -> None:
        past, again = self._past.get(number), self._again
        logged = self._logged.pop(number, {})
        if past is None:
            again.not_kept += 1
            return
        again.other_tables += past.head.tables != again.tables
        again.logged_otherwise += _otherwise(past.judged, logged)
        now = self._replay.window(number, past.arrivals, past.gone, past.seen)
        fans = [fan for fan, _ in past.arrivals]
        again.compared.take(number, past.head.version, fans, past.judged, now)

    def _order(self, order: Order | None, *, paid: bool) -> None:
        """Link the sender of an order by what it came with, or by the card that it is paid with."""
        if order is None:
            return
        marks = _card_of(self._prints.get(order.order_id, "")) if paid else order.marks
        if marks:
            self._replay.link([Linked(order.fan, 0, marks)])


def _card_of(fingerprint: str) -> tuple[Attribute, ...]:
    cards = (fingerprint,) if fingerprint else ()
    found = facts.of(Visit(""), Account(cards=cards), Tables((), frozenset()), settings().pepper)
    return found.entry().attributes


def _otherwise(
    judged: Mapping[str, Found], logged: Mapping[str, tuple[str, Sequence[str]]]
) -> list[str]:
    """Return the fans about whom the rows say something else than the log."""
    kept = {
        fan: (found.verdict, [] if found.verdict == MERGE else [rule for rule, _ in found.findings])
        for fan, found in judged.items()
    }
    told = {fan: said for fan, said in logged.items() if said != kept.get(fan)}
    silent = [fan for fan, (verdict, _) in kept.items() if verdict != "admit" and fan not in logged]
    return sorted({*told, *silent})
