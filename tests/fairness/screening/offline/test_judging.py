from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW, Finding
from fairness.screening.offline import actors as table
from fairness.screening.offline import behaviour, browsing, sessions, summaries
from fairness.screening.offline.evidence import Crowd, Family, Trait
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.figures import auc
from fairness.screening.offline.judging import Actor, Scored, judge, within_budget
from tests.fairness.screening.offline import crowds

COOKIE = sessions.pattern(r'" (\w+) "')


def parted(scored: Sequence[Scored], kind: str = "") -> float:
    """Return the AUC of machines (of one kind) against people; names tell who is what."""
    people = [one.score for one in scored if one.actor.startswith("person")]
    machines = [
        one.score
        for one in scored
        if one.actor.startswith(kind) and not one.actor.startswith("person")
    ]
    return auc(machines, people)


def of_table(path: Path, text: str) -> list[Scored]:
    path.write_text(text)
    return judge(table.read(path, Faults()), behaviour.METHOD)


def of_log(lines: Sequence[str]) -> list[Scored]:
    found = sessions.collect(lines, COOKIE, Faults())
    return judge(summaries.actors(found), browsing.METHOD)


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_machines_in_a_table_score_above_people(seed: int, tmp_path: Path) -> None:
    scored = of_table(tmp_path / "a.csv", crowds.table(crowds.actors(seed)))
    assert parted(scored) >= 0.95
    assert all(parted(scored, kind) >= 0.85 for kind in ("fast", "regular", "wide", "quiet"))


def test_people_in_a_table_are_let_alone_power_users_too(tmp_path: Path) -> None:
    scored = of_table(tmp_path / "a.csv", crowds.table(crowds.actors(14, people=1500)))
    people = [one for one in scored if one.actor.startswith("person")]
    assert not [one for one in people if one.verdict in (REVIEW, REFUSE)]
    assert sum(one.verdict != ADMIT for one in people) <= 0.01 * len(people)


@pytest.mark.parametrize("gone", [c for c in crowds.COLUMNS if c != "actor"])
def test_any_column_may_be_missing(gone: str, tmp_path: Path) -> None:
    rows = [line.split(",") for line in crowds.table(crowds.actors(15)).splitlines()]
    at = crowds.COLUMNS.index(gone)
    text = "\n".join(",".join(row[:at] + row[at + 1 :]) for row in rows)
    assert parted(of_table(tmp_path / "a.csv", text)) >= 0.85


def test_one_column_is_enough_for_an_order(tmp_path: Path) -> None:
    text = "actor,attempts\n" + "".join(f"a{i},{i}\n" for i in range(100))
    scored = of_table(tmp_path / "a.csv", text)
    assert [one.score for one in scored] == sorted(one.score for one in scored)
    assert {one.verdict for one in scored} == {ADMIT}, "somebody is always the busiest"


def test_machines_need_not_be_rare(tmp_path: Path) -> None:
    crowd = crowds.actors(16, people=200, machines=400)
    assert parted(of_table(tmp_path / "a.csv", crowds.table(crowd))) >= 0.85
    assert parted(of_log(crowds.access_log(17, people=30, machines=60))) >= 0.85


@pytest.mark.parametrize("seed", [21, 22])
def test_machines_in_a_log_score_above_people(seed: int) -> None:
    scored = of_log(crowds.access_log(seed, people=100))
    assert parted(scored) >= 0.95
    assert all(parted(scored, kind) >= 0.85 for kind in ("fast", "regular", "wide", "quiet"))
    people = [one for one in scored if one.actor.startswith("person")]
    assert {one.verdict for one in people} == {ADMIT}


def test_a_log_without_pictures_and_styles_still_parts_them() -> None:
    lines = [line for line in crowds.access_log(23, people=100) if "/static/" not in line]
    scored = of_log(lines)
    assert parted(scored) >= 0.85
    assert not any("picture" in one.reasons() for one in scored)


def test_a_fast_actor_is_told_so_in_words(tmp_path: Path) -> None:
    crowd = crowds.table(crowds.actors(18, people=100, machines=0))
    rows = crowd + "hammer,5000,20,1,1,1,1,0.05,0.03,0.002,0.01\n"
    (hammer,) = [one for one in of_table(tmp_path / "a.csv", rows) if one.actor == "hammer"]
    assert "gaps between actions are 0.03 s in the middle; people need longer" in hammer.reasons()
    assert hammer.verdict == REFUSE


def test_rounding_to_seconds_makes_nobody_superhuman(tmp_path: Path) -> None:
    text = "actor,attempts,gap_median_s\n" + "".join(f"a{i},30,{i}\n" for i in range(50))
    assert not [one for one in of_table(tmp_path / "a.csv", text) if one.verdict == REVIEW]


def test_of_two_actions_nobody_is_accused(tmp_path: Path) -> None:
    text = "actor,attempts,gap_mean_s,gap_median_s,gap_std_s\na,2,0.01,0.01,0\nb,9,7.5,5,9\n"
    double_click, _ = of_table(tmp_path / "a.csv", text)
    assert double_click.verdict == ADMIT
    assert double_click.findings == ()


def test_a_log_out_of_order_is_judged_as_one_in_order() -> None:
    lines = crowds.access_log(24, people=40, machines=12)
    mixed = lines[:]
    Random(1).shuffle(mixed)
    scores = [{one.actor: one.score for one in of_log(some)} for some in (lines, mixed)]
    moved = [abs(scores[0][name] - scores[1][name]) for name in scores[0]]
    assert sorted(moved)[int(0.9 * len(moved))] < 0.1, "only what hangs on the way taken may move"
    assert parted(of_log(mixed)) >= 0.95


def test_slow_and_even_machines_stand_out_among_people_who_act_more_and_faster() -> None:
    """A machine that is slow is no person: the human end of speed must not outweigh the rhythm."""
    chance = Random(6)
    people = [
        {
            "attempts": chance.lognormvariate(4, 1) + 3,
            "gap_mean_s": chance.lognormvariate(4, 0.5),
            "gap_median_s": chance.lognormvariate(2, 0.5),
            "gap_std_s": chance.lognormvariate(5.5, 0.3),
        }
        for _ in range(400)
    ]
    machines = [
        {"attempts": 20.0, "gap_mean_s": mean, "gap_median_s": mean, "gap_std_s": mean * 0.4}
        for mean in (30.0, 60.0, 90.0, 120.0) * 10
    ]
    rows = [(f"person{i}", row) for i, row in enumerate(people)]
    rows += [(f"quiet{i}", row) for i, row in enumerate(machines)]
    scored = judge([Actor(name, behaviour.derive(row)) for name, row in rows], behaviour.METHOD)
    assert parted(scored) >= 0.7


def test_changing_addresses_counts_beside_how_often_one_acts() -> None:
    rare = behaviour.derive({"attempts": 20.0, "addresses": 20.0})
    often = behaviour.derive({"attempts": 400.0, "addresses": 20.0})
    assert rare["new_addresses"] == 1.0
    assert often["new_addresses"] == pytest.approx(0.5)
    assert behaviour.derive({"attempts": 1.0, "addresses": 1.0})["new_addresses"] is None


def test_without_attempts_the_other_counts_tell_how_many_there_were_at_least() -> None:
    gaps = {"gap_mean_s": 0.1, "gap_median_s": 0.1}
    assert behaviour.derive({"targets": 9.0, "addresses": 30.0})["gaps"] == 29
    assert behaviour.derive(gaps | {"targets": 1.0, "gap_std_s": 0.0})["gaps"] == 1
    (twice,) = judge([Actor("a", behaviour.derive(gaps | {"gap_std_s": 0.0}))], behaviour.METHOD)
    assert not [f for f in twice.findings if f.rule in ("superhuman_speed", "clockwork")]


def test_by_rank_alone_no_more_are_asked_than_the_budget_for_people() -> None:
    """All of them may be people. With a reason beside the rank, the budget is not the limit."""
    some = [Scored(f"a{i}", 0.5 + i / 1000, CHALLENGE, ()) for i in range(100)]
    asked = [one.actor for one in within_budget(some) if one.verdict == CHALLENGE]
    assert asked == ["a99"]
    reason = (Finding("tireless", 0.3, "was active in 24 hours of the day"),)
    some = [Scored(f"a{i}", 0.6, CHALLENGE, reason) for i in range(100)]
    assert within_budget(some) == some


def test_nothing_known_leans_nowhere() -> None:
    crowd = Crowd([{"a": 1.0}, {"a": 2.0}], [Trait("a", "f")], {"f": Family(1.0)})
    assert crowd.lean({"a": None}) == 0.5
    assert crowd.lean({"a": 1.0}) < crowd.lean({"a": 2.0})


def test_more_machine_like_is_never_a_lower_score() -> None:
    chance = Random(3)
    crowd = [behaviour.derive({"attempts": chance.randint(1, 99)}) for _ in range(99)]
    everyone = [Actor(str(i), values) for i, values in enumerate(crowd)]
    scored = judge(everyone, behaviour.METHOD)
    pairs = sorted(
        (actor.values["attempts"], s.score) for actor, s in zip(everyone, scored, strict=True)
    )
    assert [score for _, score in pairs] == sorted(score for _, score in pairs)
