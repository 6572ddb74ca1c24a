"""The audit notices every broken promise: each test breaks one in the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from boxoffice.sales.model import Price, Sale
from console.rehearsal import audit
from console.rehearsal.diary import Diary
from console.rehearsal.evidence import Evidence
from fairness.clock import SECOND
from fairness.manifest import Manifest

FANS = ("ada", "ben", "cy")


@pytest.fixture
def evidence() -> Evidence:
    """A small sale in which all went well."""
    manifest = Manifest("s", 0, 10 * SECOND, 100 * SECOND)
    sale = Sale(
        "s", "p", "e", "plan", "o", manifest, {"c": Price("A", 100)}, "EUR", "closed", b"k", 1, 1
    )  # fmt: skip
    at = [manifest.window_ends_us(n) for n in (0, 3, 6)]
    orders = [_order(n, fan) for n, fan in enumerate(FANS)]
    return Evidence(
        sale=sale,
        arrivals=list(zip(FANS, at, strict=True)),
        places={fan: n for n, fan in enumerate(FANS, start=1)},
        called=list(FANS),
        leads={fan: fan for fan in FANS},
        verdicts={},
        seats=[{"seat_id": f"A-{n}", "order_id": f"ord_{n}"} for n in range(3)],
        orders=orders,
        tickets=[{"seat_id": f"A-{n}", "order_id": f"ord_{n}"} for n in range(3)],
        mails=[_mail(f"ord_{n}") for n in range(3)],
        expected=list(FANS),
        ledger={"verified": True, "entries": 9, "failures": []},
        logged={"admitted": 3, "seats_sold": 3},
        actor_of={},
        drill={"let_in": 0, "order_kept": True, "tries": 40},
    )


def _mail(order_id: str) -> dict[str, Any]:
    told = {"X-FairTicket-Order": order_id, "X-FairTicket-Notice": "order_confirmed"}
    return {"headers": told, "repeats": 0}


def _order(n: int, fan: str, seats: int = 1) -> dict[str, Any]:
    held = [{"seat_id": f"A-{n + k}"} for k in range(seats)]
    return {"order_id": f"ord_{n}", "fan": fan, "state": "paid", "seats": held}


@pytest.fixture
def diary(evidence: Evidence) -> Diary:
    told = Diary(0.0)
    told.receipts = {fan: {"fan": fan, "at_us": at_us} for fan, at_us in evidence.arrivals}
    return told


def broken(evidence: Evidence, diary: Diary) -> set[str]:
    return {promise.name for promise in audit.promises(evidence, diary) if not promise.kept}


def test_a_good_sale_keeps_every_promise(evidence: Evidence, diary: Diary) -> None:
    assert broken(evidence, diary) == set()


def test_an_order_that_waits_for_a_look_is_not_confirmed_yet(
    evidence: Evidence, diary: Diary
) -> None:
    waiting = {**evidence.orders[0], "review": "shared_limit"}
    held = replace(
        evidence,
        orders=[waiting, *evidence.orders[1:]],
        tickets=evidence.tickets[1:],
        mails=evidence.mails[1:],
    )
    assert broken(held, diary) == set()


BREAKS: dict[str, tuple[str, Callable[[Evidence], Evidence]]] = {
    "a seat in two orders": (
        "never_sold_twice",
        lambda e: replace(
            e, orders=[*e.orders[:2], {**e.orders[2], "seats": [{"seat_id": "A-0"}]}]
        ),
    ),
    "two tickets for one seat": (
        "never_sold_twice",
        lambda e: replace(e, tickets=[*e.tickets, e.tickets[0]]),
    ),
    "an arrival that is gone": ("no_place_lost", lambda e: replace(e, arrivals=e.arrivals[1:])),
    "a place that is gone": (
        "no_place_lost",
        lambda e: replace(e, places={f: p for f, p in e.places.items() if f != "ben"}),
    ),
    "two who swapped places": (
        "order_in_range",
        lambda e: replace(
            e,
            places={"ada": 2, "ben": 1, "cy": 3},
            expected=["ben", "ada", "cy"],
            called=["ben", "ada", "cy"],
        ),
    ),
    "another order than the log's": (
        "order_in_range",
        lambda e: replace(e, expected=["ben", "ada", "cy"]),
    ),
    "called out of order": (
        "order_in_range",
        lambda e: replace(e, called=["ben", "ada", "cy"]),
    ),
    "let in while the store was dead": (
        "fails_closed",
        lambda e: replace(e, drill={**e.drill, "let_in": 1}),
    ),
    "a log that does not verify": (
        "everything_logged",
        lambda e: replace(e, ledger={**e.ledger, "verified": False}),
    ),
    "a sale that was not logged": (
        "everything_logged",
        lambda e: replace(e, logged={**e.logged, "seats_sold": 2}),
    ),
    "more tickets than the limit": (
        "limit_per_person",
        lambda e: replace(
            e,
            orders=[_order(n, "ada", 2) for n in (0, 2, 4)],
            leads={**e.leads, "ben": "ada"},
        ),
    ),
    "a mail sent twice": ("mailed_once", lambda e: replace(e, mails=[*e.mails, e.mails[0]])),
    "an order without a mail": ("mailed_once", lambda e: replace(e, mails=e.mails[1:])),
}


@pytest.mark.parametrize("what", BREAKS)
def test_the_audit_notices(what: str, evidence: Evidence, diary: Diary) -> None:
    promise, damage = BREAKS[what]
    assert promise in broken(damage(evidence), diary)


def test_linked_accounts_share_one_limit(evidence: Evidence, diary: Diary) -> None:
    orders = [_order(0, "ada", 3), _order(3, "ben", 2)]
    apart = replace(evidence, orders=orders)
    assert "limit_per_person" not in broken(apart, diary)
    linked = replace(apart, leads={**evidence.leads, "ben": "ada"})
    assert "limit_per_person" in broken(linked, diary)


def test_the_opening_window_is_one_cohort(evidence: Evidence, diary: Diary) -> None:
    start = evidence.sale.manifest.starts_at_us
    early = [("ada", start - 9 * SECOND), ("ben", start), ("cy", start + 1)]
    diary.receipts = {fan: {"fan": fan, "at_us": at_us} for fan, at_us in early}
    drawn = ["cy", "ben", "ada"]
    places = {fan: n for n, fan in enumerate(drawn, start=1)}
    cohort = replace(evidence, arrivals=early, places=places, expected=drawn, called=drawn)
    assert "order_in_range" not in broken(cohort, diary)


def test_a_refusal_without_a_remedy_is_noticed(evidence: Evidence, diary: Diary) -> None:
    diary.refused({"title": "Taken", "detail": "someone else has it"})
    assert broken(evidence, diary) == {"no_silent_refusal"}


def test_a_second_join_that_moved_is_noticed(evidence: Evidence, diary: Diary) -> None:
    diary.second_joins_moved = 1
    assert "twice_is_once" in broken(evidence, diary)
