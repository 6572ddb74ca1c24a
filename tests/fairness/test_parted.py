"""Fans whom a person merges, and parts again: a fair place, and a log that shows nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.ledger import entries
from fairness.ledger.entries import Entry
from fairness.ledger.groupcheck import GRACE_US, GroupCheck
from fairness.ledger.history import History
from fairness.line import Line
from fairness.line.remains import Orders, calls
from tests.fairness.conftest import Opener, placed

NOTE = "[]"


def logged(line: Line) -> list[dict[str, Any]]:
    return [entry for _, found in line.decisions() for entry in found]


def with_a_merged_fan(redis: Redis, line: Line) -> None:
    """ada, ben, cy, dee have places 1 to 4; eve shares ben's, as screening found."""
    placed(redis, line, ["ada", "ben", "cy", "dee"])
    line.join("eve", "{}")
    line.merge({"eve": "ben"})


def test_a_parted_fan_is_called_right_behind_whom_they_shared_a_place_with(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=2)
    with_a_merged_fan(redis, line)
    assert line.part(["eve"], "two_people") == 1
    assert line.part(["eve"], "two_people") == 0
    found = line.position("eve")
    assert (found.state, found.place, found.lead, found.verdict) == ("in_line", 2, None, "admit")
    assert line.lead_of("eve") == "eve"  # a limit of their own

    assert line.admit(9) == ["ada", "ben"]
    line.finish("ada")
    assert line.admit(9) == ["eve"]
    line.enter("eve")
    line.finish("ben")
    assert line.admit(9) == ["cy"]
    assert [e for e in logged(line) if e["type"] == "parted"] == [
        {**logged(line)[0], "fans": [["eve", "ben"]], "why": "two_people"}
    ]


def test_whose_place_has_passed_is_called_at_once(redis: Redis, opened: Opener) -> None:
    line = opened(capacity=3)
    with_a_merged_fan(redis, line)
    assert line.admit(9) == ["ada", "ben", "cy"]
    line.part(["eve"], "two_people")
    line.finish("ada")
    assert line.admit(9) == ["eve"]


def test_a_parted_fan_may_be_held_wait_and_leave_like_any_other(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=5)
    with_a_merged_fan(redis, line)
    line.admit(9)
    line.part(["eve"], "two_people")
    line.set_verdict("eve", "review", NOTE)
    assert line.admit(9) == []
    line.lift_verdict("eve")
    line.leave("eve")
    assert line.admit(9) == []
    assert line.position("eve").state == "left"


def test_fans_merged_by_hand_share_a_place_and_have_their_own_again_when_parted(
    redis: Redis, opened: Opener
) -> None:
    line = opened(capacity=1)
    placed(redis, line, ["ada", "ben", "cy", "dee"])
    line.admit(9)
    assert line.unite("ben", ["ada", "ben", "cy", "dee", "nobody"], "one_person", NOTE) == 2
    assert line.lead_of("cy") == "ben"
    assert line.position("cy").place == 2
    line.finish("ada")
    assert line.admit(9) == ["ben"]
    line.finish("ben")
    assert line.admit(9) == []
    assert line.part(["cy", "dee"], "undone") == 2
    assert line.admit(9) == ["cy"]
    assert line.position("dee").place == 4
    assert line.unite("ben", ["cy"], "undone", NOTE) == 0  # called meanwhile: it stands


def test_a_lost_line_knows_parted_and_united_fans_again(redis: Redis, opened: Opener) -> None:
    line, past = opened(capacity=1), History("demo")
    with_a_merged_fan(redis, line)
    past.merged, past.places = {"eve": "ben"}, {"ada": 1, "ben": 2, "cy": 3, "dee": 4}
    line.part(["eve"], "two_people")
    line.unite("cy", ["dee"], "one_person", NOTE)
    line.admit(9)
    for entry in logged(line):
        past.take(entry)
    past.manifest, steered = line.manifest(), {"status": "open", "rate_per_s": 50, "capacity": 5}
    arrivals = line.arrivals()
    redis.flushdb()
    fresh = Line(redis, "demo")
    past.arrivals = arrivals
    known = calls(past, Orders(all={"ada"}, held={"ada"}))
    fresh.put_in_place(fresh.prepare(past, known, past.manifest, {**steered, "message": ""}, 9))
    assert fresh.merged() == {"dee": "cy"}
    assert fresh.position("eve").place == 2
    redis.hset(keys.state("demo"), "bucket_us", 0)
    assert [*fresh.admit(9), *fresh.admit(9)] == ["ben", "cy", "eve"]


class Checked:
    """A line of ada, ben, cy, dee; eve is merged into ben. Entries are checked as they come."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.places = {"ada": 1, "ben": 2, "cy": 3, "dee": 4}
        self._check = GroupCheck(
            lambda check, what, index: self.failures.append(check), self.places, {"eve": "ben"}
        )

    def take(self, *found: Entry) -> list[str]:
        for index, entry in enumerate(found):
            self._check.take(index, entry)
        return self.failures


def called(at_us: int, **fans: int) -> Entry:
    return entries.admitted("demo", at_us, list(fans.items()))


def apart(at_us: int = 1) -> Entry:
    return entries.parted("demo", at_us, [("eve", "ben")], "two_people")


def united(at_us: int = 1, **leads: str) -> Entry:
    return entries.united("demo", at_us, list(leads.items()), "one_person")


HONEST = {
    "called behind": (apart(), called(2, ada=1, ben=2), called(3, eve=2), called(4, cy=3)),
    "called when it has passed": (called(1, ada=1, ben=2, cy=3), apart(2), called(3, eve=2)),
    "the lead was held": (apart(), entries.admitted("demo", 2, [], [("ben", "review")]),
                          called(3, eve=2)),
    "merged and undone": (united(dee="cy"), entries.parted("demo", 2, [("dee", "dee")], "undone"),
                          called(3, ada=1, ben=2, cy=3, dee=4)),
}  # fmt: skip
LATE = 9 * SECOND + GRACE_US
CHANGED = {
    "called before the lead": ("parted", (apart(), called(2, ada=1, eve=2))),
    "left out while others go on": (
        "parted", (apart(), called(2, ada=1, ben=2), called(LATE, cy=3))),
    "behind somebody else": (
        "parted", (entries.parted("demo", 1, [("eve", "ada")], "two_people"),)),
    "shared nothing": ("parted", (entries.parted("demo", 1, [("cy", "ben")], "x"),)),
    "merged after the call": ("united", (called(1, ada=1), united(2, ada="ben"))),
    "merged twice": ("united", (united(dee="cy"), united(2, dee="ben"))),
    "merged in a circle": ("united", (united(dee="cy"), united(2, cy="dee"))),
    "merged without a place": ("united", (united(zoe="ben"),)),
}  # fmt: skip


@pytest.mark.parametrize("story", HONEST.values(), ids=HONEST.keys())
def test_what_a_person_decided_is_accepted(story: tuple[Entry, ...]) -> None:
    assert Checked().take(*story) == []


@pytest.mark.parametrize(("check", "story"), CHANGED.values(), ids=CHANGED.keys())
def test_what_a_person_could_not_have_decided_is_refused(
    check: str, story: tuple[Entry, ...]
) -> None:
    assert set(Checked().take(*story)) == {check}
