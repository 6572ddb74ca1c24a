"""How long orders waited for the organiser's look follows from the log alone."""

from __future__ import annotations

from console.rehearsal.looks import Looks, looks
from fairness.clock import SECOND
from fairness.ledger import entries
from fairness.ledger.entries import Entry


def said(decision: str, at_s: int, *orders: str) -> Entry:
    detail = {"role": "organiser", "decision": decision, "orders": list(orders), "why": []}
    return entries.organiser("s", at_s * SECOND, "order_review", detail)


def test_waits_are_counted_until_they_are_decided_or_the_log_ends() -> None:
    told = [
        said("hold", 10, "a", "b"),
        said("hold", 12, "c"),
        entries.organiser("another sale", 900 * SECOND, "order_review", {"decision": "hold"}),
        said("clear", 20, "a"),
        said("refund", 30, "b"),
        said("undo_refund", 31, "b"),
        entries.closed("s", 52 * SECOND, {}),
    ]
    assert looks(told, "s") == Looks(orders=3, decided=1, median_s=40.0, longest_s=42.0)


def test_without_such_orders_all_figures_are_nought() -> None:
    assert looks([entries.closed("s", SECOND, {})], "s") == Looks()
