"""What strangers write about themselves stops no sale: poisoned names and visits go through it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from boxoffice import tables
from boxoffice.accounts.model import NewAccount
from fairness.clock import now_us
from fairness.errors import Invalid
from fairness.line import Line
from fairness.screening import window
from fairness.screening.tables import Source
from tests.workers import stage
from tests.workers.stage import Mailbox
from tests.workers.test_linkage import find, hold
from workers import clients, pipeline
from workers.ledger import seal
from workers.line import admit, commit, draw, tick
from workers.screening import screen

NAMES = {
    "control": "a\r\nBcc: everybody@mail.example\r\n\r\n\x1b[2Jb\x07",
    "long": "x" * 300_000,
    "right to left": "\u202e\u2066moc.elpmaxe\u2069\u200f",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 50,
    "nul": "a\0b",
    "code": "'); DROP TABLE orders; --<script>alert(1)</script>{{ 7*7 }}",
    "plain": "Ada",
}
VISITS = (
    '{"ua": "' + "x" * 1_000_000 + '"}',
    "[" * 50_000,
    '{"at_us": NaN, "headers": [' + "9" * 5_000 + "]}",
    '{"account": {"a": []}, "address": ["1.2.3.4"], "device": "\\ud800"}',
    '{"address": "%s;--<script>", "lang": "\\u0000\\u202e", "screen": "-1x9e999"}',
    "\\",
    "{}",
)


def poison(account_id: str, name: str) -> None:
    db = clients.database()
    key = {"account_id": account_id}
    db.write(db.update_(tables.ACCOUNTS, key, "SET #n = :n", names={"#n": "name"}, n=name))


def test_poisoned_names_and_visits_go_through_a_sale_like_any_other(
    mailbox: Mailbox, tmp_path: Path
) -> None:
    crowd = stage.crowd(fans=len(NAMES), seats=20)
    seal()
    for account_id, name in zip(crowd.accounts, NAMES.values(), strict=True):
        poison(account_id, name)
    clients.sales().open(crowd.sale_id, "clock", now_us())
    line: Line = crowd.line
    line.open(crowd.sale.manifest)
    for fan, account_id, told in zip(crowd.fans, crowd.accounts, VISITS, strict=True):
        line.join(fan, told if told.startswith("[") else _with_account(told, account_id))
    crowd.join()  # again, as anybody: the first visit stands

    for step in (tick, lambda: screen(crowd.sale_id), lambda: commit(crowd.sale_id), seal,
                 lambda: draw(crowd.sale_id), lambda: admit(crowd.sale_id)):  # fmt: skip
        step()
    orders = []
    for number, fan in enumerate(crowd.fans):
        line.enter(fan)
        orders.append(hold(crowd, number, 2 * number, 1))
        stage.pay(orders[-1].order_id, crowd.token())
    seal()
    clients.notices().deliver(100, now_us())

    assert len(line.places()) == len(NAMES)
    assert {find(order.order_id).state for order in orders} == {"paid"}
    assert [len(clients.tickets().of_order(find(one.order_id))) for one in orders] == [1] * 7
    assert stage.ledger_failures(tmp_path) == []
    assert window.faults(clients.redis(), crowd.sale_id) == {}
    for email in crowd.emails:
        assert len(mailbox.subjects(email)) >= 1
    assert not mailbox.subjects("everybody@mail.example")
    assert not [m for m in mailbox.messages if m["Bcc"]]


def _with_account(told: str, account_id: str) -> str:
    try:
        return json.dumps({"account": account_id, **json.loads(told)})
    except ValueError:
        return told


def test_a_broken_table_is_shown_and_stops_no_window(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disposable_domains.txt").write_bytes(b"\xff\xfe half a tab")
    monkeypatch.setattr(clients, "screening_tables", lambda: Source(tmp_path))
    crowd = stage.crowd(fans=2)
    seal()
    clients.sales().open(crowd.sale_id, "clock", now_us())
    crowd.line.open(crowd.sale.manifest)
    crowd.join()
    tick()
    assert pipeline.screen(crowd.sale_id)
    assert window.faults(clients.redis(), crowd.sale_id) == {pipeline.TABLES: 2}


@pytest.mark.parametrize("name", ["a\0b", "x" * 10_000_000, "a\r\nBcc: a@b.example"])
def test_whoever_signs_up_so_is_told_what_a_name_is(mailbox: Mailbox, name: str) -> None:
    with pytest.raises(Invalid) as refused:
        clients.accounts().import_accounts([NewAccount("a@mail.example", name)], "!")
    assert refused.value.field == "name"
    assert len(str(refused.value)) < 2_000
