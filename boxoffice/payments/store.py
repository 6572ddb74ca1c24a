"""Where payments are kept: PAYMENTS, one item per order, under the order's id."""

from __future__ import annotations

from dataclasses import asdict, replace

from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.payments.model import Charge, Payment
from boxoffice.tables import PAYMENTS


class PaymentStore:
    """Reads and conditional writes of PAYMENTS."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, order_id: str) -> Payment | None:
        """Return the payment of an order, as it is now."""
        item = self._db.get(PAYMENTS, payment_id=order_id)
        return Payment.of(item) if item else None

    def begin(self, payment: Payment) -> None:
        """Write a new attempt; ConditionFailed when this attempt was begun already."""
        self._db.write(
            self._db.put_(
                PAYMENTS,
                asdict(payment),
                "attribute_not_exists(payment_id) OR attempt < :attempt",
                attempt=payment.attempt,
            )
        )

    def settle(self, payment: Payment, charge: Charge, now_us: int) -> Payment:
        """Write what became of this attempt and return the payment as it then is."""
        settled = replace(
            payment,
            state=charge.status,
            charge_id=charge.charge_id,
            fingerprint=charge.fingerprint,
            reason=charge.reason,
            changed_us=now_us,
        )
        write = self._db.update_(
            PAYMENTS,
            {"payment_id": payment.payment_id},
            "SET #state = :state, charge_id = :charge, fingerprint = :print, "
            "reason = :reason, changed_us = :now",
            # Only forward: pending, then charged or declined; charged, then refunded.
            "attempt = :attempt AND #state IN (:pending, :before)",
            {"#state": "state"},
            state=charge.status,
            charge=charge.charge_id,
            print=charge.fingerprint,
            reason=charge.reason,
            now=now_us,
            attempt=payment.attempt,
            pending="pending",
            before="charged" if charge.status == "refunded" else "pending",
        )
        try:
            self._db.write(write)
        except ConditionFailed:  # someone settled this attempt before
            return self.get(payment.order_id) or settled
        return settled
