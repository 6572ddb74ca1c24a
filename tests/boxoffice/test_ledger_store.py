from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from boxoffice.dynamo import Database, connect
from boxoffice.ledger import store as module
from boxoffice.ledger.store import LedgerStore
from boxoffice.tables import LEDGER
from fairness.errors import Contention, LogBroken, TooLarge, Unavailable

WORKERS = 6


def batch_of(name: str, count: int = 3) -> list[bytes]:
    return [f"{name}-{n}".encode() for n in range(count)]


def all_of(store: LedgerStore) -> list[bytes]:
    return list(store.read(0, store.size()))


def test_an_empty_log_has_size_zero_and_no_checkpoint(any_db: Database) -> None:
    store = LedgerStore(any_db)
    assert (store.size(), all_of(store), store.checkpoint()) == (0, [], None)
    assert store.batch("a") is None


def test_entries_come_back_in_order_from_any_place(any_db: Database) -> None:
    store = LedgerStore(any_db)
    firsts = [store.append(name, batch_of(name)) for name in "abcd"]
    whole = [entry for name in "abcd" for entry in batch_of(name)]
    assert firsts == [0, 3, 6, 9]
    assert store.batch("c") == (6, 9)
    for start in range(12):
        for end in range(start, 13):
            assert list(store.read(start, end)) == whole[start:end]


def test_a_batch_is_logged_once_and_the_first_stands(any_db: Database) -> None:
    store = LedgerStore(any_db)
    store.append("other", [b"x"])
    assert [store.append("a", batch_of("a")) for _ in range(3)] == [1, 1, 1]
    assert store.append("a", [b"something else"]) == 1
    assert all_of(store) == [b"x", *batch_of("a")]


def test_a_batch_of_nothing_is_no_batch(any_db: Database) -> None:
    store = LedgerStore(any_db)
    assert store.append("a", []) == 0
    assert store.batch("a") is None


def test_a_batch_larger_than_a_transaction_is_still_one_batch(any_db: Database) -> None:
    store = LedgerStore(any_db)
    large = [bytes([n % 256]) * 60_000 for n in range(90)]  # 5.4 MB
    store.append("before", [b"b"])
    assert store.append("large", large) == 1
    assert store.append("large", large) == 1
    store.append("after", [b"a"])
    assert all_of(store) == [b"b", *large, b"a"]
    assert list(store.read(5, 7)) == large[4:6]
    assert list(store.read(90, 92)) == [large[-1], b"a"]


def test_no_item_comes_near_the_limit_of_400_kb(any_db: Database) -> None:
    LedgerStore(any_db).append("large", [b"x" * 65_535] * 20 + [b"y"] * 2_000)
    assert max(len(item.get("packed", b"")) for item in any_db.scan(LEDGER)) <= module.ITEM_BYTES


def test_an_entry_that_no_bundle_can_hold_is_refused(any_db: Database) -> None:
    store = LedgerStore(any_db)
    with pytest.raises(TooLarge, match="65536 bytes"):
        store.append("a", [b"x" * 65_536])
    assert store.size() == 0


def test_a_crash_before_the_last_step_of_a_large_batch_leaves_no_trace_in_the_log(
    any_db: Database,
) -> None:
    store = LedgerStore(any_db)
    large = [b"x" * 60_000] * 20
    with interrupted(any_db, "before-call", Unavailable("killed")), pytest.raises(Unavailable):
        store.append("large", large)
    assert (store.size(), all_of(store)) == (0, [])
    store.append("small", [b"s"])
    assert store.append("large", large) == 1
    assert all_of(store) == [b"s", *large]


def test_a_lost_reply_does_not_log_twice(any_db: Database) -> None:
    store = LedgerStore(any_db)
    lost = ConnectionClosedError(endpoint_url="the store")
    with interrupted(any_db, "after-call", lost), pytest.raises(Unavailable):
        store.append("a", batch_of("a"))
    assert store.append("a", batch_of("a")) == 0
    assert all_of(store) == batch_of("a")


def test_a_conflict_that_the_real_store_reports_is_tried_again(any_db: Database) -> None:
    conflict = {
        "Error": {"Code": "TransactionCanceledException", "Message": "conflict"},
        "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
    }
    with answered(any_db, [conflict, conflict]):
        assert LedgerStore(any_db).append("a", batch_of("a")) == 0
    assert all_of(LedgerStore(any_db)) == batch_of("a")


def test_a_log_that_is_always_busy_asks_to_come_back(
    any_db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TRIES", 2)
    conflict = {"Error": {"Code": "TransactionConflictException", "Message": "conflict"}}
    with answered(any_db, [conflict] * 2), pytest.raises(Contention):
        LedgerStore(any_db).append("a", batch_of("a"))


def test_a_missing_entry_is_a_broken_log(any_db: Database) -> None:
    store = LedgerStore(any_db)
    for name in "abc":
        store.append(name, batch_of(name))
    any_db.write(any_db.delete_(LEDGER, {"part": "entries", "start": 3}))
    with pytest.raises(LogBroken, match="no entry 3"):
        all_of(store)
    with pytest.raises(LogBroken, match="no entry 9"):
        list(store.read(8, 12))


def test_a_lost_head_never_overwrites_the_log(any_db: Database, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "TRIES", 2)
    store = LedgerStore(any_db)
    store.append("a", batch_of("a"))
    any_db.write(any_db.delete_(LEDGER, {"part": "head", "start": 0}))
    with pytest.raises(Contention):
        store.append("b", batch_of("b"))
    assert list(store.read(0, 3)) == batch_of("a")


def test_a_checkpoint_is_never_replaced_by_a_smaller_one(any_db: Database) -> None:
    store = LedgerStore(any_db)
    assert store.publish(5, "five")
    assert not store.publish(4, "four")
    assert store.publish(5, "five")
    assert store.checkpoint() == "five"
    assert store.publish(6, "six")
    assert store.checkpoint() == "six"


def test_two_checkpoints_of_one_size_are_a_broken_log(any_db: Database) -> None:
    store = LedgerStore(any_db)
    store.publish(5, "five")
    with pytest.raises(LogBroken, match="two different checkpoints"):
        store.publish(5, "another five")


class WithoutGuard(LedgerStore):
    """What the log would be if it read the head and then wrote, without a condition."""

    at_once = Barrier(WORKERS)

    def append(self, batch: str, entries: list[bytes]) -> int:  # type: ignore[override]
        first = self.size()
        self.at_once.wait()
        for item in (
            {"part": "head", "start": 0, "tree_size": first + len(entries)},
            {"part": f"batch#{batch}", "start": 0, "first": first, "until": first + len(entries)},
            {"part": "entries", "start": first, **self._body(batch, entries)},
        ):
            self._db.put(LEDGER, item)
        return first


def rush(call: Callable[[int], int], workers: int = WORKERS) -> list[int]:
    at_once = Barrier(workers)

    def run(number: int) -> int:
        at_once.wait()
        return call(number)

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))


def test_the_race_is_real(any_db: Database) -> None:
    """If this one fails, the next ones prove nothing."""
    store = WithoutGuard(any_db)
    firsts = rush(lambda n: store.append(f"b{n}", batch_of(f"b{n}")))
    assert len(set(firsts)) < WORKERS
    assert store.size() < 3 * WORKERS


def test_no_rush_forks_the_log_or_leaves_a_gap(any_db: Database) -> None:
    store = LedgerStore(any_db)
    firsts = rush(lambda n: store.append(f"b{n}", batch_of(f"b{n}", n + 1)))
    whole = all_of(store)
    assert len(whole) == sum(range(1, WORKERS + 1))
    for number, first in enumerate(firsts):
        assert whole[first : first + number + 1] == batch_of(f"b{number}", number + 1)


def test_a_rush_with_one_batch_logs_it_once(any_db: Database) -> None:
    store = LedgerStore(any_db)
    assert set(rush(lambda n: store.append("same", batch_of(f"by-{n}")))) == {0}
    (winner,) = {entry.rsplit(b"-", 1)[0] for entry in all_of(store)}
    assert all_of(store) == batch_of(winner.decode())


def test_a_rush_with_one_large_batch_logs_it_once(any_db: Database) -> None:
    store = LedgerStore(any_db)
    large = [bytes([n]) * 50_000 for n in range(20)]
    assert set(rush(lambda n: store.append("same", large), 3)) == {0}
    assert all_of(store) == large


def append_ten(endpoint: str, prefix: str, worker: int) -> list[int]:
    """Append ten batches of its own and one that every process appends. Runs in a process."""
    store = LedgerStore(connect(endpoint, "eu-central-1", prefix))
    own = [store.append(f"{worker}/{n}", batch_of(f"{worker}/{n}", 2)) for n in range(10)]
    return [*own, store.append("shared", batch_of("shared"))]


@pytest.fixture
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_many_processes_share_one_log(any_db: Database, processes: Executor) -> None:
    endpoint = any_db.client.meta.endpoint_url
    asked = [processes.submit(append_ten, endpoint, any_db.prefix, n) for n in range(3)]
    answers = [one.result(120) for one in asked]
    store = LedgerStore(any_db)
    whole = all_of(store)
    assert len(whole) == len(set(whole)) == 3 * 10 * 2 + 3
    for worker, firsts in enumerate(answers):
        for n, first in enumerate(firsts[:10]):
            assert whole[first : first + 2] == batch_of(f"{worker}/{n}", 2)
        assert whole[firsts[10] : firsts[10] + 3] == batch_of("shared")


class interrupted:  # noqa: N801 - reads like a statement
    """The next transaction breaks off, before it reaches the store or after it was done."""

    def __init__(self, db: Database, when: str, error: Exception) -> None:
        self._client, self._real = db.client, db.client.transact_write_items
        self._when, self._error = when, error

    def __enter__(self) -> None:
        self._client.transact_write_items = self._break

    def __exit__(self, *_: object) -> None:
        self._client.transact_write_items = self._real

    def _break(self, **request: Any) -> Any:
        if self._when == "after-call":
            self._real(**request)
        raise self._error


class answered(interrupted):  # noqa: N801
    """The next transactions get these answers, and never reach the store."""

    def __init__(self, db: Database, answers: list[dict[str, Any]]) -> None:
        super().__init__(db, "before-call", Exception())
        self._answers = list(answers)

    def _break(self, **request: Any) -> Any:
        if self._answers:
            raise ClientError(self._answers.pop(0), "TransactWriteItems")  # type: ignore[arg-type]
        return self._real(**request)


CALLS = ("get_item", "put_item", "batch_write_item", "transact_write_items", "query")


class killed_at:  # noqa: N801 - reads like a statement
    """The process dies at its `nth` call of the store: before it, or when it was done."""

    def __init__(self, db: Database, nth: int, when: str) -> None:
        self._client, self._left, self._when = db.client, nth, when
        self._real = {name: getattr(db.client, name) for name in CALLS}

    def __enter__(self) -> killed_at:
        for name, call in self._real.items():
            setattr(self._client, name, self._wrapped(call))
        return self

    def __exit__(self, *_: object) -> None:
        for name, call in self._real.items():
            setattr(self._client, name, call)

    @property
    def alive(self) -> bool:
        return self._left > 0

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def calling(*args: Any, **request: Any) -> Any:
            self._left -= 1
            if self._left == 0 and self._when == "before":
                raise KeyboardInterrupt
            answer = call(*args, **request)
            if self._left == 0:
                raise KeyboardInterrupt
            return answer

        return calling


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("large", [False, True], ids=["small", "large"])
def test_an_append_that_dies_at_any_call_loses_none_and_reorders_none(
    db: Database, when: str, large: bool
) -> None:
    """Whoever comes next appends something of their own first, then the same batch again."""
    store, expected = LedgerStore(db), list[bytes]()
    batch = [bytes([n]) * 60_000 for n in range(12)] if large else batch_of("a")
    for nth in range(1, 20):
        with killed_at(db, nth, when) as process, suppress(KeyboardInterrupt):
            store.append(f"batch{nth}", batch)
        logged = store.batch(f"batch{nth}") is not None
        store.append(f"between{nth}", [b"between"])
        store.append(f"batch{nth}", batch)
        expected += [*batch, b"between"] if logged else [b"between", *batch]
        if process.alive:
            break
    assert nth >= (4 if large else 3)
    assert process.alive
    assert all_of(store) == expected
