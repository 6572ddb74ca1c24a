"""The only door to notices: what was promised is told, once by each way.

A worker claims some promises, sends the letters, and writes down that it did. Whoever dies between
the last two leaves claims that lapse; the letters are then sent again under the same Message-ID,
which is how mail systems know that they are the same ones.

A promise is of a mail. When it is first claimed, and its reader wants it by another way as well,
a promise for that way is made: its id is the mail's with the way behind it, so it is one promise
however often that is done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

from boxoffice.accounts.contacts import Contact
from boxoffice.dynamo import Database
from boxoffice.notices.channels import ADDRESS, Channel, Post
from boxoffice.notices.model import (
    MAIL,
    OPTIONAL,
    PHONE_CODE,
    TEMPLATES,
    URGENT,
    WAYS,
    Delivery,
    Notice,
    Promise,
)
from boxoffice.notices.render import render
from boxoffice.notices.store import Mail, NoticeStore
from boxoffice.notices.unsubscribing import Unsubscribing
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, NotFound, Unavailable

AT_ONCE = 25  # letters that are claimed, and written down, together
LEASE_US = 60 * SECOND  # how long these may take to be handed over
LONG_S = 30.0  # then the rest of them is left for a later run
LONGEST_US = 3600 * SECOND  # between two tries
MAX_ATTEMPTS = 16  # some 5 hours
IN_A_ROW = 3  # put off one after the other: it is the server, not the addresses


class Directory(Protocol):
    """Who knows how to write to people: `Contacts` does."""

    def get_many(self, account_ids: Sequence[str]) -> Mapping[str, Contact]:
        """Return those that exist, by account id."""
        ...

    def bounced(self, account_id: str, why: str, now_us: int) -> None:
        """Note that an address takes no mail."""
        ...


class Limit(Protocol):
    """Who knows how many letters a second a way takes: `fairness.bucket.Bucket` does."""

    def take(self, name: str, wanted: int, per_s: int) -> int:
        """Return how many of those wanted may go now."""
        ...


class Notices:
    """Promises of notices and their keeping. `site` is the public address without a slash."""

    def __init__(
        self,
        db: Database,
        channels: Mapping[str, Channel],
        contacts: Directory,
        limit: Limit,
        *,
        domain: str,
        site: str,
        unsubscribing: Unsubscribing,
    ) -> None:
        self._store = NoticeStore(db)
        self._channels = channels
        self._contacts = contacts
        self._limit = limit
        self._domain = domain
        self._site = site
        self._unsubscribing = unsubscribing

    def promise(
        self,
        template: str,
        account_id: str,
        data: Mapping[str, Any],
        unique: str,
        at_us: int,
        way: str = MAIL,
    ) -> None:
        """Promise one notice. The same `unique` and `at_us` is one, however often asked.

        Invalid when there is no such template.
        """
        _check(template)
        self._store.promise(template, account_id, data, unique, at_us, way)

    def promise_all(self, template: str, mails: Sequence[Mail], at_us: int) -> None:
        """Promise many notices of one template and time, as (account id, data, unique)."""
        _check(template)
        self._store.promise_all(template, mails, at_us)

    def deliver(self, limit: int, now_us: int) -> Delivery:
        """Send up to `limit` letters a way that are due, over one connection; return what was done.

        Unavailable when one of the ways cannot be reached, after the others were served; nothing
        of it is counted as tried then.
        """
        began, done, away = time.monotonic(), list[str](), list[Unavailable]()
        for way in WAYS:  # each with a queue of its own: a slow one holds no other up
            try:
                if due := list(islice(self._store.due(now_us, way), limit)):
                    done += self._send_by(way, due, now_us, began)
            except Unavailable as error:
                away.append(error)
        if away:
            raise away[0]
        counts = {state: done.count(state) for state in ("sent", "failed")}
        return Delivery(**counts, put_off=done.count("put off"))

    def find(self, promise_id: str) -> Notice | None:
        """Return the record of a promise, or None while it is not kept."""
        return self._store.get(promise_id)

    def forget(self, sale_id: str) -> None:
        """Remove the records of letters whose ids name the sale: they name its fans too.

        Conflict while such a letter is still to be sent.
        """
        if any(sale_id in promise_id for promise_id in self._store.promised()):
            raise Conflict(
                "letters of this sale are still to be sent",
                field="sale_id",
                value=sale_id,
                rule="every letter is sent or given up",
                remedy="wait a minute, then do it again",
            )
        self._store.remove([n.notice_id for n in self._store.all() if sale_id in n.notice_id])

    def records(self) -> Iterator[Notice]:
        """Yield every record, in no order. For audits."""
        return self._store.all()

    def _send_by(self, way: str, due: list[Promise], now_us: int, began: float) -> list[str]:
        """Return for each letter of one way what became of it, as `_send_all` does."""
        channel = self._channels.get(way)
        if channel is None:  # it was switched off since
            return self._send_all(None, due[:AT_ONCE], now_us)
        if channel.per_s:
            due = due[: self._limit.take(way, len(due), channel.per_s)]
        done: list[str] = []
        if not due:
            return done
        with channel.sender.connected() as post:
            for start in range(0, len(due), AT_ONCE):
                present_us = now_us + int((time.monotonic() - began) * SECOND)
                done += self._send_all(post, due[start : start + AT_ONCE], present_us)
                if _in_trouble(done):
                    break
        return done

    def _send_all(self, post: Post | None, due: Sequence[Promise], now_us: int) -> list[str]:
        """Return for each letter that was tried how it ended, or "put off"."""
        claimed = self._store.claim_all(due, now_us, now_us + LEASE_US)
        known = self._contacts.get_many([promise.account_id for promise in claimed])
        began, done, kept = time.monotonic(), list[str](), list[tuple[Promise, Notice]]()
        for number, promise in enumerate(claimed):
            if _in_trouble(done) or time.monotonic() - began > LONG_S:
                self._store.leave(claimed[number:], now_us)
                break
            notice = self._tried(post, promise, known.get(promise.account_id), now_us)
            kept += [(promise, notice)] if notice else []
            done.append(notice.state if notice else "put off")
        self._store.record_all(kept)
        return done

    def _tried(
        self, post: Post | None, promise: Promise, reader: Contact | None, now_us: int
    ) -> Notice | None:
        """Send one letter and return the record of it; None when it was put off."""
        try:
            if reader is None:
                raise NotFound("there is no such account", field="account_id")
            if unsent := self._not_to_be_sent(post, promise, reader, now_us):
                return unsent
            self._send(post, promise, reader)
        except (Invalid, NotFound) as error:
            if reader and promise.way == MAIL and error.field == ADDRESS:
                self._contacts.bounced(reader.account_id, str(error), now_us)
            return self._notice(promise, now_us, "failed", str(error))
        except Unavailable as error:
            if promise.attempts >= MAX_ATTEMPTS:
                return self._notice(promise, now_us, "failed", str(error))
            wait_us = min(2**promise.attempts * SECOND, LONGEST_US)
            self._store.put_off(promise, now_us + wait_us)
            return None
        return self._notice(promise, now_us, "sent")

    def _not_to_be_sent(
        self, post: Post | None, promise: Promise, reader: Contact, now_us: int
    ) -> Notice | None:
        """Return the record of a letter that must not go by its way; pass it on to the others."""
        urgent = promise.template in URGENT
        if promise.way == MAIL and urgent:
            for way in self._channels:
                if way != MAIL and reader.takes(promise.template, way):
                    self._store.promise_too(promise, way)
        wanted = promise.template not in OPTIONAL or reader.takes(promise.template, promise.way)
        if not wanted or (post is None):
            return self._notice(promise, now_us, "unwanted")
        if promise.way != MAIL and promise.data.get("until_us", now_us) < now_us:
            return self._notice(promise, now_us, "unwanted", "too late for a short message")
        if promise.way == MAIL and reader.unreachable_us:
            return self._notice(promise, now_us, "unreachable", "the address takes no mail")
        return None

    def _send(self, post: Post | None, promise: Promise, reader: Contact) -> None:
        if post is None:
            raise Invalid("this way is switched off", field="way")
        ends = self._unsubscribing.url(self._site, reader.account_id, promise.template)
        phone = reader.phone_asked if promise.template == PHONE_CODE else reader.phone
        letter = render(
            promise,
            reader,
            reader.email if promise.way == MAIL else phone,
            site=self._site,
            message_id=promise.message_id(self._domain),
            unsubscribe=ends if promise.template in OPTIONAL else "",
        )
        post.send(letter)

    def _notice(self, promise: Promise, now_us: int, state: Any, reason: str = "") -> Notice:
        return Notice(
            notice_id=promise.promise_id,
            template=promise.template,
            account_id=promise.account_id,
            message_id=promise.message_id(self._domain),
            state=state,
            at_us=now_us,
            attempts=promise.attempts,
            created_us=promise.created_us,
            reason=reason,
        )


def _in_trouble(done: Sequence[str]) -> bool:
    return list(done[-IN_A_ROW:]) == ["put off"] * IN_A_ROW


def _check(template: str) -> None:
    if template not in TEMPLATES:
        raise Invalid(
            f"no such template: {template}",
            field="template",
            value=template,
            rule=f"one of {', '.join(TEMPLATES)}",
            remedy="add templates/<name>.txt and its name in model.py",
        )
