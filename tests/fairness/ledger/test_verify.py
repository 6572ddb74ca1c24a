from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from fairness import beacon
from fairness.ledger import entries, recompute, windows
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


# Tampering with the files: nobody but the operator's key could have signed them.


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def last(folder: Path, what: str) -> Path:
    """The newest partial tile: the one that the checkpoint needs."""
    return max((folder / "tile" / what).rglob("*.p/*"), key=lambda path: int(path.name))


FILES: list[tuple[str, Callable[[Path], object], str]] = [
    ("a changed entry", lambda f: flip(last(f, "entries")), "root"),
    ("a changed hash", lambda f: flip(last(f, "0")), "tile"),
    ("a missing bundle", lambda f: last(f, "entries").unlink(), "entries"),
    ("a missing tile", lambda f: last(f, "0").unlink(), "tile"),
    ("a cut bundle", lambda f: last(f, "entries").write_bytes(b"\x00"), "entries"),
    ("another size", lambda f: edit(f / "checkpoint", "\n", "\n1", 1), "checkpoint"),
    ("no checkpoint", lambda f: (f / "checkpoint").unlink(), "checkpoint"),
    ("no text", lambda f: (f / "checkpoint").write_bytes(b"\xff"), "checkpoint"),
    ("no key", lambda f: (f / "key").unlink(), "key"),
    ("another beacon", lambda f: (f / "beacon-key").write_text("ecvrf 00\n"), "beacon key"),
]


def edit(path: Path, old: str, new: str, count: int) -> None:
    path.write_text(path.read_text().replace(old, new, count))


@pytest.mark.parametrize(("what", "tamper", "check"), FILES, ids=[case[0] for case in FILES])
def test_changed_files_are_refused_by_name(
    folder: Path,
    line: list[str],
    what: str,
    tamper: Callable[[Path], object],
    check: str,
) -> None:
    tamper(folder)
    assert check in checks(verify(folder))


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


def without_first_fan(entry: Entry) -> Entry:
    return {**entry, "fans": entry["fans"][1:]}


def swapped_fans(entry: Entry) -> Entry:
    one, two, *rest = entry["fans"]
    return {**entry, "fans": [two, one, *rest]}


def earlier_arrival(entry: Entry) -> Entry:
    """The last fan of the window now came before all others."""
    *rest, (name, _) = entry["fans"]
    return {**entry, "fans": [[name, MANIFEST.opens_at_us - 1], *rest]}


def gone(_: Entry) -> None:
    return None


FORGED = b"".join([beacon.prove(bytes(32), b"another window")]).hex()
CHEATS: list[tuple[str, str, Change, set[str]]] = [
    ("an arrival left out", "arrivals", without_first_fan, {"window root", "window count"}),
    ("an arrival moved forward", "arrivals", earlier_arrival, {"window root"}),
    ("another root", "window", with_(root="00" * 32), {"window root", "beacon proof"}),
    ("another count", "window", with_(count=11), {"window count", "beacon proof"}),
    ("a merge left out", "merges", gone, {"screening", "passed over"}),
    ("a merge added", "merges", with_(fans=[[fan(0), fan(1)]]), {"screening"}),
    ("a verdict changed", "verdict", with_(verdict="review"), {"screening", "passed over"}),
    ("a proof by another key", "draw", with_(proof=FORGED), {"beacon proof"}),
    ("another seed", "draw", with_(seed="11" * 32), {"draw seed", "place"}),
    ("another beacon", "draw", with_(beacon="dice"), {"beacon proof"}),
    ("a window not drawn", "draw", gone, {"draw", "place"}),
    ("a window not committed", "window", gone, {"draw", "window"}),
    ("no manifest", "manifest", gone, {"manifest"}),
    ("calls in another order", "admitted", swapped_fans, {"order"}),
    ("a call left out", "admitted", without_first_fan, {"passed over"}),
    ("a place made up", "admitted", with_(fans=[[fan(0), 99]]), {"place"}),
    ("somebody who never came", "admitted", with_(fans=[["ghost", 1]]), {"place"}),
    ("a seat for a stranger", "seats_sold", with_(fan="stranger"), {"sold uncalled"}),
    ("one seat for two", "seats_sold", with_(seats=["A-1", "A-3"]), {"sold twice"}),
    ("too many", "seats_sold", with_(seats=[f"A-{n}" for n in range(9, 14)]), {"limit"}),
    ("more than was logged", "closed", with_(totals={"arrived": 21}), {"totals"}),
    ("no key of the beacon", "keys", gone, {"beacon key"}),
]


@pytest.mark.parametrize(
    ("what", "kind", "change", "expected"), CHEATS, ids=[case[0] for case in CHEATS]
)
def test_a_cheat_that_the_operator_signed_is_refused_by_name(
    store: MemoryStore,
    line: list[str],
    tmp_path: Path,
    what: str,
    kind: str,
    change: Change,
    expected: set[str],
) -> None:
    cheated = rewritten(store, [(kind, change)])
    log_of(tmp_path / "cheated", cheated).seal()
    assert expected <= checks(verify(tmp_path / "cheated"))


ADDED: list[tuple[str, Entry, str]] = [
    ("called again", entries.admitted("sale", START, [(fan(0), 0)]), "called twice"),
    ("a second manifest", entries.manifest(MANIFEST, START), "manifest"),
    ("a late arrival", entries.arrivals("sale", START, 0, 9, [(fan(99), START)]), "window"),
    ("a second draw", entries.draw("sale", START, 0, bytes(80), bytes(32)), "draw"),
    ("a merge in a circle", entries.merges("sale", START, 9, 0, [(fan(1), fan(1))]), "merges"),
]


@pytest.mark.parametrize(("what", "entry", "check"), ADDED, ids=[case[0] for case in ADDED])
def test_an_entry_that_may_not_follow_is_refused_by_name(
    store: MemoryStore, folder: Path, line: list[str], what: str, entry: Entry, check: str
) -> None:
    if what == "called again":
        entry = {**entry, "fans": [[line[0], 1]]}
    log = log_of(folder, store)
    log.append("added", [entry])
    if entry["type"] in ("merges", "arrivals"):
        count = 1 if entry["type"] == "arrivals" else 0
        number = entry["window"]
        made = entries.window("sale", START, number, count, bytes(32), 0, {}, bytes(32))
        log.append("window", [made])
    log.seal()
    assert check in checks(verify(folder))


def test_a_fan_called_before_an_earlier_place_is_refused(
    store: MemoryStore, line: list[str], tmp_path: Path
) -> None:
    """The last place called first: everybody else was passed over, in fact."""
    first = entries.admitted("sale", START, [(line[-1], len(line))])
    cheated = MemoryStore()
    for data in store.entries:
        if entries.decode(data)["type"] == "admitted" and first:
            cheated.entries.append(entries.encode(first))
            first = {}
        cheated.entries.append(data)
    cheated.batches[f"keys/{beacon_key().hex()}"] = (0, 1)
    log_of(tmp_path / "cheated", cheated).seal()
    assert {"order", "called twice"} <= checks(verify(tmp_path / "cheated"))


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
                entries.seats_sold("sale", START, order, line[3], seats),
                entries.seats_released("sale", START, order, line[3], seats, "refunded"),
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
        sold = entries.seats_sold(
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
