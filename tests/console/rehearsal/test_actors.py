from __future__ import annotations

from collections import Counter
from random import Random

from console.rehearsal.actors import FAN, FARM, cast
from console.rehearsal.stage import prices_of, read_plan


def test_the_same_seed_brings_the_same_crowd() -> None:
    crowds = [cast(200, 30, [0.0] * 200, Random(7), ["A", "B"]) for _ in range(2)]
    assert crowds[0] == crowds[1]


def test_scalpers_come_in_three_kinds_and_farms_share_something() -> None:
    actors = cast(100, 90, [0.0] * 100, Random(1), ["A"])
    kinds = Counter(actor.side for actor in actors)
    assert kinds[FAN] == 100
    assert set(kinds.values()) == {100, 30}
    cards = Counter(card for a in actors if a.kind == FARM for card in a.cards)
    assert max(cards.values()) > 1
    assert {a.card_known for a in actors if a.kind == FARM} == {True, False}


def test_some_fans_are_of_crowds_that_look_odd() -> None:
    actors = cast(500, 0, [0.0] * 500, Random(1), ["A"])
    kinds = Counter(actor.kind for actor in actors)
    assert all(actor.honest for actor in actors)
    assert {"families", "school", "relay", "screen_readers"} <= kinds.keys()
    assert kinds[FAN] == 400, "and a fifth is enough"


def test_every_actor_has_an_address_and_a_mailbox_of_their_own() -> None:
    actors = cast(500, 60, [0.0] * 500, Random(1), ["A"])
    assert len({a.email for a in actors}) == len(actors)


def test_our_own_hall_has_1200_seats_in_three_tiers() -> None:
    plan = read_plan(None)
    assert len(plan.seats) == 1_200
    assert sorted({price.tier for price in prices_of(plan).values()}) == ["A", "B", "C"]
