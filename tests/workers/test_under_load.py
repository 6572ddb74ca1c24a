"""The log while more is decided than one run can write down."""

from __future__ import annotations

import pytest

from boxoffice import outbox
from fairness.clock import now_us
from fairness.ledger import checkpoints, entries, notes
from fairness.ledger.tiles import Folder
from workers import clients, journal, ledger
from workers.settings import settings

pytestmark = pytest.mark.usefixtures("mailbox")


def promise(rows: int) -> None:
    db, made = clients.database(), now_us()
    for n in range(rows):
        entry = entries.organiser("", made + n, "note", {"n": n})
        db.write(outbox.ledger_(db, entry, str(n), made + n))


def sizes() -> list[int]:
    files = Folder(settings().ledger_folder)
    return [notes.read(text).size for text in checkpoints.every(files)]


def test_the_log_is_published_between_two_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "WRITE_S", 0.0)
    monkeypatch.setattr("boxoffice.ledger.promises.BATCH", 4)
    promise(10)
    ledger.seal()
    assert [after - before for before, after in zip(sizes(), sizes()[1:], strict=False)] == [4, 2]
    assert sizes()[-1] == clients.ledger_store().size()


def test_what_one_run_cannot_write_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boxoffice.ledger.promises.BATCH", 4)
    promise(9)
    assert [journal.write_down(0.0) for _ in range(4)] == [True, True, True, False]
    found = [entries.decode(data) for data in clients.log().read(0, clients.ledger_store().size())]
    assert [entry["detail"]["n"] for entry in found if entry["type"] == "organiser"] == [*range(9)]
