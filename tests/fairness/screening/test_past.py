"""Earlier sales: what a trader's account shows, and that no ordinary life looks like it."""

from __future__ import annotations

import pytest

from fairness.screening import agents, past, scoring
from fairness.screening.case import Case
from fairness.screening.model import Account, Finding, Visit

RULES = (
    past.always_the_limit, past.dearest_only, past.many_cities, past.often_returned,
    past.often_missed, past.resale_reported,
)  # fmt: skip
TRADER = Account(
    sales=9, full=9, dearest=9, cities=7, bought=36, returned=18, missed=18, reported=2
)


def found(account: Account) -> list[Finding]:
    case = Case(Visit("fan"), account, agents.read(""), frozenset())
    return [finding for rule in RULES if (finding := rule(case))]


def test_a_traders_account_shows_all_and_is_asked_for_a_code_at_most() -> None:
    findings = found(TRADER)
    assert [finding.rule for finding in findings] == [rule.__name__ for rule in RULES]
    assert scoring.verdict(findings) == "challenge"
    assert all(finding.because.endswith(".") for finding in findings)


@pytest.mark.parametrize(
    ("who", "account"),
    [
        ("nobody knows", Account()),
        ("returned one ticket", Account(sales=1, bought=2, returned=1)),
        ("missed the only evening", Account(sales=1, bought=4, missed=4, full=1)),
        ("in hospital for a season", Account(sales=3, bought=6, returned=2, missed=4)),
        ("in a wheelchair, with a companion, at the dearest",
         Account(sales=7, dearest=7, full=2, bought=14, returned=6, cities=2)),
        ("travels after a band", Account(sales=20, cities=5, bought=30)),
        ("buys for a choir, and gives back what is too much",
         Account(sales=12, full=11, bought=60, returned=20, missed=3, cities=1)),
    ],
)  # fmt: skip
def test_ordinary_lives_show_nothing(who: str, account: Account) -> None:
    assert found(account) == [], who


def test_a_family_that_always_needs_four_is_not_asked_for_it() -> None:
    findings = found(Account(sales=8, full=8, dearest=8, bought=32))
    assert scoring.verdict(findings) == "admit"


def test_a_report_says_little_and_reports_of_two_sales_more_but_never_enough_by_themselves() -> (
    None
):
    (one,), (two,) = found(Account(sales=1, reported=1)), found(Account(sales=4, reported=4))
    assert (one.weight, two.weight) == (0.1, 0.3)
    assert scoring.verdict([two]) == "admit"
