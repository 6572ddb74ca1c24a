"""A group that reaches ten accounts only in a later window: its waiting place is held then."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from fairness.clock import now_us
from fairness.ledger import recompute, story
from fairness.line import Line
from fairness.screening.rules import MANY
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from tests.workers.test_again import ADDRESS, arrive, go_on, store
from workers import again, clients, pipeline
from workers.ledger import seal
from workers.line import tick
from workers.settings import settings

__all__ = ["store"]  # the fixture


@pytest.fixture
def sale(mailbox: Mailbox) -> Crowd:
    """Somebody shops, five accounts of one buyer wait; more come later."""
    crowd = stage.crowd(fans=14, seats=40, capacity=1)
    seal()
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
    arrive(crowd, range(1))
    go_on(crowd)
    arrive(crowd, range(1, 6), device="one browser", address=ADDRESS)
    go_on(crowd)
    return crowd


def grow(crowd: Crowd, numbers: range) -> None:
    arrive(crowd, numbers, device="one browser", address=ADDRESS)
    go_on(crowd)


def verdicts(crowd: Crowd, fan: str) -> list[tuple[str, list[str]]]:
    key = story.key_of(settings().ledger_folder)
    told = story.tell(settings().ledger_folder, key, crowd.sale_id, fan)
    return [(verdict, rules) for _, verdict, rules in told.verdicts]


def test_the_place_is_held_the_log_says_why_and_anyone_can_check_it(
    sale: Crowd, tmp_path: Path, store: Redis
) -> None:
    lead, line = sale.fans[1], sale.line
    assert line.verdict(lead) is None
    assert line.position(lead).state == "in_line"

    grow(sale, range(6, MANY))
    assert line.verdict(lead) is None, "nine are not ten"
    grow(sale, range(10, 12))

    record = line.verdict(lead)
    assert record is not None
    assert record["verdict"] == "review"
    assert [found["rule"] for found in record["findings"]] == ["many_accounts"]
    assert verdicts(sale, lead) == [("review", ["many_accounts"])]
    line.finish(sale.fans[0])
    seal()
    assert stage.ledger_failures(tmp_path) == []
    found = again.screen(sale.sale_id, store)
    assert found.compared.changed == []
    assert found.logged_otherwise == []

    line.lift_verdict(lead)  # what the desk's release and a granted appeal do
    grow(sale, range(12, 14))
    assert line.verdict(lead) is None, "it was decided once"
    assert lead in [fan for fan, _ in line_calls(sale)]


def line_calls(sale: Crowd) -> list[tuple[str, int]]:
    entries = recompute.published(settings().ledger_folder)
    return [pair for e in entries if e["type"] == "admitted" for pair in e["fans"]]


def test_a_worker_that_dies_when_the_window_is_in_the_log_leaves_the_hold_to_the_next(
    sale: Crowd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    arrive(sale, range(6, 12), device="one browser", address=ADDRESS)
    tick()
    pipeline.screen(sale.sale_id)
    with monkeypatch.context() as patch:
        patch.setattr(Line, "withhold", dies)
        with pytest.raises(KeyboardInterrupt):
            pipeline.commit(sale.sale_id)
    assert sale.line.verdict(sale.fans[1]) is None
    for _ in range(2):
        go_on(sale)
    assert verdicts(sale, sale.fans[1]) == [("review", ["many_accounts"])]
    assert stage.ledger_failures(tmp_path) == []


def test_who_was_called_before_the_tenth_came_keeps_the_turn(sale: Crowd) -> None:
    lead, line = sale.fans[1], sale.line
    line.finish(sale.fans[0])
    assert pipeline.admit(sale.sale_id) == 1
    grow(sale, range(6, 12))
    assert line.verdict(lead) is None
    line.enter(lead)
    assert line.position(lead).state == "inside"
