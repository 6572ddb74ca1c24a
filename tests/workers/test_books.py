"""Closing the books: nothing that is kept can tell any more which account was which fan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from boxoffice import outbox, tables
from boxoffice.sales.appeals import Appeals
from fairness.clock import now_us
from fairness.errors import Conflict, Forbidden
from fairness.ledger import entries
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from workers import books, clients
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
