"""The only door to notices: mail that was promised, sent once.

A worker claims some promises, sends the mails, and writes down that it did. Whoever dies between
the last two leaves claims that lapse; the mails are then sent again under the same Message-ID,
which is how mail systems know that they are the same ones.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from email.utils import parseaddr
from itertools import islice
from typing import Any, Protocol

from boxoffice.dynamo import Database
from boxoffice.notices.model import TEMPLATES, Delivery, Notice, Promise
from boxoffice.notices.render import render
from boxoffice.notices.smtp import Post, Sender
from boxoffice.notices.store import Mail, NoticeStore
from fairness.clock import SECOND
from fairness.errors import Conflict, Invalid, NotFound, Unavailable

AT_ONCE = 25  # mails that are claimed, and written down, together
LEASE_US = 60 * SECOND  # how long these may take to be handed over
LONG_S = 30.0  # then the rest of them is left for a later run
LONGEST_US = 3600 * SECOND  # between two tries
MAX_ATTEMPTS = 16  # some 5 hours
IN_A_ROW = 3  # put off one after the other: it is the mail server, not the addresses


class Addressee(Protocol):
    """Whom a notice is for."""

    @property
    def email(self) -> str:
        """Where to write to."""
        ...

    @property
    def name(self) -> str:
        """How to address them."""
        ...


class Directory(Protocol):
    """Who knows the addressee of an account: `Accounts` does."""

    def get_many(self, account_ids: Sequence[str]) -> Mapping[str, Addressee]:
        """Return those that exist, by account id."""
        ...


class Notices:
    """Promises of mail and their keeping. `site` is the public address without a slash."""

    def __init__(
        self, db: Database, sender: Sender, accounts: Directory, *, mail_from: str, site: str
    ) -> None:
        self._store = NoticeStore(db)
        self._sender = sender
        self._accounts = accounts
        self._from = mail_from
        self._domain = parseaddr(mail_from)[1].rpartition("@")[2] or "localhost"
        self._site = site

    def promise(
        self, template: str, account_id: str, data: Mapping[str, Any], unique: str, at_us: int
    ) -> None:
        """Promise one mail. The same `unique` and `at_us` is one mail, however often asked.

        Invalid when there is no such template.
        """
        _check(template)
        self._store.promise(template, account_id, data, unique, at_us)

    def promise_all(self, template: str, mails: Sequence[Mail], at_us: int) -> None:
        """Promise many mails of one template and time, as (account id, data, unique)."""
        _check(template)
        self._store.promise_all(template, mails, at_us)

    def deliver(self, limit: int, now_us: int) -> Delivery:
        """Send up to `limit` mails that are due, over one connection; return what was done.

        Unavailable when the mail server cannot be reached; nothing is counted as tried then.
        """
        due = list(islice(self._store.due(now_us), limit))
        if not due:
            return Delivery()
        began = time.monotonic()
        done: list[str] = []
        with self._sender.connected() as post:
            for start in range(0, len(due), AT_ONCE):
                present_us = now_us + int((time.monotonic() - began) * SECOND)
                done += self._send_all(post, due[start : start + AT_ONCE], present_us)
                if _in_trouble(done):
                    break
        return Delivery(done.count("sent"), done.count("failed"), done.count("put off"))

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

    def _send_all(self, post: Post, due: Sequence[Promise], now_us: int) -> list[str]:
        """Return for each mail that was tried "sent", "failed" or "put off"."""
        claimed = self._store.claim_all(due, now_us, now_us + LEASE_US)
        known = self._accounts.get_many([promise.account_id for promise in claimed])
        began, done, kept = time.monotonic(), list[str](), list[tuple[Promise, Notice]]()
        for number, promise in enumerate(claimed):
            if _in_trouble(done) or time.monotonic() - began > LONG_S:
                self._store.leave(claimed[number:], now_us)
                break
            notice = self._tried(post, promise, known, now_us)
            kept += [(promise, notice)] if notice else []
            done.append(notice.state if notice else "put off")
        self._store.record_all(kept)
        return done

    def _tried(
        self, post: Post, promise: Promise, known: Mapping[str, Addressee], now_us: int
    ) -> Notice | None:
        """Send one mail and return the record of it; None when it was put off."""
        try:
            self._send(post, promise, known)
        except (Invalid, NotFound) as error:
            return self._notice(promise, now_us, str(error))
        except Unavailable as error:
            if promise.attempts >= MAX_ATTEMPTS:
                return self._notice(promise, now_us, str(error))
            wait_us = min(2**promise.attempts * SECOND, LONGEST_US)
            self._store.put_off(promise, now_us + wait_us)
            return None
        return self._notice(promise, now_us)

    def _send(self, post: Post, promise: Promise, known: Mapping[str, Addressee]) -> None:
        to = known.get(promise.account_id)
        if to is None:
            raise NotFound("there is no such account", field="account_id", value=promise.account_id)
        post.send(
            render(
                promise,
                to.email,
                to.name,
                sender=self._from,
                site=self._site,
                message_id=promise.message_id(self._domain),
            )
        )

    def _notice(self, promise: Promise, now_us: int, reason: str = "") -> Notice:
        return Notice(
            notice_id=promise.promise_id,
            template=promise.template,
            account_id=promise.account_id,
            message_id=promise.message_id(self._domain),
            state="failed" if reason else "sent",
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
