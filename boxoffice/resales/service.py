"""The only door to reports of resale: an organiser saw a ticket on offer above its price.

A report does nothing to the order. It counts, weakly, in the history of the account that bought
it, from when the books of the sale are closed; until then it can be taken back.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from boxoffice import outbox
from boxoffice.checks import text
from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.orders import owning
from boxoffice.orders.model import Order
from boxoffice.orders.store import OrderStore
from boxoffice.resales.model import LONGEST, ResaleReport, may_be_reported
from boxoffice.sales.service import Sales
from boxoffice.tables import RESALE_REPORTS
from fairness.errors import Conflict, NotFound
from fairness.ledger import entries

NONE_STANDS = "attribute_not_exists(order_id) OR attribute_exists(undone_us)"
STANDS = "attribute_exists(order_id) AND attribute_not_exists(undone_us)"


class Resales:
    """What organisers report, one report for each order."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._orders = OrderStore(db)
        self._sales = Sales(db)

    def of_sale(self, sale_id: str) -> list[ResaleReport]:
        """Return the sale's reports, the newest first, with those that were taken back."""
        found = map(ResaleReport.of, self._db.query(RESALE_REPORTS, sale_id=sale_id))
        return sorted(found, key=lambda one: (-one.made_us, one.order_id))

    def report(self, order_id: str, words: str, by: str, now_us: int) -> ResaleReport:
        """Return the report, kept and promised to the log in one transaction; twice is once.

        NotFound; Forbidden to others than the organiser; Invalid; Conflict for an order that never
        had tickets, one that is reported in other words, and when the books are closed.
        """
        order = self._own(order_id, by)
        clean = text("reason", words, LONGEST, lines=True)
        if not may_be_reported(order):
            raise Conflict(
                f"this order is {order.state}",
                field="state",
                value=order.state,
                rule="only an order that was paid had tickets",
                remedy="look for the order that has the seat",
            )
        made = ResaleReport(order.sale_id, order_id, clean, by, now_us)
        item = {name: value for name, value in asdict(made).items() if value is not None}
        put = self._db.put_(RESALE_REPORTS, item, NONE_STANDS)
        try:
            self._logged(order, put, "report", now_us)
        except ConditionFailed:
            return self._as_before(made)
        return made

    def undo(self, order_id: str, by: str, now_us: int) -> ResaleReport:
        """Return the report, taken back and promised to the log; twice is once.

        NotFound when there is none; Forbidden; Conflict when the books are closed.
        """
        order = self._own(order_id, by)
        made = self._get(order)
        if not made.stands:
            return made
        key = {"sale_id": order.sale_id, "order_id": order_id}
        change = "SET undone_us = :now, undone_by = :by"
        mark = self._db.update_(RESALE_REPORTS, key, change, STANDS, now=now_us, by=by)
        try:
            self._logged(order, mark, "undo", now_us)
        except ConditionFailed:  # somebody else was quicker
            return self._get(order)
        return replace(made, undone_us=now_us, undone_by=by)

    def forget_words(self, sale_id: str) -> None:
        """Take out of the sale's reports what was written; that they were made stays."""
        for one in self.of_sale(sale_id):
            if one.words:
                key = {"sale_id": sale_id, "order_id": one.order_id}
                there = "attribute_exists(order_id)"
                self._db.write(
                    self._db.update_(RESALE_REPORTS, key, "SET words = :none", there, none="")
                )

    def _as_before(self, made: ResaleReport) -> ResaleReport:
        item = self._db.get(RESALE_REPORTS, sale_id=made.sale_id, order_id=made.order_id)
        before = ResaleReport.of(item) if item else None
        if before and before.stands and before.words == made.words:
            return before
        raise Conflict(
            "this order is reported already",
            field="order_id",
            value=made.order_id,
            rule="one report for each order",
            remedy="take the other report back first",
        )

    def _logged(self, order: Order, write: Write, decision: str, now_us: int) -> None:
        detail = {"decision": decision, "order": order.commitment}
        entry = entries.organiser(order.sale_id, now_us, "resale_report", detail)
        unique = f"{order.order_id}-resale-{decision}"
        self._db.transact([write, outbox.ledger_(self._db, entry, unique, now_us)])

    def _get(self, order: Order) -> ResaleReport:
        item = self._db.get(RESALE_REPORTS, sale_id=order.sale_id, order_id=order.order_id)
        if item is None:
            raise NotFound("this order is not reported", field="order_id", value=order.order_id)
        return ResaleReport.of(item)

    def _own(self, order_id: str, by: str) -> Order:
        order = owning.found(self._orders.get(order_id), order_id)
        sale = self._sales.own(order.sale_id, by)
        if not sale.key:
            raise Conflict(
                "the books of this sale are closed",
                field="order_id",
                value=order_id,
                rule="resale is reported, and a report taken back, until the books are closed",
                remedy="call the order off if its ticket must not be used",
            )
        return order
