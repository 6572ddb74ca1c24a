from __future__ import annotations

import json
from dataclasses import replace

import pytest
from redis import Redis

from fairness import board
from fairness.clock import SECOND
from fairness.stock import Tier
from tests.fairness.conftest import Opener, placed


def test_the_board_says_what_everybody_may_know(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=2)
    placed(redis, line, ["ada", "ben", "cy"])
    line.admit(9)
    line.control(message="Doors at eight")
    stock = {"A": Tier(40, 20, 3, 4500, 6000, "EUR"), "B": Tier(5, 0, 0, 900, 900, "EUR")}

    document = board.build(line.status(), line.manifest(), stock, "checkpoint", 1.5)
    board.store(redis, document)

    assert board.read(redis, "demo") == document
    assert json.loads(board.text(redis, "demo") or "") == document
    assert (document["served_place"], document["placed"]) == (2, 3)
    a, b = document["stock"]["A"], document["stock"]["B"]
    assert (a["seats"], a["free"], a["held"], a["left"]) == (40, 20, 3, "some")
    assert (a["from_cents"], a["to_cents"], document["currency"]) == (4500, 6000, "EUR")
    assert (b["left"], document["outlook"]) == ("none", "some")
    assert (document["sold_out"], document["message"]) == (False, "Doors at eight")
    assert "ada" not in json.dumps(document)


@pytest.mark.parametrize(
    ("free", "held", "outlook"),
    [(100, 0, "some"), (5, 3, "few"), (0, 3, "returns"), (0, 0, "none")],
)
def test_the_board_tells_a_sold_out_sale_from_one_where_seats_may_return(
    opened: Opener, free: int, held: int, outlook: str
) -> None:
    stock = {"A": Tier(90, 0, 0), "B": Tier(100, free, held)}
    line = opened()
    built = board.build(line.status(), line.manifest(), stock, None, 0)
    assert built["outlook"] == outlook
    assert built["sold_out"] is (outlook == "none")
    assert board.chance(built, 1) == ("good" if free else outlook)


def test_a_board_that_knows_no_seats_does_not_say_that_there_are_none(opened: Opener) -> None:
    line = opened()
    built = board.build(line.status(), line.manifest(), {}, None, 0)
    assert (built["outlook"], built["sold_out"], board.chance(built, 9)) == ("some", False, "good")


def test_a_fan_hears_before_the_turn_that_seats_will_hardly_last_until_then(
    opened: Opener,
) -> None:
    """40 fans were called, 10 of them are still choosing, and the others took two seats each."""
    line = opened()
    status = replace(line.status(), served_place=50, called=40, turns=15, holding=5)
    stock = {"A": Tier(160, 100, 10)}

    built = board.build(status, line.manifest(), stock, None, 0)

    assert built["likely_place"] == 50 + 50 - 10
    assert (board.chance(built, 90), board.chance(built, 91)) == ("good", "low")
    nobody_chose = replace(status, called=10, turns=10, holding=0)
    assert board.likely_place(nobody_chose, stock) is None
    assert board.likely_place(status, {"A": Tier(160, 160, 0)}) is None


def test_there_is_no_board_before_the_first(redis: Redis) -> None:
    assert board.read(redis, "demo") is None
    assert board.text(redis, "demo") is None


def test_the_pace_follows_what_is_served(opened: Opener) -> None:
    line = opened()
    status = line.status()
    assert board.pace(None, status) == 0
    pace = 0.0
    for tick in range(1, 40):
        previous = {"at_us": status.now_us, "served_place": status.served_place, "pace_per_s": pace}
        status = replace(status, now_us=status.now_us + SECOND, served_place=tick * 10)
        pace = board.pace(previous, status)
    assert 9.9 < pace < 10
    assert board.pace({**previous, "at_us": status.now_us}, status) == previous["pace_per_s"]
