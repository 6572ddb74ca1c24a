from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from boxoffice.dynamo import Database
from boxoffice.ledger.store import LedgerStore
from fairness import beacon, draw
from fairness.ledger import entries, window_entries, windows
from fairness.ledger.linecheck import LineCheck
from fairness.ledger.log import Log
from fairness.ledger.screencheck import ScreenCheck
from fairness.ledger.verify import verify
from fairness.screening.version import release, version
from tests.fairness.ledger.stores import (
    BEACON_SEED,
    MANIFEST,
    ORIGIN,
    SEED,
    START,
    MemoryStore,
    arrivals_of,
    fan,
    log_of,
    small_sale,
)


def committed(log: Log, count: int = 20) -> int:
    log.append("manifest", [entries.manifest(MANIFEST, START)])
    return windows.commit(log, "sale", 0, arrivals_of(0, count, 0), {}, {}, START)


def test_nothing_is_drawn_before_the_window_is_published(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    assert windows.draw_window(log, "sale", 0, BEACON_SEED, START) is None
    committed(log)
    assert windows.draw_window(log, "sale", 0, BEACON_SEED, START) is None
    size = store.size()
    log.seal()
    assert windows.draw_window(log, "sale", 0, BEACON_SEED, START)
    assert store.size() == size + 1


def test_a_window_is_logged_once_and_the_first_stands(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    index = committed(log)
    size = store.size()
    again = windows.commit(log, "sale", 0, arrivals_of(0, 5, 0), {}, {}, START + 9)
    assert (again, store.size()) == (index, size)
    assert entries.decode(store.entries[index])["count"] == 20


def test_drawing_twice_draws_once(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    committed(log)
    log.seal()
    first = windows.draw_window(log, "sale", 0, BEACON_SEED, START)
    size = store.size()
    assert windows.draw_window(log, "sale", 0, BEACON_SEED, START + 5) == first
    assert store.size() == size


def test_the_seed_is_the_beacons_proof_over_the_window_entry(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    index = committed(log)
    log.seal()
    line = windows.draw_window(log, "sale", 0, BEACON_SEED, START)
    drawn = entries.decode(store.entries[-1])
    public = beacon.public_key(BEACON_SEED)
    beta = beacon.verify(public, store.entries[index], bytes.fromhex(drawn["proof"]))
    assert beacon.draw_seed(beta).hex() == drawn["seed"]
    arrivals = arrivals_of(0, 20, 0)
    leaves = [draw.leaf("sale", name, at_us) for name, at_us in arrivals]
    order = draw.order(bytes.fromhex(drawn["seed"]), leaves)
    assert line is not None
    assert line.fans == [arrivals[n][0] for n in order]
    assert line.times == [arrivals[n][1] for n in order]


def test_what_screening_decided_cannot_be_changed_after_the_draw_is_known() -> None:
    """A merge or a verdict changes the window entry, and so the seed: it cannot steer it."""
    arrivals = arrivals_of(0, 5, 0)
    plain, merged, judged = (
        windows.entries_of("sale", 0, arrivals, merges, verdicts, START)[-1]
        for merges, verdicts in (
            ({}, {}),
            ({fan(1): fan(0)}, {}),
            ({}, {fan(1): ("review", ["odd"])}),
        )
    )
    assert len({entry["screened"] for entry in (plain, merged, judged)}) == 3
    assert plain["root"] == merged["root"] == judged["root"]


def test_a_merge_of_a_fan_who_has_a_place_already_changes_no_place(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    committed(log, 4)
    late = arrivals_of(1, 3, 4)
    windows.commit(log, "sale", 1, late, {fan(0): fan(1), fan(4): fan(1)}, {}, START)
    log.seal()
    first = windows.draw_window(log, "sale", 0, BEACON_SEED, START)
    second = windows.draw_window(log, "sale", 1, BEACON_SEED, START)
    assert first is not None
    assert second is not None
    assert (set(first.fans), set(second.fans)) == (
        {fan(0), fan(1), fan(2), fan(3)},
        {fan(5), fan(6)},
    )
    places = [
        (name, place) for place, name in enumerate(first.fans + second.fans, 1) if name != fan(0)
    ]
    log.append("called", [entries.admitted("sale", START, places, [(fan(0), "merged")])])
    log.seal()
    assert verify(tmp_path).failures == ()


@pytest.mark.parametrize("count", [3_000, 30_000])
def test_a_large_window_is_committed_and_drawn_whole(
    tmp_path: Path, db: Database, count: int
) -> None:
    store = LedgerStore(db)
    log = Log(store, tmp_path, ORIGIN, SEED, beacon.public_key(BEACON_SEED))
    committed(log, count)
    log.seal()
    line = windows.draw_window(log, "sale", 0, BEACON_SEED, START)
    log.seal()
    assert line is not None
    assert sorted(line.fans) == [fan(n) for n in range(count)]
    found = verify(tmp_path)
    assert (found.failures, found.checked["placed"]) == ((), count)


def test_a_whole_sale_in_the_database_is_verified(tmp_path: Path, any_db: Database) -> None:
    def log() -> Log:
        key = beacon.public_key(BEACON_SEED)
        return Log(LedgerStore(any_db), tmp_path, ORIGIN, SEED, key)

    line = small_sale(log())
    assert small_sale(log()) == line
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(lambda _: small_sale(log()), range(3))) == [line] * 3
    found = verify(tmp_path)
    assert [str(failure) for failure in found.failures] == []
    assert found.checked["placed"] == len(line) == 18


def test_a_window_names_the_screening_that_judged_it_and_older_ones_need_not() -> None:
    merged, verdicts = {fan(1): fan(0)}, {fan(2): ("challenge", ["vpn_address"])}
    arrived = arrivals_of(0, 4, 0)
    named = windows.entries_of("sale", 0, arrived, merged, verdicts, START, "3-abc")
    older = windows.entries_of("sale", 0, arrived, merged, verdicts, START)
    assert named[1:] == older
    assert named[0]["detail"] == {"by": "clock", "window": 0, "version": "3-abc"}
    assert all(entries.encode(entry) for entry in named)


def test_a_window_screened_with_other_weights_than_the_sale_promised_is_found() -> None:
    weights = {"vpn_address": 790}
    for promised, used in (({}, {}), (weights, weights), (weights, {}), ({}, weights)):
        faults: list[tuple[str, str, int | None]] = []
        check = LineCheck(lambda *fault: faults.append(fault))  # noqa: B023 - called in this turn
        rules = replace(MANIFEST, rule_weights_milli=promised)
        told = [
            entries.manifest(rules, START),
            window_entries.screening("sale", START, 0, version(used)),
        ]
        for index, entry in enumerate(told):
            check.take(index, entry, entries.encode(entry), beacon.public_key(BEACON_SEED))
        assert [name for name, *_ in faults] == ([] if promised == used else ["screening"])


def test_a_sale_that_declares_its_screening_says_of_each_window_who_judged_it() -> None:
    rules, other = replace(MANIFEST, screening="3-aaa"), {"version": "3-bbb", "window": 0}
    for detail, wrong in (
        ({"version": "3-aaa", "window": 0}, ""),
        ({**other, "instead_of": "3-aaa"}, ""),
        (other, "the log does not say so"),
        ({**other, "instead_of": "3-ccc"}, "the log does not say so"),
        ({"version": "3-aaa", "window": 0, "instead_of": "3-aaa"}, "is that itself"),
        ({"version": "3-aaa", "window": 7}, "does not say which"),
        ({"version": "3-aaa", "window": []}, "does not say which"),
    ):
        found: list[str] = []
        check = ScreenCheck(lambda _, what, at: found.append(what))  # noqa: B023
        check.take(detail, rules)
        check.window(0, rules)
        assert [what for what in found if wrong not in what] == []
        assert bool(found) == bool(wrong)
    assert (
        "instead_of"
        not in window_entries.screening("sale", START, 0, "3-aaa+0f", "3-aaa")["detail"]
    )
    told = window_entries.screening("sale", START, 0, "3-bbb", "3-aaa")["detail"]
    assert told["instead_of"] == "3-aaa"


def test_the_version_of_a_screening_is_the_same_in_every_process_of_a_release() -> None:
    release.cache_clear()
    first = version()
    release.cache_clear()
    assert version() == first
    assert re.fullmatch(r"\d+-[0-9a-f]{12}", first)
