from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from fairness import beacon
from fairness.ledger import entries, recompute, seat_entries, windows
from fairness.ledger.entries import Entry
from fairness.ledger.log import Log
from fairness.ledger.verify import Verification, verify
from tests.fairness.ledger.stores import (
    BEACON_SEED,
    MANIFEST,
    ORIGIN,
    START,
    MemoryStore,
    arrivals_of,
    fan,
    fill,
    log_of,
    small_sale,
)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


@pytest.fixture
def line(store: MemoryStore, folder: Path) -> list[str]:
    return small_sale(log_of(folder, store))


def checks(verification: Verification) -> set[str]:
    return {failure.check for failure in verification.failures}


def test_an_honest_sale_is_verified_and_counted(folder: Path, line: list[str]) -> None:
    found = verify(folder)
    assert [str(failure) for failure in found.failures] == []
    assert (found.ok, found.origin) == (True, ORIGIN)
    assert found.checked["entries"] == found.size
    expected = {"sales": 1, "windows": 3, "draws": 3, "arrived": 20, "merged": 2, "placed": 18}
    assert expected.items() <= found.checked.items()
    assert (found.checked["called"], found.checked["sold"]) == (17, 4)


def test_the_line_is_recomputed_from_the_public_files_alone(folder: Path, line: list[str]) -> None:
    assert recompute.line(folder, "sale") == line
    assert recompute.line(folder, "another") == []
    assert set(line) == {fan(n) for n in range(20)} - {fan(3), fan(4)}
    assert [{fan(n) for n in window} for window in (range(12), range(12, 17), range(17, 20))] == [
        set(line[:10]) | {fan(3), fan(4)},
        set(line[10:15]),
        set(line[15:]),
    ]


def test_verification_needs_the_public_files_and_nothing_else(
    folder: Path, line: list[str]
) -> None:
    (folder / ".lock").unlink()
    names = {path.name for path in folder.iterdir()}
    assert names == {"checkpoint", "checkpoints", "key", "beacon-key", "tile"}
    assert verify(folder).ok


def test_an_earlier_checkpoint_is_still_contained(folder: Path, store: MemoryStore) -> None:
    log = log_of(folder, store)
    fill(log, 300)
    earlier = log.seal().text
    fill(log, 300, 300)
    log.seal()
    assert verify(folder, earlier=earlier).ok


def test_a_window_that_waits_for_its_draw_is_no_failure(folder: Path, store: MemoryStore) -> None:
    log = log_of(folder, store)
    log.append("m", [entries.manifest(MANIFEST, START)])
    windows.commit(log, "sale", 0, arrivals_of(0, 3, 0), {}, {}, START)
    assert windows.draw_window(log, "sale", 0, BEACON_SEED, START) is None
    log.seal()
    assert verify(folder).failures == ()


def test_a_pinned_key_refuses_a_log_that_was_signed_anew(
    folder: Path, store: MemoryStore, line: list[str], tmp_path: Path
) -> None:
    pinned = (folder / "key").read_text()
    forged = Log(rewritten(store, []), tmp_path / "forged", ORIGIN, bytes(32), beacon_key())
    forged.seal()
    assert verify(tmp_path / "forged").ok
    assert checks(verify(tmp_path / "forged", key=pinned)) == {"checkpoint"}


def test_an_earlier_checkpoint_shows_that_history_was_rewritten(
    folder: Path, store: MemoryStore, line: list[str], tmp_path: Path
) -> None:
    earlier = (folder / "checkpoint").read_text()
    changed = rewritten(store, [("keys", with_(at_us=1))])
    fill(log_of(tmp_path / "other", changed), 3)
    log_of(tmp_path / "other", changed).seal()
    assert "earlier checkpoint" in checks(verify(tmp_path / "other", earlier=earlier))
    short = MemoryStore()
    log_of(tmp_path / "short", short).seal()
    assert checks(verify(tmp_path / "short", earlier=earlier)) == {"earlier checkpoint"}


# Cheating by the operator, who signs the result: only the contents can show it.

Change = Callable[[Entry], Entry | None]


def beacon_key() -> bytes:
    return beacon.public_key(BEACON_SEED)


def rewritten(store: MemoryStore, changes: Iterable[tuple[str, Change]]) -> MemoryStore:
    """A copy of the log in which the first entry of each named type is changed or left out."""
    fresh, left = MemoryStore(), dict(changes)
    for data in store.entries:
        entry: Entry | None = entries.decode(data)
        if entry and (change := left.pop(entry["type"], None)):
            entry = change(entry)
        if entry:
            fresh.entries.append(entries.encode(entry))
    fresh.batches[f"keys/{beacon_key().hex()}"] = (0, 1)
    assert not left
    return fresh


def with_(**fields: Any) -> Change:
    return lambda entry: {**entry, **fields}


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b'{"type":"closed"}', b"\xff", b"[" * 60_000, b"null"],
    ids=["empty", "no fields", "one field", "no text", "deep", "null"],
)
def test_what_is_no_entry_is_refused_and_the_rest_is_still_checked(
    store: MemoryStore, folder: Path, line: list[str], data: bytes
) -> None:
    store.append("rubbish", [data])
    log_of(folder, store).seal()
    found = verify(folder)
    assert checks(found) == {"entry"}
    assert found.failures[0].entry == store.size() - 1
    assert found.checked["draws"] == 3


def test_a_refund_frees_the_seat_and_the_limit(
    store: MemoryStore, folder: Path, line: list[str]
) -> None:
    log, order = log_of(folder, store), entries.commitment("again")
    seats = [f"B-{n}" for n in range(4)]
    for turn in range(3):
        log.append(
            f"again/{turn}",
            [
                seat_entries.seats_sold("sale", START, order, line[3], seats),
                seat_entries.seats_released("sale", START, order, line[3], seats, "refunded"),
            ],
        )
    log.seal()
    assert verify(folder).failures == ()


def test_people_with_several_accounts_share_one_limit(
    store: MemoryStore, folder: Path, line: list[str]
) -> None:
    """fan 3 and fan 4 are merged into fan 1, who has a seat already."""
    log = log_of(folder, store)
    for n, name in ((1, fan(3)), (2, fan(4))):
        sold = seat_entries.seats_sold(
            "sale", START, entries.commitment(name), name, [f"C-{n}", f"D-{n}"]
        )
        log.append(name, [sold])
    log.seal()
    assert checks(verify(folder)) == {"limit"}


def test_memory_does_not_grow_with_the_bytes_of_the_log(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    for n in range(40):
        text = str(n) * 12_000
        log.append(f"{n}", [entries.organiser("", START, "note", {"text": text, "n": n})] * 64)
    log.seal()
    size = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    tracemalloc.start()
    assert verify(tmp_path).ok
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size > 40_000_000
    assert peak < size / 2
