"""Amounts as Stripe counts them: its smallest units are not everywhere those of ISO 4217.

Source: https://docs.stripe.com/currencies (zero-decimal, three-decimal and special cases).
"""

from __future__ import annotations

from fairness.errors import Invalid

# No minor unit in ISO 4217, but Stripe still counts hundredths of them.
_HUNDREDTHS = frozenset({"ISK", "UGX"})
# Thousandths, of which Stripe charges only whole tens.
_WHOLE_TENS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


def stripe_amount(cents: int, currency: str) -> int:
    """Return `cents` minor units of `currency` as Stripe counts them; Invalid if it cannot.

    Currencies without a minor unit, such as JPY, are counted whole by both.
    """
    if currency in _WHOLE_TENS and cents % 10:
        raise Invalid(
            f"{cents} thousandths of {currency} cannot be charged",
            field="cents",
            value=cents,
            rule=f"whole tens: banks charge {currency} in hundredths",
            remedy="change the price",
        )
    return cents * 100 if currency in _HUNDREDTHS else cents
