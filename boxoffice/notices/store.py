"""Where notices are kept: promises in OUTBOX (the kinds of `outbox.MAILS`), records in NOTICES."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from heapq import merge
from operator import itemgetter
from typing import Any, TypeAlias

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.notices.model import MAIL, WAYS, Notice, Promise
from boxoffice.tables import NOTICES, OUTBOX
from fairness.errors import Contention, Unavailable

Mail: TypeAlias = tuple[str, Mapping[str, Any], str]  # account id, data, what makes it unique
PAGE = 32  # promises that are read at once, of each shard
MANY = 50  # two writes each in one transaction
TRIES = 3  # to write down that a mail was sent; failing here sends it again


class NoticeStore:
    """Promises made, claimed and kept."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def promise(
        self,
        template: str,
        account_id: str,
        data: Mapping[str, Any],
        unique: str,
        at_us: int,
        way: str = MAIL,
    ) -> None:
        """Write a promise, unless the same one was made or kept before."""
        try:
            self._db.transact(self._new_(template, account_id, data, unique, at_us, way))
        except ConditionFailed:
            return

    def promise_all(self, template: str, mails: Sequence[Mail], at_us: int) -> None:
        """Write many promises, except those made or kept before; 50 per request if all are new."""
        for start in range(0, len(mails), MANY):
            part = mails[start : start + MANY]
            try:
                self._db.transact([w for m in part for w in self._new_(template, *m, at_us)])
            except ConditionFailed:
                for mail in part:
                    self.promise(template, *mail, at_us)

    def _new_(
        self,
        template: str,
        account_id: str,
        data: Mapping[str, Any],
        unique: str,
        at_us: int,
        way: str = MAIL,
    ) -> list[Write]:
        absent = "attribute_not_exists(promise_id)"
        kept = {"notice_id": outbox.promise_id(at_us, unique)}
        return [
            outbox.mail_(self._db, template, account_id, data, unique, at_us, absent, way),
            self._db.check_(NOTICES, kept, "attribute_not_exists(notice_id)"),
        ]

    def promise_too(self, promise: Promise, way: str, device_id: str = "") -> None:
        """Promise the same notice by another way, to a device by push, unless that was done."""
        name = f"{promise.promise_id}~{way}{device_id and f'~{device_id}'}"
        absent = "attribute_not_exists(promise_id)"
        row = {
            "kind": outbox.kind_of(name, way),
            "promise_id": name,
            "way": way,
            "template": promise.template,
            "account_id": promise.account_id,
            "data": dict(promise.data),
            "created_us": promise.created_us,
            **({"device_id": device_id} if device_id else {}),
        }
        kept = self._db.check_(NOTICES, {"notice_id": name}, "attribute_not_exists(notice_id)")
        with suppress(ConditionFailed):
            self._db.transact([self._db.put_(OUTBOX, row, absent), kept])

    def due(self, now_us: int, way: str = MAIL) -> Iterator[Promise]:
        """Yield the promises of a way that may be claimed now, the oldest first."""
        shards = [self._db.query(OUTBOX, kind=kind, page=PAGE) for kind in outbox.kinds_of(way)]
        promises = map(Promise.of, merge(*shards, key=itemgetter("promise_id")))
        return (promise for promise in promises if promise.due_us <= now_us)

    def claim_all(self, promises: Sequence[Promise], now_us: int, until_us: int) -> list[Promise]:
        """Return those that are ours, not due for anyone else until then. Up to 100."""
        try:
            self._db.transact([self._claim_(p, now_us, until_us) for p in promises])
        except (ConditionFailed, Contention):  # others were faster with some
            return [p for p in (self.claim(q, now_us, until_us) for q in promises) if p]
        return [replace(p, due_us=until_us, attempts=p.attempts + 1) for p in promises]

    def claim(self, promise: Promise, now_us: int, until_us: int) -> Promise | None:
        """Return the promise, not due for anyone else until then; None when others were faster."""
        try:
            self._db.write(self._claim_(promise, now_us, until_us))
        except ConditionFailed:
            return None
        return replace(promise, due_us=until_us, attempts=promise.attempts + 1)

    def _claim_(self, promise: Promise, now_us: int, until_us: int) -> Write:
        return self._db.update_(
            OUTBOX,
            _key(promise),
            "SET due_us = :until, attempts = :attempts",
            "attribute_exists(promise_id) AND (attribute_not_exists(due_us) OR due_us <= :now)",
            until=until_us,
            now=now_us,
            attempts=promise.attempts + 1,
        )

    def leave(self, promise: Promise, until_us: int) -> None:
        """Give a claim back that was not tried: due at `until_us`, and not counted."""
        self._due(promise, until_us, promise.attempts - 1)

    def put_off(self, promise: Promise, until_us: int) -> None:
        """Make a claimed promise due again at `until_us`."""
        self._due(promise, until_us, promise.attempts)

    def _due(self, promise: Promise, until_us: int, attempts: int) -> None:
        write = self._db.update_(
            OUTBOX,
            _key(promise),
            "SET due_us = :until, attempts = :attempts",
            "due_us = :claimed",
            until=until_us,
            attempts=attempts,
            claimed=promise.due_us,
        )
        try:
            self._db.write(write)
        except ConditionFailed:  # the claim had lapsed and someone else has it
            return

    def record_all(self, kept: Sequence[tuple[Promise, Notice]]) -> None:
        """Do `record` for up to 50, together when nothing is in the way."""
        if not kept:
            return
        writes = [w for promise, notice in kept for w in self._record_(promise, notice)]
        try:
            self._db.transact(writes)
        except (ConditionFailed, Unavailable):  # written before, or nobody knows: one by one
            for promise, notice in kept:
                self.record(promise, notice)

    def _record_(self, promise: Promise, notice: Notice) -> list[Write]:
        absent = "attribute_not_exists(notice_id)"
        return [
            self._db.put_(NOTICES, asdict(notice), absent),
            self._db.delete_(OUTBOX, _key(promise)),
        ]

    def record(self, promise: Promise, notice: Notice) -> None:
        """Write the notice and remove its promise, both or neither; twice is once."""
        put_, done_ = self._record_(promise, notice)
        for left in reversed(range(TRIES)):
            try:
                return self._db.transact([put_, done_])
            except ConditionFailed:
                return self._db.write(done_)
            except Unavailable:
                if not left:
                    raise
        return None

    def get(self, notice_id: str) -> Notice | None:
        """Return the record, or None while the promise is not kept."""
        item = self._db.get(NOTICES, notice_id=notice_id)
        return Notice.of(item) if item else None

    def promised(self) -> Iterator[str]:
        """Yield the ids of the mails that are still to be sent."""
        kinds = [kind for way in WAYS for kind in outbox.kinds_of(way)]
        rows = (row for kind in kinds for row in self._db.query(OUTBOX, kind=kind))
        return (str(row["promise_id"]) for row in rows)

    def remove(self, notice_ids: Sequence[str]) -> None:
        """Remove these records."""
        for notice_id in notice_ids:
            self._db.write(self._db.delete_(NOTICES, {"notice_id": notice_id}))

    def all(self) -> Iterator[Notice]:
        """Yield every record, in no order."""
        return (Notice.of(item) for item in self._db.scan(NOTICES))


def _key(promise: Promise) -> dict[str, str]:
    kind = outbox.kind_of(promise.promise_id, promise.way)
    return {"kind": kind, "promise_id": promise.promise_id}
