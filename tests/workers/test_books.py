"""Closing the books: nothing that is kept can tell any more which account was which fan."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from boxoffice import outbox, tables
from boxoffice.ledger.promises import manifest_batch
from boxoffice.sales.appeals import Appeals
from fairness import report
from fairness.clock import now_us
from fairness.errors import Conflict, Forbidden
from fairness.ledger import entries
from fairness.ledger.tiles import Folder
from fairness.tally import Tally
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from workers import books, clients, reporting
from workers.settings import settings
from workers.upkeep import closed_batch


def kept() -> Iterator[tuple[str, str]]:
    """Yield all that the stores hold, item by item and key by key, as text."""
    for table in tables.ALL:
        for item in clients.database().scan(table):
            yield table.name, repr(item)
    store = clients.redis()
    for key in store.scan_iter():
        yield key, f"{key} {_value(store, key)}"


def _value(store: Any, key: str) -> str:
    read = {
        "string": store.get, "hash": store.hgetall, "set": store.smembers,
        "zset": lambda k: store.zrange(k, 0, -1), "stream": store.xrange,
        "list": lambda k: store.lrange(k, 0, -1),
    }  # fmt: skip
    return json.dumps(read[store.type(key)](key), default=sorted)


def links(fan: str, account_id: str) -> list[str]:
    return [where for where, text in kept() if fan in text and account_id in text]


def end(crowd: Crowd, by: str) -> None:
    """Bring the sale to its end, in a few words."""
    clients.sales().close(crowd.sale_id, by, now_us())
    over = entries.closed(crowd.sale_id, now_us(), {})
    clients.log().append(closed_batch(crowd.sale_id), [over])


def fixed(crowd: Crowd) -> list[dict[str, Any]]:
    """What the log says of the sale's last report."""
    found = clients.log().batch(reporting.report_batch(crowd.sale_id))
    told = map(entries.decode, clients.log().read(*found)) if found else ()
    return [entry["detail"] for entry in told]


def acts(name: str) -> list[dict[str, Any]]:
    rows = clients.database().query(tables.OUTBOX, kind="ledger")
    promised = [entry for row in rows for entry in outbox.entries_of(row)]
    return [entry["detail"] for entry in promised if entry.get("act") == name]


def test_after_the_books_are_closed_nobody_can_say_who_was_who(mailbox: Mailbox) -> None:
    crowd = stage.crowd(2)
    by, sale_id, key = crowd.sale.organiser_id, crowd.sale_id, crowd.sale.key
    crowd.line.open(crowd.sale.manifest)
    crowd.join()
    fan, account_id = crowd.fans[0], crowd.accounts[0]
    Appeals(clients.database()).file(sale_id, fan, account_id, "It is me", "review", now_us())
    data = {"sale_id": sale_id, "about": "a play", "until_us": now_us()}
    clients.notices().promise("your_turn", account_id, data, f"{sale_id}-{fan}-turn", now_us())
    with pytest.raises(Conflict, match="it must be closed"):
        books.close(sale_id, by)
    clients.sales().open(sale_id, by, now_us())
    clients.sales().close(sale_id, by, now_us())
    with pytest.raises(Conflict, match="not over yet"):
        books.close(sale_id, by)
    end(crowd, by)
    with pytest.raises(Forbidden):
        books.close(sale_id, "acc_somebody")
    with pytest.raises(Conflict, match="letters"):
        books.close(sale_id, by)
    clients.notices().deliver(100, now_us())
    assert set(links(fan, account_id)) >= {"appeals", "notices"}, "else the rest proves nothing"

    assert books.close(sale_id, by).key == b""
    assert books.close(sale_id, by).key == b""  # twice is once

    assert links(fan, account_id) == []
    assert not [where for where, text in kept() if repr(key)[2:-1] in text]
    assert acts("close_books") == [{"by": "organiser", "key": "destroyed"}]
    assert clients.sales().get(sale_id).state == "closed"
    (appeal,) = Appeals(clients.database()).of_sale(sale_id)
    assert (appeal.text, appeal.account_id) == ("It is me", "")


def test_the_last_report_is_logged_with_the_books_and_stays(mailbox: Mailbox) -> None:
    crowd = stage.crowd(1)
    by, sale_id, folder = crowd.sale.organiser_id, crowd.sale_id, Folder(settings().ledger_folder)
    rules = entries.manifest(crowd.sale.manifest, now_us())
    clients.log().append(manifest_batch(sale_id), [rules])
    crowd.line.open(crowd.sale.manifest)
    end(crowd, by)
    clients.log().seal()
    reporting.forget()
    assert books.close(sale_id, by).key == b""
    last = folder.read(report.name(sale_id)) or b""
    (told,) = fixed(crowd)
    assert told["sha256"] == sha256(last).hexdigest()
    assert told["until_entry"] == json.loads(last)["until_entry"]
    assert json.loads(last)["closed"]

    clients.log().append(f"{sale_id}/later", [entries.organiser(sale_id, now_us(), "x", {})])
    clients.log().seal()
    assert books.close(sale_id, by).key == b""  # twice is once
    late = reporting._Draft(Tally(sale_id), 0)
    assert reporting._read_on(late, clients.log().sealed_size(), math.inf)
    reporting._write(late)  # by a worker that was slower
    assert folder.read(report.name(sale_id)) == last
    assert len(fixed(crowd)) == 1


def test_a_final_report_that_was_changed_is_set_right_before_it_is_logged(
    mailbox: Mailbox,
) -> None:
    crowd = stage.crowd(1)
    by, sale_id, folder = crowd.sale.organiser_id, crowd.sale_id, Folder(settings().ledger_folder)
    rules = entries.manifest(crowd.sale.manifest, now_us())
    first = clients.log().append(manifest_batch(sale_id), [rules])
    crowd.line.open(crowd.sale.manifest)
    end(crowd, by)
    clients.log().seal()
    over = clients.log().batch(closed_batch(sale_id)) or (first, first)
    wrong = {"closed": True, "until_entry": over[0], "fans": {"bought": 1_000_000}}
    folder.replace(report.name(sale_id), json.dumps(wrong).encode())
    books.close(sale_id, by)
    made = json.loads(folder.read(report.name(sale_id)) or b"")
    assert (made["fans"]["bought"], made["until_entry"]) == (0, over[0])
