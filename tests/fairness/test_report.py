from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fairness import report
from fairness.errors import LogBroken, NotFound
from fairness.ledger import entries, recompute
from fairness.ledger.tiles import Folder
from fairness.tally import Tally
from tests.fairness.ledger.stores import (
    MANIFEST,
    SECOND,
    START,
    MemoryStore,
    arrivals_of,
    fan,
    fill,
    log_of,
    small_sale,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("log")
    log = log_of(found)
    fill(log, 300)
    small_sale(log)
    return found


def test_a_report_counts_what_became_of_the_fans(folder: Path) -> None:
    made = report.of(Folder(folder), "sale")
    assert made["fans"] == {"joined": 20, "merged": 2, "placed": 18, "called": 17, "bought": 3}
    assert made["windows"] == {"committed": 3, "drawn_by": {"ecvrf": 3}}
    assert made["screening"]["verdicts"] == {"admit": 1, "refuse": 1, "review": 1}
    assert made["screening"]["held_up"] == {"refuse": 1}
    assert made["screening"]["passed_over"] == {"refuse": 1, "review": 1}
    assert made["screening"]["lifted"] == 1
    assert (made["closed"], made["totals"]) == (True, {"arrived": 20, "sold": 3})


def test_seats_that_were_sold_and_given_back_are_returned(folder: Path) -> None:
    seats = report.of(Folder(folder), "sale")["seats"]
    assert (seats["orders"], seats["sold"]) == (3, 3)
    assert seats["returned"] == {"refunded": 1}


def test_the_order_of_an_honest_sale_has_no_pair_wrong(folder: Path) -> None:
    order = report.of(Folder(folder), "sale")["fairness"]
    assert (order["fans"], order["out_of_window_inversions"]) == (16, 0)


def test_a_report_is_the_same_whoever_counts(folder: Path) -> None:
    tally = Tally("sale")
    for index, entry in enumerate(recompute.published(folder)):
        tally.take(index, entry)
    one, two = report.document(tally), report.of(Folder(folder), "sale")
    assert json.dumps(one) == json.dumps(two)


def test_an_earlier_report_can_be_made_again_later(folder: Path) -> None:
    whole = report.of(Folder(folder), "sale")
    earlier = report.of(Folder(folder), "sale", until=whole["until_entry"] - 1)
    assert not earlier["closed"]
    assert earlier["fans"] == whole["fans"]


def test_a_sale_that_the_log_does_not_know_has_no_report(folder: Path) -> None:
    with pytest.raises(NotFound, match="no entry"):
        report.of(Folder(folder), "another")


def test_a_report_of_changed_files_is_refused(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    small_sale(log)
    (bundle,) = (path for path in (tmp_path / "tile/entries").rglob("*") if path.name == "26")
    bundle.write_bytes(bundle.read_bytes().replace(b'"refunded"', b'"returned"'))
    with pytest.raises(LogBroken, match="signed root"):
        report.of(Folder(tmp_path), "sale")


def test_waiting_begins_with_the_start_for_whoever_came_before_it() -> None:
    tally = tally_of([(fan(0), MANIFEST.opens_at_us), (fan(1), START + 20 * SECOND)], [0, 1])
    told = report.waiting(tally)
    assert (told["fans"], told["longest"]) == (2, 100)
    assert told["percentiles"]["10"] == 80
    assert dict(map(tuple, told["histogram"]))[120] == 2


def test_a_fan_who_was_served_too_early_is_a_pair_in_the_wrong_order() -> None:
    late = [(fan(n), START + (10 + n) * SECOND) for n in range(4)]
    assert report.fairness(tally_of(late, [0, 1, 2, 3]))["out_of_window_inversions"] == 0
    found = report.fairness(tally_of(late, [3, 0, 1, 2]))
    assert (found["out_of_window_inversions"], found["max_displacement_us"]) == (3, 3 * SECOND)


def test_a_draw_that_favours_who_came_early_is_seen() -> None:
    tally = Tally("sale")
    tally.opening = [name for name, _ in arrivals_of(0, 1_000, 0)]
    tally.places = {name: place for place, name in enumerate(tally.opening, 1)}
    unfair = report.opening_draw(tally)
    assert unfair["p"] == 0
    assert unfair["early_tenths"][0] == pytest.approx(0.05)
    tally.places = {name: place * 617 % 1_009 for name, place in tally.places.items()}
    assert report.opening_draw(tally)["p"] > 0.01


def test_an_organisers_acts_are_listed_with_their_role() -> None:
    tally = Tally("sale")
    tally.take(7, entries.organiser("sale", START, "pause", {"by": "organiser"}))
    acts = report.document(tally)["organiser"]
    assert acts == {"acts": 1, "listed": [
        {"at_us": START, "act": "pause", "detail": {"by": "organiser"}}]}  # fmt: skip


def tally_of(arrivals: list[tuple[str, int]], order: list[int]) -> Tally:
    """A tally in which these came, and were called in this order, 100 s after the start."""
    tally = Tally("sale")
    tally.manifest = replace(MANIFEST)
    tally.arrived = dict(arrivals)
    tally.called = {arrivals[n][0]: START + 100 * SECOND for n in order}
    return tally


def test_a_report_needs_no_entry_of_another_sale(tmp_path: Path) -> None:
    store = MemoryStore()
    small_sale(log_of(tmp_path, store))
    alone = report.of(Folder(tmp_path), "sale")
    fill(log_of(tmp_path, store), 40, 500)
    log_of(tmp_path, store).seal()
    assert report.of(Folder(tmp_path), "sale") == alone
