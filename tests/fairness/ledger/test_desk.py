from __future__ import annotations

from pathlib import Path

import pytest

from fairness.ledger import desk as module
from fairness.ledger import entries
from fairness.ledger.desk import Desk
from fairness.ledger.verify import Failure, verify
from tests.fairness.ledger.stores import MemoryStore, log_of, small_sale


def checked(data: list[bytes], most: int) -> tuple[list[Failure], dict[str, int], int]:
    """What a desk with this much room says of a log, and how many sales it laid aside."""
    failures = list[Failure]()

    def report(check: str, what: str, entry: int | None = None) -> None:
        failures.append(Failure(check, what, entry))

    with Desk(report, most) as desk:
        for index, one in enumerate(data):
            entry = entries.decode(one)
            if entry["type"] == "keys":
                desk.turn_key(index, bytes.fromhex(entry["key"]))
            else:
                desk.take(index, entry, one)
        away = len(desk.away)
        counts = desk.finish()
    return sorted(failures, key=str), dict(counts), away


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The entries of one sale, four times under other names, one after the other in turn."""
    store = MemoryStore()
    small_sale(log_of(tmp_path_factory.mktemp("log"), store))
    first, *rest = store.entries
    renamed = [data.replace(b'"sale":"sale"', f'"sale":"sale{n}"'.encode()) for data in rest
               for n in range(4)]  # fmt: skip
    return [first, *(d.replace(b'"sale_id":"sale"', b'"sale_id":"other"') for d in renamed)]


def test_sales_that_are_laid_aside_are_checked_like_the_others(mixed: list[bytes]) -> None:
    at_once = checked(mixed, most=10_000)
    with_little_room = checked(mixed, most=20)
    assert at_once[2] == 0
    assert with_little_room[2] == 3
    assert with_little_room[:2] == at_once[:2]
    assert {failure.check for failure in at_once[0]} >= {"window root", "beacon proof"}


def test_what_a_sale_says_later_waits_on_disk(
    mixed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUFFER", 1_000)
    assert checked(mixed, most=20)[:2] == checked(mixed, most=10_000)[:2]


def test_the_folder_is_gone_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    log = log_of(tmp_path / "log")
    small_sale(log)
    assert verify(tmp_path / "log").ok
    assert [path.name for path in tmp_path.iterdir()] == ["log"]
