from __future__ import annotations

from pathlib import Path

import pytest

from fairness.errors import LogBroken
from fairness.ledger import entries, notes, story, windows
from fairness.ledger.log import Log
from fairness.ledger.story import Story
from fairness.ledger.verify import verify
from fairness.receipts import MERGE_DELAY_US, Promises
from tests.fairness.ledger.stores import (
    MANIFEST,
    SEED,
    START,
    arrivals_of,
    fan,
    fill,
    log_of,
    small_sale,
)

PROMISES = Promises(b"p" * 32)
KEY = notes.Signer("fairticket.example/log", SEED).verifier
LATER = START + 10 * MERGE_DELAY_US


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return log_of(tmp_path, promises=PROMISES)


def told(folder: Path, n: int) -> Story:
    return story.tell(folder, KEY, "sale", fan(n))


def test_the_story_of_every_fan_is_the_line_that_was_drawn(log: Log, tmp_path: Path) -> None:
    line = small_sale(log)
    for n in range(20):
        found = told(tmp_path, n)
        assert found.place == (line.index(fan(n)) + 1 if fan(n) in line else None)
    found = told(tmp_path, 14)
    assert (found.window, found.arrivals, found.drawn_of) == (1, 5, 5)
    assert found.place == 10 + (found.drawn or 0)
    assert found.called_us
    assert found.receipt_keys == [PROMISES.public_key()]


def test_a_merged_fan_is_told_whose_place_they_share(log: Log, tmp_path: Path) -> None:
    small_sale(log)
    found = told(tmp_path, 3)
    assert (found.lead, found.place, found.drawn) == (fan(1), None, None)


def test_verdicts_passing_over_and_seats_are_told(log: Log, tmp_path: Path) -> None:
    line = small_sale(log)
    found = told(tmp_path, 13)
    assert [verdict for _, verdict, _ in found.verdicts] == ["review", "admit"]
    assert [why for _, why in found.passed] == ["review"]
    assert len(found.called_us) == 1
    assert told(tmp_path, 12).called_us == []
    first, second = (int(name.removeprefix("fan")) for name in line[:2])
    assert told(tmp_path, first).seats[:2] == ["A-1", "A-2"]
    assert "A-3" not in told(tmp_path, second).seats or second == 1


def test_a_kept_promise_is_not_broken(log: Log, tmp_path: Path) -> None:
    small_sale(log)
    for name, at_us in arrivals_of(1, 5, 12):
        assert story.tell(tmp_path, KEY, "sale", name).broken(at_us, LATER) is None


def test_a_promise_may_wait_until_the_merge_delay_is_over(log: Log, tmp_path: Path) -> None:
    log.append("m", [entries.manifest(MANIFEST, START)])
    log.seal()
    found, at_us = told(tmp_path, 1), START - 30_000_000
    due = MANIFEST.window_ends_us(0) + MERGE_DELAY_US
    assert found.due_us(at_us) == due
    assert found.broken(at_us, due - 1) is None
    assert "merge delay" in (found.broken(at_us, due) or "")


def test_a_promise_is_broken_as_soon_as_its_window_is_committed_without_it(
    log: Log, tmp_path: Path
) -> None:
    log.append("m", [entries.manifest(MANIFEST, START)])
    windows.commit(log, "sale", 0, arrivals_of(0, 3, 0), {}, {}, START)
    log.seal()
    assert "without this arrival" in (told(tmp_path, 99).broken(START - 1, START) or "")
    assert told(tmp_path, 99).broken(MANIFEST.window_ends_us(3), START) is None
    assert "the log has this fan at" in (told(tmp_path, 1).broken(START - 1, START) or "")


def test_a_promise_for_a_sale_that_the_log_does_not_know_is_due_too(
    log: Log, tmp_path: Path
) -> None:
    fill(log, 3)
    log.seal()
    assert told(tmp_path, 1).broken(START, START + MERGE_DELAY_US - 1) is None
    assert told(tmp_path, 1).broken(START, START + MERGE_DELAY_US)


def test_a_copy_that_is_not_what_was_signed_is_refused(log: Log, tmp_path: Path) -> None:
    small_sale(log)
    other = log_of(tmp_path / "other")
    fill(other, 5)
    elsewhere = other.seal()
    with pytest.raises(LogBroken, match="does not begin"):
        story.tell(tmp_path, KEY, "sale", fan(1), elsewhere)
    fill(other, 200, 5)
    with pytest.raises(LogBroken, match="ends at"):
        story.tell(tmp_path, KEY, "sale", fan(1), other.seal())
    bundle = next((tmp_path / "tile" / "entries").rglob("*.p/*"))
    newest = max(bundle.parent.iterdir(), key=lambda path: int(path.name))
    data = newest.read_bytes()
    newest.write_bytes(data.replace(b"ecvrf", b"ECVRF", 1))
    with pytest.raises(LogBroken, match="do not hash"):
        told(tmp_path, 1)


def test_a_fan_is_told_which_screening_judged_their_window(log: Log, tmp_path: Path) -> None:
    log.append("m", [entries.manifest(MANIFEST, START)])
    windows.commit(log, "sale", 0, arrivals_of(0, 3, 0), {}, {}, START, "3-abc")
    log.seal()
    assert told(tmp_path, 1).screening == "3-abc"
    found = verify(tmp_path)
    assert found.failures == ()
    assert found.checked["screened by 3-abc"] == 1
