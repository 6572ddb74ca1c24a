"""The only door to payments. One order has one payment, and at most one charge that stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.payments.model import Card, Charge, Payment, Provider
from boxoffice.payments.store import PaymentStore, charged
from fairness.errors import Conflict, NotFound, Unavailable


class Payments:
    """Charges and refunds, written down before and after the provider is asked."""

    def __init__(self, db: Database, provider: Provider) -> None:
        self._store = PaymentStore(db)
        self._provider = provider

    def tokenise(self, card: Card) -> str:
        """Return the provider's token for `card`; Invalid names what is wrong with it."""
        return self._provider.tokenise(card)

    def charge(
        self, order_id: str, cents: int, currency: str, card_token: str, now_us: int
    ) -> Payment:
        """Charge the card once for the order and return the payment, also when declined.

        It is "pending" while the fan has to confirm it with their bank. After a decline another
        card (or the same one) may be tried; asking again with the card that was charged returns
        that payment. Conflict while another card is being charged.
        """
        payment = self._claim(order_id, cents, currency, card_token, now_us)
        if payment.state != "pending":
            return payment
        charge = self._provider.charge(payment.key, cents, currency, card_token)
        return self._settled(payment, charge, now_us)

    def charge_all(
        self, wanted: Sequence[tuple[str, int, str, str]], now_us: int
    ) -> dict[str, Payment]:
        """Charge many orders for the first time: (order id, cents, currency, card token).

        Returns those that were charged, by order id, for `settle_`: the charge is not written
        down yet. The others are for `charge`, which finds out.
        """
        try:
            new = self._store.begin_all([_first(*one, now_us) for one in wanted])
        except Unavailable:  # they may have begun
            return {}
        charges = self._provider.charge_all(
            [(p.key, p.cents, p.currency, p.card_token) for p in new]
        )
        pairs = [(p, c) for p, c in zip(new, charges, strict=True) if c and c.status == "charged"]
        return {p.order_id: charged(p, c, now_us) for p, c in pairs}

    def settle_(self, payment: Payment) -> Write:
        """Return the write that records a charge; it fails when the attempt was settled before."""
        return self._store.settle_(payment)

    def of_order(self, order_id: str) -> Payment | None:
        """Return the payment of an order, or None when none was tried."""
        return self._store.get(order_id)

    def of_orders(self, order_ids: Sequence[str]) -> list[Payment]:
        """Return the payments of those orders that have one, in no order."""
        return list(self._store.get_many(order_ids).values())

    def recover(self, order_id: str, now_us: int) -> Payment | None:
        """Return the order's payment, having asked the provider what became of an open one.

        For whoever finds an order whose payer may have died between the charge and its record.
        """
        payment = self._store.get(order_id)
        if payment is None or payment.state != "pending":
            return payment
        return self._settled(payment, self._provider.find(payment.key), now_us)

    def stop(self, order_id: str, now_us: int) -> Payment | None:
        """Return what `recover` returns, having stopped a charge that waits for the fan.

        Once it is stopped no money can move by it: the payment is declined.
        """
        payment = self._store.get(order_id)
        if payment is None or payment.state != "pending":
            return payment
        return self._settled(payment, self._provider.stop(payment.key), now_us)

    def confirmation(self, order_id: str) -> str:
        """Return what the fan's browser needs to confirm the open payment; empty when nothing."""
        payment = self._store.get(order_id)
        if payment is None or payment.state != "pending":
            return ""
        return self._provider.confirmation(payment.key)

    def _settled(self, payment: Payment, charge: Charge | None, now_us: int) -> Payment:
        if charge is None or charge.status == "pending":
            return payment
        return self._store.settle(payment, charge, now_us)

    def refund(self, order_id: str, now_us: int) -> Payment:
        """Give the order's money back, once, and return the payment; NotFound without one."""
        payment = self.recover(order_id, now_us)
        if payment is None:
            raise NotFound(f"no payment for the order {order_id}", field="order_id")
        if payment.state != "charged":
            return payment
        charge = self._provider.refund(payment.charge_id)
        return self._store.settle(payment, charge, now_us)

    def refund_part(self, order_id: str, cents: int, key: str, now_us: int) -> bool:
        """Give part of the order's money back, once per `key`; False when it has none to give.

        That is so when all of it went back before. NotFound without a payment; Unavailable to
        try again under the same key.
        """
        payment = self.recover(order_id, now_us)
        if payment is None:
            raise NotFound(f"no payment for the order {order_id}", field="order_id")
        if payment.state != "charged":
            return False
        return self._provider.refund_part(payment.charge_id, cents, key)

    def _claim(
        self, order_id: str, cents: int, currency: str, card_token: str, now_us: int
    ) -> Payment:
        """Return the payment as it stands, made "pending" with this card if that may be."""
        present = self._store.get(order_id)
        if present and present.state in ("charged", "refunded"):
            return present
        if present and present.state == "pending":
            if present.card_token == card_token:
                return present
            # Its payer may have died on the way, or the fan may want another card after all.
            present = self.stop(order_id, now_us)
            if present and present.state == "pending":
                raise _busy()
            return self._claim(order_id, cents, currency, card_token, now_us)
        wanted = _first(order_id, cents, currency, card_token, now_us)
        if present:
            wanted = replace(wanted, attempt=present.attempt + 1, created_us=present.created_us)
        try:
            self._store.begin(wanted)
        except ConditionFailed:  # another process began at the same moment
            return self._claim(order_id, cents, currency, card_token, now_us)
        return wanted


def _first(order_id: str, cents: int, currency: str, card_token: str, now_us: int) -> Payment:
    return Payment(
        payment_id=order_id,
        order_id=order_id,
        state="pending",
        cents=cents,
        currency=currency,
        card_token=card_token,
        attempt=1,
        created_us=now_us,
        changed_us=now_us,
    )


def _busy() -> Conflict:
    return Conflict(
        "another card is being charged for this order",
        field="card",
        rule="one payment at a time",
        remedy="wait some seconds and look at the order",
    )
