from __future__ import annotations

import pytest
from redis import Redis

from fairness.stock import CLAIM_US, Stock, held_until


@pytest.fixture
def stock(redis: Redis) -> Stock:
    return Stock(redis, "demo")


def test_a_seat_that_is_not_listed_is_free(stock: Stock) -> None:
    assert stock.taken() == {}


def test_a_hold_is_free_again_when_its_time_is_over(stock: Stock) -> None:
    stock.mark_held(["A-1", "A-2"], until_us=2000)
    assert stock.taken(1999) == {"A-1": "held:2000", "A-2": "held:2000"}
    assert stock.taken(2000) == {}
    assert stock.taken() == {}


def test_a_late_hold_does_not_hide_a_sale(stock: Stock) -> None:
    stock.mark_sold(["A-1"])
    stock.mark_held(["A-1", "A-2"], until_us=2000)
    assert stock.taken(0) == {"A-1": "sold", "A-2": "held:2000"}


def test_a_claim_takes_all_seats_or_none(stock: Stock) -> None:
    stock.mark_sold(["A-2"])
    assert stock.claim(["A-1", "A-2"]) == ["A-2"]
    assert stock.taken(0) == {"A-2": "sold"}
    assert stock.claim(["A-1", "A-3"], now_us=0) == []
    assert stock.claim(["A-3", "A-4"], now_us=1) == ["A-3"]
    assert set(stock.taken(1)) == {"A-1", "A-2", "A-3"}


def test_a_claim_lapses_by_itself(stock: Stock) -> None:
    stock.claim(["A-1"], now_us=0)
    assert stock.claim(["A-1"], now_us=CLAIM_US - 1) == ["A-1"]
    assert stock.claim(["A-1"], now_us=CLAIM_US) == []


def test_seats_given_back_are_free(stock: Stock) -> None:
    stock.mark_sold(["A-1", "A-2"])
    stock.mark_free(["A-1", "A-9"])
    assert stock.taken(0) == {"A-2": "sold"}


def test_correcting_takes_over_what_the_tables_say(stock: Stock) -> None:
    stock.mark_sold(["A-1"])
    stock.mark_held(["A-2", "A-3"], 5)
    tables = {"A-2": "sold", "B-1": "blocked", "B-2": held_until(60_000_000)}
    assert stock.correct(stock.listed(), tables, now_us=50_000_000) == 5
    assert stock.taken(0) == tables
    assert stock.correct(stock.listed(), tables, now_us=50_000_000) == 0


def test_correcting_undoes_nothing_that_was_sold_while_the_tables_were_read(stock: Stock) -> None:
    stock.mark_sold(["A-1"])
    stock.claim(["A-4"], now_us=50_000_000)
    listed = stock.listed()
    tables = {"A-1": "sold", "A-3": held_until(60_000_000)}
    stock.mark_sold(["A-2", "A-3"])
    stock.mark_free(["A-1"])

    stock.correct(listed, tables, now_us=50_000_000)

    found = stock.taken(50_000_000)
    assert found.pop("A-4").startswith("held:"), "a claim is no fault: it lapses by itself"
    assert found == {"A-2": "sold", "A-3": "sold"}


def test_marking_nothing_is_no_error(stock: Stock) -> None:
    stock.mark_held([], 5)
    stock.mark_sold([])
    stock.mark_free([])
    assert stock.taken(0) == {}


def test_two_sales_do_not_share_seats(redis: Redis, stock: Stock) -> None:
    stock.mark_sold(["A-1"])
    assert Stock(redis, "other").taken() == {}
