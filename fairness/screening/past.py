"""Rules about an account's earlier sales: what nobody does by chance so often. All of them weak.

Each but the last needs many tickets or sales, so one return, one evening missed or one family of
four says nothing. Together they ask for a code at most.
"""

from __future__ import annotations

from fairness.screening.case import Case
from fairness.screening.model import Finding

FEWEST_SALES = 4
MANY_SALES = 8
MANY_CITIES = 6
MANY_TICKETS = 8
MANY_REPORTS = 2  # sales; one report may be a mistake


def always_the_limit(case: Case) -> Finding | None:
    """Weak: a large family does so as well."""
    past = case.account
    if past.sales < FEWEST_SALES or past.full < past.sales:
        return None
    return Finding(
        "always_the_limit",
        0.1,
        "In every sale so far you bought as many tickets as one person may. That is fine on its "
        "own.",
    )


def dearest_only(case: Case) -> Finding | None:
    """Weak: some want the best, and some need a place that costs as much."""
    past = case.account
    if past.sales < MANY_SALES or past.dearest < past.sales:
        return None
    return Finding(
        "dearest_only",
        0.1,
        "In every sale so far you bought nothing but the dearest tickets. That is fine on its own.",
    )


def many_cities(case: Case) -> Finding | None:
    """Weak: some fans travel after a band."""
    if case.account.cities < MANY_CITIES:
        return None
    return Finding(
        "many_cities", 0.1, "You bought tickets in many different cities. That is fine on its own."
    )


def often_returned(case: Case) -> Finding | None:
    """Weak: giving tickets back is what people should do; half of many is what traders do."""
    past = case.account
    if past.returned < MANY_TICKETS or 2 * past.returned < past.bought:
        return None
    return Finding(
        "often_returned",
        0.1,
        "You gave back at least half of the many tickets that you bought. Giving tickets back is "
        "fine.",
    )


def often_missed(case: Case) -> Finding | None:
    """Weak: illness and missed trains are nobody's fault, but half of many is not one evening."""
    past = case.account
    if past.missed < MANY_TICKETS or 2 * past.missed < past.bought:
        return None
    return Finding(
        "often_missed", 0.2, "At least half of the many tickets that you bought were never used."
    )


def resale_reported(case: Case) -> Finding | None:
    """Very weak for one sale: an organiser can be wrong, or a friend sold it. Weak for more."""
    reported = case.account.reported
    if not reported:
        return None
    return Finding(
        "resale_reported",
        0.1 if reported < MANY_REPORTS else 0.3,
        "An organiser reported that a ticket which you bought earlier was offered above its price. "
        "If that is wrong, please tell us.",
    )
