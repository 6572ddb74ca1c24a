"""Promises, written in the same transaction as the change that they announce.

Two kinds: a `ledger` entry to be logged and a `mail` to be sent. A promise is a row of OUTBOX
until it is kept; rows of one kind are read in the order of their making.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from boxoffice.dynamo import Database, Write
from boxoffice.tables import OUTBOX

LEDGER = "ledger"
MAIL = "mail"


def promise_id(at_us: int, unique: str) -> str:
    """Return the sort key of a promise: by time (µs), then by what makes it the only one."""
    return f"{at_us:020}-{unique}"


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
    db: Database, entries: Sequence[Mapping[str, Any]], unique: str, at_us: int
) -> Write:
    """Return the write that promises to log all `entries`, in this order, with one row."""
    item = {
        "kind": LEDGER,
        "promise_id": promise_id(at_us, unique),
        "entries": [dict(entry) for entry in entries],
        "created_us": at_us,
    }
    return db.put_(OUTBOX, item)


def entries_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entries that a row of kind LEDGER promises to log."""
    return row["entries"] if "entries" in row else [row["entry"]]


def mail_(
    db: Database,
    template: str,
    account_id: str,
    data: Mapping[str, Any],
    unique: str,
    at_us: int,
    condition: str = "",
) -> Write:
    """Return the write that promises one mail; the same `unique` and time is one promise."""
    return db.put_(
        OUTBOX,
        {
            "kind": MAIL,
            "promise_id": promise_id(at_us, unique),
            "template": template,
            "account_id": account_id,
            "data": dict(data),
            "created_us": at_us,
        },
        condition,
    )
