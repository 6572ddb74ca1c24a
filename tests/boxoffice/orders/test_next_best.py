"""What is offered at once when seats that were asked for are gone, and why the best are best."""

from __future__ import annotations

import random
from dataclasses import replace
from math import dist

import pytest

from boxoffice.catalogue.plan import ROW_PITCH, SeatingPlan
from boxoffice.dynamo import Database
from boxoffice.inventory import blocks as cut
from boxoffice.inventory.best import Wish, find
from boxoffice.inventory.nearest import nearest
from boxoffice.inventory.runs import Party, choices
from boxoffice.orders.model import Best, Order
from tests.boxoffice.shop import Shop, hall

BACK, ANY = frozenset({"back"}), frozenset({"front", "back"})


@pytest.fixture
def shop(db: Database) -> Shop:
    return Shop(db, rows=3, seats=6)


def offer(order: Order) -> tuple[str, list[str]]:
    assert order.state == "refused"
    assert order.problem is not None
    return order.problem["next_best"]["how"], order.problem["next_best"]["seats"]


def test_named_seats_that_are_gone_come_back_with_the_nearest_of_their_tier(shop: Shop) -> None:
    shop.hold("2-3", "2-4")
    order = shop.allocate(shop.request("2-3", "2-4"))
    assert (order.problem or {})["seats"] == ["2-3", "2-4"]
    assert offer(order) == ("near", ["3-3", "3-4"])
    taken = shop.allocate(shop.request(*offer(order)[1]))
    assert taken.state == "held"
    front = shop.allocate(shop.request("1-1", "2-3"))  # of two tiers: either will do
    assert offer(front)[0] == "near"


def test_seats_apart_are_offered_when_there_are_no_others_together(shop: Shop) -> None:
    for row, seats in (("2", "1345"), ("3", "23456")):
        for number in seats:
            shop.hold(f"{row}-{number}")
    assert offer(shop.allocate(shop.request("2-4", "2-5"))) == ("near", ["2-2", "3-1"])


def test_a_wish_for_the_best_is_answered_with_what_comes_nearest_to_it(shop: Shop) -> None:
    for start in (1, 3, 5):
        shop.hold(f"1-{start}", f"1-{start + 1}")
    assert offer(shop.allocate(shop.request(best=Best(2, tier="A")))) == (
        "another",
        ["2-3", "2-4"],
    )
    for number in (2, 4, 5, 6):
        shop.hold(f"2-{number}")
        shop.hold(f"3-{number}")
    how, seats = offer(shop.allocate(shop.request(best=Best(2))))
    assert (how, sorted(seats)) == ("apart", ["2-3", "3-3"])
    for seat in ("2-1", "2-3", "3-1"):
        shop.hold(seat)
    assert offer(shop.allocate(shop.request(best=Best(2)))) == ("fewer", ["3-3"])
    shop.hold("3-3")
    assert "next_best" not in (shop.allocate(shop.request(best=Best(1))).problem or {})
    assert "next_best" not in (shop.allocate(shop.request(best=Best(5))).problem or {})  # the limit


def test_the_nearest_are_those_of_an_exhaustive_search() -> None:
    plan, luck = hall(8, 12), random.Random(7)
    for _ in range(60):
        taken = {seat.seat_id for seat in plan.seats if luck.random() < 0.6}
        row, first, count = luck.randint(1, 8), luck.randint(1, 9), luck.randint(1, 4)
        asked = [f"{row}-{first + n}" for n in range(count)]
        assert nearest(plan, taken | set(asked), asked, ANY) == slowly(plan, taken, asked)


def slowly(plan: SeatingPlan, taken: set[str], asked: list[str]) -> list[str] | None:
    middle = [sum(getattr(plan.by_id[s], axis) for s in asked) / len(asked) for axis in "xy"]
    found = []
    for number, block in enumerate(cut.of(plan)[0]):
        for one in choices(block, number, taken | set(asked), Party(len(asked), 0, ANY)):
            seats = [block.seats[place] for place in one.places]
            far = sum(dist((s.x, s.y), middle) for s in seats)
            key = far + one.singles * ROW_PITCH * len(seats)
            found.append((key, one, [s.seat_id for s in seats]))
    return min(found)[2] if found else None


def test_who_asked_for_an_accessible_seat_is_offered_one() -> None:
    plan = hall(2, 6, front=0)
    seats = [replace(s, need="accessible") if s.number in "16" else s for s in plan.seats]
    plan = replace(plan, seats=tuple(seats))
    assert nearest(plan, {"1-1"}, ["1-1", "1-2"], BACK) == ["2-1", "2-2"]
    assert nearest(plan, {"1-2"}, ["1-2"], BACK) == ["1-3"]


def test_the_rule_that_decided_is_kept_with_the_order(shop: Shop) -> None:
    assert shop.allocate(shop.request(best=Best(2, tier="A"))).why == "together nearest"
    stored = shop.allocate(shop.request(best=Best(1, tier="B"), order_id="ord_one"))
    assert shop.orders.get("ord_one", stored.account_id).why == stored.why
    assert stored.why.startswith("one ")
    assert shop.hold("3-1").why == ""


def test_the_rule_that_decided_is_the_one_that_kept_nearer_seats_from_being_chosen() -> None:
    plan = hall(2, 8, front=0)
    middle = {f"1-{n}" for n in (1, 2, 3, 7, 8)}  # three in the first row: two would leave one
    found = find(plan, middle, Wish(2))
    assert found is not None
    assert (found.why, found.seat_ids[0][0]) == ("together singles", "2")
    left = find(plan, middle | {f"2-{n}" for n in range(1, 9)}, Wish(2))
    assert left is not None
    assert left.why == "together left"
    split = find(plan, set(), Wish(4, parts=(2, 2)))
    assert split is not None
    assert split.why == "parts nearest"
