"""Rows of the outbox go into the log, each exactly once, whoever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from boxoffice import outbox
from boxoffice.dynamo import Database
from boxoffice.ledger.promises import Promises, manifest_batch
from boxoffice.ledger.store import LedgerStore
from boxoffice.tables import OUTBOX
from fairness import beacon
from fairness.errors import Unavailable
from fairness.ledger import entries
from fairness.ledger.log import Log
from fairness.manifest import Manifest


def a_log(db: Database, folder: Path) -> Log:
    seed = b"\x07" * 32
    return Log(LedgerStore(db), folder, "test.example/log", seed, beacon.public_key(seed))


@pytest.fixture
def log(any_db: Database, tmp_path: Path) -> Log:
    return a_log(any_db, tmp_path)


def promise(db: Database, *numbers: int) -> None:
    for number in numbers:
        entry = entries.organiser("sale", number, "amend", {"n": number})
        db.write(outbox.ledger_(db, entry, f"act-{number}", number))


def logged(db: Database, log: Log) -> list[int]:
    every = [entries.decode(data) for data in log.read(0, LedgerStore(db).size())]
    return [entry["at_us"] for entry in every if entry["type"] == "organiser"]


def keep_all(promises: Promises) -> None:
    while chosen := promises.choose():
        promises.keep(chosen)


def promised(db: Database) -> list[str]:
    return [row["promise_id"] for row in db.query(OUTBOX, kind=outbox.LEDGER)]


def test_promises_are_logged_in_the_order_of_their_making(any_db: Database, log: Log) -> None:
    promise(any_db, 3, 1, 2)

    keep_all(Promises(any_db, log))

    assert logged(any_db, log) == [1, 2, 3]
    assert promised(any_db) == []


def test_more_than_fit_into_one_batch_are_all_logged(any_db: Database, log: Log) -> None:
    promise(any_db, *range(1, 231))

    keep_all(Promises(any_db, log))

    assert logged(any_db, log) == list(range(1, 231))


def test_a_manifest_is_a_batch_of_its_own(any_db: Database, log: Log) -> None:
    entry = entries.manifest(Manifest("sale", 1, 2, 3), 1)
    any_db.write(outbox.ledger_(any_db, entry, "schedule", 1))
    promise(any_db, 2)

    keep_all(Promises(any_db, log))

    found = log.batch(manifest_batch("sale"))
    assert found is not None
    assert found[1] - found[0] == 1
    assert promised(any_db) == []


@pytest.mark.parametrize("method", ["transact", "write"])
def test_who_comes_after_a_crash_ends_what_was_begun(
    any_db: Database, log: Log, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    promise(any_db, 1, 2)
    promises = Promises(any_db, log)
    chosen = promises.choose()
    assert chosen is not None
    with monkeypatch.context() as patch:
        patch.setattr(any_db, method, after(getattr(any_db, method)))
        with pytest.raises(KeyboardInterrupt):
            promises.keep(chosen)
    promise(any_db, 3)  # and others promise more meanwhile

    keep_all(Promises(any_db, log))

    assert logged(any_db, log) == [1, 2, 3]
    assert promised(any_db) == []


def after(write: Callable[..., None]) -> Callable[..., None]:
    def wrapper(*args: object, **kwargs: object) -> None:
        write(*args, **kwargs)
        raise KeyboardInterrupt

    return wrapper


def without_a_choice(db: Database, log: Log, number: int) -> None:
    """The obvious way: log what is there under a fresh name, then delete it."""
    rows = list(db.query(OUTBOX, kind=outbox.LEDGER))
    if rows:
        log.append(f"run/{number}", [row["entry"] for row in rows])


def test_the_doubled_entry_is_real(any_db: Database, log: Log) -> None:
    """If this one fails, the next one proves nothing."""
    promise(any_db, 1, 2)

    without_a_choice(any_db, log, 1)  # and dies before it deletes
    without_a_choice(any_db, log, 2)

    assert logged(any_db, log) == [1, 2, 1, 2]


def test_many_at_once_log_each_promise_once(db: Database, tmp_path: Path) -> None:
    promise(db, *range(1, 151))

    def run(_: int) -> None:
        for _ in range(20):
            try:
                keep_all(Promises(db, a_log(db, tmp_path)))
            except Unavailable:
                continue
            return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(run, range(4)))

    assert sorted(logged(db, a_log(db, tmp_path))) == list(range(1, 151))
    assert promised(db) == []
