from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from fairness.errors import Invalid
from fairness.screening.model import ADMIT, CHALLENGE, REVIEW
from fairness.screening.offline import behaviour, fitting, learning
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.judging import Actor, judge


@pytest.fixture(autouse=True)
def one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rounds of learning are steadier, and three times as long."""
    monkeypatch.setattr(learning, "ROUNDS", 1)


def crowd(people: int, machines: int) -> list[Actor]:
    """Machines differ only in what no rule can know: they use exactly seven pages."""
    rows = [{"attempts": 20.0 + i % 7, "pages": 1.0 + i % 6} for i in range(people)]
    rows += [{"attempts": 20.0 + i % 7, "pages": 7.0} for i in range(machines)]
    return [Actor(str(i), behaviour.derive(row)) for i, row in enumerate(rows)]


def test_what_no_rule_knows_can_be_learned() -> None:
    everyone = crowd(150, 30)
    truth = {actor.name: int(actor.name) >= 150 for actor in everyone}
    found = fitting.fit(everyone, judge(everyone, behaviour.METHOD), truth, Faults())
    assert found.quality.auc > 0.95
    assert sum(one.verdict != ADMIT for one in found.scored[:150]) <= 0.01 * 150
    assert {one.verdict for one in found.scored[150:]} <= {ADMIT, CHALLENGE, REVIEW}
    assert all("labelled as machines" in s.reasons() for s in found.scored if s.verdict != ADMIT)


def test_labels_that_mean_nothing_teach_nothing() -> None:
    """The twin: an actor's own label must not leak into the score it is checked with."""
    chance = Random(5)
    rows = [{"attempts": chance.uniform(1, 99), "pages": chance.uniform(1, 9)} for _ in range(160)]
    everyone = [Actor(str(i), behaviour.derive(row)) for i, row in enumerate(rows)]
    truth = {actor.name: chance.random() < 0.3 for actor in everyone}
    found = fitting.fit(everyone, judge(everyone, behaviour.METHOD), truth, Faults())
    assert found.quality.auc < 0.7


def test_labels_are_read_in_many_words(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("label,actor\nBot,a\n1.0,b\nhuman,c\nFALSE,d\n0,\n")
    assert fitting.labels(path, Faults()) == {"a": True, "b": True, "c": False, "d": False}


def test_too_few_labels_are_refused_with_the_way_out() -> None:
    everyone = crowd(20, 4)
    truth = {actor.name: int(actor.name) >= 20 for actor in everyone}
    with pytest.raises(Invalid, match="4 machines and 20 people") as caught:
        fitting.fit(everyone, judge(everyone, behaviour.METHOD), truth, Faults())
    assert caught.value.rule == "at least 5 of each"


def test_neither_names_nor_the_order_of_the_file_are_learned_from() -> None:
    """All machines come last in the file and are named alike; nothing else tells them apart."""
    chance = Random(8)
    rows = [{"attempts": chance.uniform(1, 99), "pages": chance.uniform(1, 9)} for _ in range(160)]
    everyone = [
        Actor(f"{'bot' if i >= 120 else 'fan'}{i}", behaviour.derive(r)) for i, r in enumerate(rows)
    ]
    truth = {actor.name: actor.name.startswith("bot") for actor in everyone}
    heard: list[tuple[int, int]] = []
    found = fitting.fit(
        everyone,
        judge(everyone, behaviour.METHOD),
        truth,
        Faults(),
        lambda done, of: heard.append((done, of)),
    )
    assert found.quality.auc < 0.7
    assert heard == [(at, 6) for at in range(1, 7)]
