"""Why an order did not come about, as it is kept with the order and told to the fan."""

from __future__ import annotations

from typing import Any

from boxoffice.payments.model import Payment
from fairness.errors import FairTicketError, SeatsTaken


def problem_of(error: FairTicketError) -> dict[str, Any]:
    """Return why an order did not come about, as it is kept with the order."""
    problem = {
        "error": type(error).__name__,
        "detail": str(error),
        "seats": error.seat_ids if isinstance(error, SeatsTaken) else None,
        "field": error.field,
        "rule": error.rule,
        "remedy": error.remedy,
    }
    return {name: value for name, value in problem.items() if value is not None}


def declined(payment: Payment) -> dict[str, Any]:
    """Return the problem of an order whose card was declined."""
    return {
        "error": "PaymentDeclined",
        "detail": payment.reason or "The payment was declined.",
        "field": "card",
        "rule": "a card that the bank accepts",
        "remedy": "try again, or use another card; the seats stay yours until the hold ends",
    }


def to_confirm() -> dict[str, Any]:
    """Return the problem of an order whose payment waits for a word of the fan to their bank."""
    return {
        "error": "ConfirmPayment",
        "detail": "Your bank asks you to confirm this payment.",
        "field": "payment",
        "rule": "your bank knows that it is you",
        "remedy": "confirm it on this page, or use another card; the seats stay yours meanwhile",
    }


def cannot_charge() -> dict[str, Any]:
    """Return the problem of an order that could not be charged because of us."""
    return {
        "error": "PaymentsDown",
        "detail": "We cannot take cards just now. Nothing was charged.",
        "field": "payment",
        "remedy": "try again in a minute; the seats stay yours until the hold ends",
    }
