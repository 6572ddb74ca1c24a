from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from fairness import beacon
from fairness.errors import Invalid, LogBroken, NotFound
from fairness.ledger import entries, merkle, notes
from fairness.ledger.log import Log
from fairness.ledger.verify import verify
from tests.fairness.ledger.stores import BEACON_SEED, SEED, MemoryStore, fill, log_of, organised


def files(folder: Path) -> dict[str, bytes]:
    """Every public file by its name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_new_log_first_names_the_key_of_its_beacon(tmp_path: Path) -> None:
    store = MemoryStore()
    assert log_of(tmp_path, store).append("a", [organised(1)]) == 1
    first = entries.decode(store.entries[0])
    assert (first["type"], first["key"]) == ("keys", beacon.public_key(BEACON_SEED).hex())
    log_of(tmp_path, store).seal()
    assert store.size() == 2


def test_what_is_no_entry_is_not_appended(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        log_of(tmp_path).append("a", [{"type": "gossip"}])


def test_a_sealed_log_has_a_signed_checkpoint_over_its_entries(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    fill(log, 300)
    head = log.seal()
    assert (head.size, log.sealed_size()) == (301, 301)
    assert head.root == merkle.root(merkle.leaf_hash(entry) for entry in store.entries)
    verifier = notes.Verifier.parse((tmp_path / "key").read_text())
    assert notes.check((tmp_path / "checkpoint").read_text(), verifier) == head
    public = beacon.public_key(BEACON_SEED).hex()
    assert (tmp_path / "beacon-key").read_text() == f"ecvrf {public}\n"


def test_nothing_is_sealed_before_the_first_seal(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    fill(log, 3)
    assert log.sealed_size() == 0
    with pytest.raises(NotFound, match="not published"):
        log.proof(0)


def test_sealing_twice_changes_no_file(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    fill(log, 3)
    head, before = log.seal(), files(tmp_path)
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert log.seal() == head
    assert files(tmp_path) == before
    del stamps[tmp_path / ".lock"]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in stamps.items())


def test_sealing_costs_what_is_new(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    fill(log, 5_000)
    log.seal()
    store.reads = 0
    fill(log, 10, 5_000)
    log.seal()
    assert store.reads == 10


def test_the_files_do_not_depend_on_how_often_was_sealed(tmp_path: Path) -> None:
    often, once = MemoryStore(), MemoryStore()
    log = log_of(tmp_path / "often", often)
    for first in range(0, 700, 70):
        fill(log, 70, first)
        log.seal()
    once.entries = list(often.entries)
    once.batches = dict(often.batches)
    log_of(tmp_path / "once", once).seal()
    final = files(tmp_path / "once")
    del final["checkpoints/latest"]
    assert final.items() <= files(tmp_path / "often").items()


def test_partial_tiles_go_when_the_full_one_is_there(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    fill(log, 100)
    log.seal()
    assert "tile/0/000.p/101" in files(tmp_path)
    fill(log, 155, 100)
    log.seal()
    names = set(files(tmp_path))
    assert {"tile/0/000", "tile/entries/000"} <= names
    assert not any(".p/" in name for name in names if not name.startswith("tile/1"))


def test_every_entry_can_be_proved_to_somebody_with_the_key_alone(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    fill(log, 600)
    log.seal()
    for index in (0, 1, 255, 256, 511, 512, 600):
        proof = log.proof(index)
        assert proof.holds(store.entries[index])
        assert not proof.holds(b"something else")
    with pytest.raises(NotFound, match="entry 601"):
        log.proof(601)


def test_a_proof_is_written_as_the_standard_says(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    fill(log, 2)
    head = log.seal()
    lines = log.proof(2).text().split("\n", 4)
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 2"]
    assert len(lines[2]) == 44
    assert lines[3] == ""
    assert lines[4] == head.text


def test_a_later_checkpoint_is_proved_to_extend_an_earlier_one(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    fill(log, 300)
    old = log.seal()
    fill(log, 300, 300)
    new = log.seal()
    proof = log.consistency(old.size)
    assert merkle.extends(old.size, new.size, old.root, new.root, proof)


def test_a_folder_on_another_machine_is_filled_from_the_store(tmp_path: Path) -> None:
    store = MemoryStore()
    one, two = log_of(tmp_path / "one", store), log_of(tmp_path / "two", store)
    fill(one, 300)
    assert one.seal() == two.seal()
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_a_folder_that_lost_tiles_is_filled_again(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    fill(log, 300)
    log.seal()
    shutil.rmtree(tmp_path / "tile")
    fill(log, 5, 300)
    assert log.seal().size == 306
    assert verify(tmp_path).ok


@pytest.mark.parametrize("name", ["tile/0/001.p/45", "tile/entries/001.p/45", "tile/1/000.p/1"])
def test_a_changed_tile_is_found_before_anything_is_signed(tmp_path: Path, name: str) -> None:
    log = log_of(tmp_path)
    fill(log, 300)
    before = log.seal()
    data = bytearray((tmp_path / name).read_bytes())
    data[-1] ^= 1
    (tmp_path / name).write_bytes(data)
    fill(log, 5, 300)
    with pytest.raises(LogBroken):
        log.seal()
    assert (tmp_path / "checkpoint").read_text() == before.text


def test_entries_that_changed_after_they_were_published_are_found(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path / "one", store)
    fill(log, 300)
    before = log.seal()
    store.entries[7] = entries.encode(organised(999))
    fill(log, 5, 300)
    with pytest.raises(LogBroken, match="not those published"):
        log_of(tmp_path / "fresh", store).seal()
    assert store.checkpoint() == before.text
    assert not (tmp_path / "fresh" / "checkpoint").exists()


def test_a_store_that_lost_entries_is_found(tmp_path: Path) -> None:
    store = MemoryStore()
    log = log_of(tmp_path, store)
    fill(log, 300)
    log.seal()
    del store.entries[290:]
    with pytest.raises(LogBroken, match="11 published entries are lost"):
        log.seal()


def test_another_signing_key_does_not_take_over_a_log(tmp_path: Path) -> None:
    store = MemoryStore()
    fill(log_of(tmp_path, store), 3)
    log_of(tmp_path, store).seal()
    stolen = Log(store, tmp_path, "fairticket.example/log", bytes(32), bytes(32))
    with pytest.raises(LogBroken, match="not signed by"):
        stolen.seal()


def test_a_seal_that_was_killed_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    """Every write to the folder and to the store is the last one once."""
    for survives in range(14):
        store, folder = MemoryStore(), tmp_path / str(survives)
        log = log_of(folder, store)
        fill(log, 200)
        log.seal()
        fill(log, 100, 200)
        killed = log_of(folder, store)
        left = [survives]

        def dies(call, left=left):  # type: ignore[no-untyped-def]
            def wrapped(*args):  # type: ignore[no-untyped-def]
                if left[0] == 0:
                    raise KeyboardInterrupt
                left[0] -= 1
                return call(*args)

            return wrapped

        killed._folder.replace = dies(killed._folder.replace)  # type: ignore[method-assign]
        killed._folder.drop_partials = dies(killed._folder.drop_partials)  # type: ignore[method-assign]
        publish, store.publish = store.publish, dies(store.publish)  # type: ignore[method-assign]
        try:
            killed.seal()
        except KeyboardInterrupt:
            told = {failure.check for failure in verify(folder).failures}
            assert told <= {"stale checkpoint"}  # it was signed, and is not in its place yet
        store.publish = publish  # type: ignore[method-assign]
        head = log.seal()
        assert (head.size, store.checkpoint()) == (301, head.text)
        assert verify(folder).ok


def test_many_may_seal_while_others_append(tmp_path: Path) -> None:
    store, at_once = MemoryStore(), Barrier(4)
    sizes = list[list[int]]()

    def seal(_: int) -> None:
        log, mine = log_of(tmp_path, store), list[int]()
        at_once.wait()
        for _ in range(10):
            mine.append(log.seal().size)
        sizes.append(mine)

    def append(worker: int) -> None:
        log = log_of(tmp_path, store)
        at_once.wait()
        for n in range(20):
            fill(log, 7, 1000 * worker + 7 * n)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(seal, n) for n in (0, 1)] + [
            pool.submit(append, n) for n in (1, 2)
        ]:
            done.result()
    assert all(mine == sorted(mine) for mine in sizes)
    assert log_of(tmp_path, store).seal().size == 1 + 2 * 20 * 7
    assert verify(tmp_path).ok


def test_an_older_checkpoint_never_comes_back(tmp_path: Path) -> None:
    """A sealer that was asleep wakes up after another has published more."""
    store = MemoryStore()
    slow, quick = log_of(tmp_path, store), log_of(tmp_path, store)
    fill(slow, 10)
    slow.seal()
    size = store.size()
    fill(quick, 10, 10)
    head = quick.seal()
    assert not store.publish(size, "older")
    assert slow.seal() == head
    assert (tmp_path / "checkpoint").read_text() == head.text


def test_a_checkpoint_is_the_same_whoever_signs_it(tmp_path: Path) -> None:
    one = notes.Signer("a", SEED).sign(5, merkle.EMPTY)
    assert notes.Signer("a", SEED).sign(5, merkle.EMPTY) == one
