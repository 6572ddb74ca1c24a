"""Where payments are kept: PAYMENTS, one item per order, under the order's id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace

from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.payments.model import Charge, Payment
from boxoffice.tables import PAYMENTS

MANY = 100  # writes in one transaction


class PaymentStore:
    """Reads and conditional writes of PAYMENTS."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, order_id: str) -> Payment | None:
        """Return the payment of an order, as it is now."""
        item = self._db.get(PAYMENTS, payment_id=order_id)
        return Payment.of(item) if item else None

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Payment]:
        """Return the payments of those orders that have one, by order id."""
        keys = [{"payment_id": order_id} for order_id in order_ids]
        return {i["order_id"]: Payment.of(i) for i in self._db.get_many(PAYMENTS, keys)}

    def begin(self, payment: Payment) -> None:
        """Write a new attempt; ConditionFailed when this attempt was begun already."""
        self._db.write(self._begin_(payment))

    def begin_all(self, payments: Sequence[Payment]) -> list[Payment]:
        """Write new attempts, 100 at a time; return those that were not begun already.

        Unavailable when nobody can say which were.
        """
        begun: list[Payment] = []
        for start in range(0, len(payments), MANY):
            begun += self._begin_some(payments[start : start + MANY])
        return begun

    def _begin_some(self, payments: Sequence[Payment]) -> Sequence[Payment]:
        while payments:
            try:
                self._db.transact([self._begin_(payment) for payment in payments])
                break
            except ConditionFailed as refused:
                others = set(refused.failed)
                payments = [p for n, p in enumerate(payments) if n not in others]
        return payments

    def settle(self, payment: Payment, charge: Charge, now_us: int) -> Payment:
        """Write what became of this attempt and return the payment as it then is."""
        settled = charged(payment, charge, now_us)
        try:
            self._db.write(self.settle_(settled))
        except ConditionFailed:  # someone settled this attempt before
            return self.get(payment.order_id) or settled
        return settled

    def settle_(self, settled: Payment) -> Write:
        """Return the write of what became of an attempt; it fails when that is written already."""
        return self._db.update_(
            PAYMENTS,
            {"payment_id": settled.payment_id},
            "SET #state = :state, charge_id = :charge, fingerprint = :print, "
            "reason = :reason, changed_us = :now",
            # Only forward: pending, then charged or declined; charged, then refunded.
            "attempt = :attempt AND #state IN (:pending, :before)",
            {"#state": "state"},
            state=settled.state,
            charge=settled.charge_id,
            print=settled.fingerprint,
            reason=settled.reason,
            now=settled.changed_us,
            attempt=settled.attempt,
            pending="pending",
            before="charged" if settled.state == "refunded" else "pending",
        )

    def _begin_(self, payment: Payment) -> Write:
        absent = "attribute_not_exists(payment_id) OR attempt < :attempt"
        return self._db.put_(PAYMENTS, asdict(payment), absent, attempt=payment.attempt)


def charged(payment: Payment, charge: Charge, now_us: int) -> Payment:
    """Return the payment as it is after the provider's answer."""
    return replace(
        payment,
        state=charge.status,
        charge_id=charge.charge_id,
        fingerprint=charge.fingerprint,
        reason=charge.reason,
        changed_us=now_us,
    )
