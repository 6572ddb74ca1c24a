"""One limit over all dates of a tour, whatever sales and linked accounts an order comes through."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders import writes
from boxoffice.orders.model import Order, TourShare
from boxoffice.tables import LIMITS
from tests.boxoffice.shop import LATE, NOW, Shop, persistently, rush

LIMIT, CROWD = 5, 8


def ask(shop: Shop, seat: str, *people: str, limit: int = LIMIT) -> Order:
    """Ask for one seat as ada, who counts in the tour as `people`."""
    request = replace(shop.request(seat, person="ada"), tour=TourShare(limit, people))
    return persistently(lambda: shop.allocate(request))


def kept(db: Database, person: str) -> int:
    return int((db.get(LIMITS, person=person) or {"tickets": 0})["tickets"])


def buy_on_two_dates(db: Database, person: str) -> list[Order | Exception]:
    """Ask for a seat in eight browsers at once, on two dates in turn; each date allows four."""
    dates = cycle([Shop(db), Shop(db)])
    asked = [(next(dates), f"1-{n + 1}") for n in range(CROWD)]
    return rush(CROWD, lambda n: ask(*asked[n], person))


def held(results: list[Order | Exception]) -> int:
    return sum(isinstance(r, Order) and r.state == "held" for r in results)


def test_the_race_is_real(any_db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: without the condition on the tour each date gives its own four."""
    real = writes.OrderWrites.counts_

    def unguarded(self: writes.OrderWrites, order: Order, *group: Any) -> list[object]:
        of_the_sale, *of_the_tour = real(self, order, *group)
        for write in of_the_tour:
            write["Update"]["ConditionExpression"] = (
                "attribute_not_exists(person) OR attribute_exists(person) OR tickets <= :room"
            )
        return [of_the_sale, *of_the_tour]

    monkeypatch.setattr(writes.OrderWrites, "counts_", unguarded)
    assert held(buy_on_two_dates(any_db, "tour#race")) == CROWD
    assert kept(any_db, "tour#race") == CROWD


def test_two_dates_at_once_stay_within_the_limit_of_the_tour(any_db: Database) -> None:
    results = buy_on_two_dates(any_db, "tour#guarded")
    assert held(results) == LIMIT
    refused = [r for r in results if isinstance(r, Order) and r.state == "refused"]
    assert len(refused) == CROWD - LIMIT
    assert "in this tour" in refused[0].problem["detail"]  # type: ignore[index]
    assert kept(any_db, "tour#guarded") == LIMIT


def test_who_shares_a_place_on_one_date_shares_the_limit_on_every_date(db: Database) -> None:
    first, second = Shop(db), Shop(db)
    assert ask(first, "1-1", "tour#me", "tour#pair", limit=1).state == "held"
    assert ask(second, "1-1", "tour#twin", "tour#pair", limit=1).state == "refused"
    assert ask(second, "1-1", "tour#stranger", limit=1).state == "held"
    assert kept(db, "tour#twin") == 0, "a refused order counts nowhere"


def test_seats_that_are_given_back_count_no_longer(db: Database) -> None:
    shop = Shop(db)
    order = ask(shop, "1-1", "tour#back", "tour#too", limit=1)
    shop.orders.cancel(order.order_id, order.account_id, NOW)
    assert (kept(db, "tour#back"), kept(db, "tour#too")) == (0, 0)
    again = ask(shop, "1-2", "tour#back", limit=1)
    assert again.state == "held"
    shop.orders.expire_due(shop.sale.sale_id, LATE)
    assert kept(db, "tour#back") == 0
    assert shop.sweep(LATE).faults == {}


def test_a_late_payment_fits_into_the_limit_again_or_is_given_back(db: Database) -> None:
    shop, elsewhere = Shop(db), Shop(db)
    order = ask(shop, "1-1", "tour#late", limit=1)
    payment = shop.charged(order)
    shop.orders._store.give_back(order, "expired", LATE)
    assert ask(elsewhere, "1-1", "tour#late", limit=1).state == "held"
    assert shop.orders.confirm(order.order_id, payment, LATE).state == "refunded"
    assert kept(db, "tour#late") == 1
