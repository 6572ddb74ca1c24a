from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from fairness.ledger import entries, seat_entries
from fairness.ledger import verify as module
from fairness.ledger.entries import Entry
from fairness.ledger.helpers import Helpers
from fairness.ledger.reading import Astray, Findings, Reader
from fairness.ledger.verify import verify
from tests.fairness.ledger.stores import START, MemoryStore, fan, fill, log_of, small_sale

OTHERS = [f"sale{n}" for n in range(8)]


@pytest.fixture(autouse=True)
def _small_logs_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MANY", 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "public"


def several_sales(folder: Path, *more: Entry) -> None:
    """An honest sale, eight in each of which a stranger bought, bytes that are no entry, and more.

    It has several bundles.
    """
    store = MemoryStore()
    log = log_of(folder, store)
    fill(log, 300)
    small_sale(log)
    bought = [seat_entries.seats_sold(sale, START, "o", fan(1), ["A-1"]) for sale in OTHERS]
    log.append("others", [*bought, *more])
    for n, data in enumerate((b"no entry", b'{"sale":"sale","v":2}', b'{"sale":"","v":2}')):
        store.append(f"broken/{n}", [data])
    fill(log, 600)
    log.seal()


def test_helpers_find_what_one_process_finds(folder: Path) -> None:
    several_sales(folder)
    alone, shared = verify(folder), verify(folder, processes=3)
    assert (shared.failed, shared.size) == (alone.failed, alone.size)
    assert {str(one) for one in shared.failures} == {str(one) for one in alone.failures}
    assert shared.checked == alone.checked
    assert [one.check for one in shared.failures].count("entry") == 3
    assert [one.check for one in shared.failures].count("sold uncalled") == len(OTHERS)


def test_every_sale_is_read_by_one_share_and_no_other() -> None:
    told = [entries.encode(entries.opened(sale, START)) for sale in OTHERS]
    read = list[int]()
    for mine in range(3):
        with Reader(Findings(), mine, 3) as reader:
            reader.take(0, told)
            read.append(reader.finish().checked["sales"])
    assert sum(read) == len(OTHERS)
    assert min(read) > 0


def is_astray(strange: Entry, mine: int) -> bool:
    with Reader(Findings(), mine, 2) as reader:
        try:
            reader.take(0, [entries.encode(strange)])
        except Astray:
            return True
        return False


@pytest.mark.parametrize(
    "strange",
    [entries.opened('a"b', START), {**entries.keys(START, "ecvrf", bytes(32)), "sale": "x"}],
    ids=["a sale with a quotation mark in its name", "a key that is said to be of a sale"],
)
def test_what_seems_of_another_sale_is_read_by_one_process(folder: Path, strange: Entry) -> None:
    assert 1 <= sum(is_astray(strange, mine) for mine in range(2)) <= 2
    several_sales(folder, strange)
    assert verify(folder, processes=2) == verify(folder)


def test_helpers_that_die_are_done_without(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    several_sales(folder)
    alone = verify(folder)
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    with pytest.raises(Astray), Helpers(2) as helpers:
        helpers.finish(Findings())
    assert verify(folder, processes=2) == alone
