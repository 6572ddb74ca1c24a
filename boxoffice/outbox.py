"""Promises, written in the same transaction as the change that they announce.

Three sorts: an entry of the ledger to be logged, a mail to be sent, and money that went back, which
is not in the log, to be told to the organiser. A promise is a row of OUTBOX until it is kept. The
rows of the ledger have one partition key and are read in the order of their making.
Those of mails are spread over SHARDS of them, because every order writes one, and DynamoDB
gives one key 1,000 write units a second; who sends them reads all shards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

from boxoffice.dynamo import Database, Write
from boxoffice.tables import OUTBOX

LEDGER = "ledger"
REFUNDS = "refunds"
SHARDS = 8  # some 160 orders a second each; never fewer while a mail is still to be sent
MAILS = tuple(f"mail-{number}" for number in range(SHARDS))


def promise_id(at_us: int, unique: str) -> str:
    """Return the sort key of a promise: by time (µs), then by what makes it the only one."""
    return f"{at_us:020}-{unique}"


def kinds_of(way: str) -> tuple[str, ...]:
    """Return the partition keys of what goes by a way: other ways than mail have one each."""
    return MAILS if way == "mail" else (way,)


def kind_of(promise_id: str, way: str = "mail") -> str:
    """Return the partition key of a notice's promise: always the same for the same promise."""
    kinds = kinds_of(way)
    return kinds[crc32(promise_id.encode()) % len(kinds)]


def ledger_(db: Database, entry: Mapping[str, Any], unique: str, at_us: int) -> Write:
    """Return the write that promises to log `entry`; the same `unique` and time is one promise."""
    return db.put_(
        OUTBOX,
        {
            "kind": LEDGER,
            "promise_id": promise_id(at_us, unique),
            "entry": dict(entry),
            "created_us": at_us,
        },
    )


def ledger_all_(
    db: Database,
    entries: Sequence[Mapping[str, Any]],
    unique: str,
    at_us: int,
    orders: Sequence[str] = (),
) -> Write:
    """Return the write that promises to log all `entries`, in this order, with one row.

    `orders` are the ids of the orders that the entries are about, for whoever tells the organiser:
    in the log itself an order is only a commitment.
    """
    item = {
        "kind": LEDGER,
        "promise_id": promise_id(at_us, unique),
        "entries": [dict(entry) for entry in entries],
        "created_us": at_us,
        **({"orders": list(orders)} if orders else {}),
    }
    return db.put_(OUTBOX, item)


def entries_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries that a row of kind LEDGER promises to log."""
    return row["entries"] if "entries" in row else [row["entry"]]


def refund_(
    db: Database,
    sale_id: str,
    order_id: str,
    seat_ids: Sequence[str],
    cents: int,
    currency: str,
    unique: str,
    at_us: int,
    return_id: str = "",
) -> Write:
    """Return the write that promises to tell of money that went back, by a return or without."""
    return db.put_(
        OUTBOX,
        {
            "kind": REFUNDS,
            "promise_id": promise_id(at_us, unique),
            "sale_id": sale_id,
            "order_id": order_id,
            "seats": list(seat_ids),
            "amount_cents": cents,
            "currency": currency,
            "return_id": return_id,
            "created_us": at_us,
        },
    )


def mail_(
    db: Database,
    template: str,
    account_id: str,
    data: Mapping[str, Any],
    unique: str,
    at_us: int,
    condition: str = "",
    way: str = "mail",
) -> Write:
    """Return the write that promises one mail; the same `unique` and time is one promise.

    `way` is another one than mail for what can go by that one only.
    """
    name = promise_id(at_us, unique)
    return db.put_(
        OUTBOX,
        {
            "kind": kind_of(name, way),
            "promise_id": name,
            "template": template,
            "account_id": account_id,
            "data": dict(data),
            "created_us": at_us,
            **({"way": way} if way != "mail" else {}),
        },
        condition,
    )
