"""The only door to payments. One order has one payment, and at most one charge that stands."""

from __future__ import annotations

from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.payments.model import Card, Payment, Provider
from boxoffice.payments.store import PaymentStore
from fairness.errors import Conflict, NotFound


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

        After a decline another card (or the same one) may be tried; asking again with the card
        that was charged returns that payment. Conflict while another card is being charged.
        """
        payment = self._claim(order_id, cents, currency, card_token, now_us)
        if payment.state != "pending":
            return payment
        charge = self._provider.charge(payment.key, cents, currency, card_token)
        return self._store.settle(payment, charge, now_us)

    def of_order(self, order_id: str) -> Payment | None:
        """Return the payment of an order, or None when none was tried."""
        return self._store.get(order_id)

    def recover(self, order_id: str, now_us: int) -> Payment | None:
        """Return the order's payment, having asked the provider what became of an open one.

        For whoever finds an order whose payer may have died between the charge and its record.
        """
        payment = self._store.get(order_id)
        if payment is None or payment.state != "pending":
            return payment
        charge = self._provider.find(payment.key)
        return payment if charge is None else self._store.settle(payment, charge, now_us)

    def refund(self, order_id: str, now_us: int) -> Payment:
        """Give the order's money back, once, and return the payment; NotFound without one."""
        payment = self.recover(order_id, now_us)
        if payment is None:
            raise NotFound(f"no payment for the order {order_id}", field="order_id")
        if payment.state != "charged":
            return payment
        charge = self._provider.refund(payment.charge_id)
        return self._store.settle(payment, charge, now_us)

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
            present = self.recover(order_id, now_us)  # its payer may have died on the way
            if present and present.state == "pending":
                raise _busy()
            return self._claim(order_id, cents, currency, card_token, now_us)
        wanted = Payment(
            payment_id=order_id,
            order_id=order_id,
            state="pending",
            cents=cents,
            currency=currency,
            card_token=card_token,
            attempt=present.attempt + 1 if present else 1,
            created_us=present.created_us if present else now_us,
            changed_us=now_us,
        )
        try:
            self._store.begin(wanted)
        except ConditionFailed:  # another process began at the same moment
            return self._claim(order_id, cents, currency, card_token, now_us)
        return wanted


def _busy() -> Conflict:
    return Conflict(
        "another card is being charged for this order",
        field="card",
        rule="one payment at a time",
        remedy="wait some seconds and look at the order",
    )
