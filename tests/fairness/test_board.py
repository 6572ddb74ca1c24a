from __future__ import annotations

import json
from dataclasses import replace

from redis import Redis

from fairness import board
from fairness.clock import SECOND
from tests.fairness.conftest import Opener, placed


def test_the_board_says_what_everybody_may_know(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=2)
    placed(redis, line, ["ada", "ben", "cy"])
    line.admit(9)
    line.control(message="Doors at eight")
    stock = {"A": (10, 4), "B": (5, 0)}

    document = board.build(line.status(), line.manifest(), stock, "checkpoint", 1.5)
    board.store(redis, document)

    assert board.read(redis, "demo") == document
    assert json.loads(board.text(redis, "demo") or "") == document
    assert (document["served_place"], document["placed"]) == (2, 3)
    assert document["stock"] == {"A": {"seats": 10, "free": 4}, "B": {"seats": 5, "free": 0}}
    assert (document["sold_out"], document["message"]) == (False, "Doors at eight")
    assert "ada" not in json.dumps(document)


def test_a_sale_without_a_free_seat_is_sold_out(opened: Opener) -> None:
    line = opened()
    for stock, sold_out in (({"A": (1, 0)}, True), ({"A": (1, 1)}, False), ({}, False)):
        built = board.build(line.status(), line.manifest(), stock, None, 0)
        assert built["sold_out"] is sold_out


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


def test_an_estimate_is_only_given_when_the_line_moves() -> None:
    assert board.eta_s(100, 10.0) == 10
    assert board.eta_s(100, 0.0) is None
