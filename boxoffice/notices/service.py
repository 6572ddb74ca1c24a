"""The only door to notices: mail that was promised, sent once.

A worker claims a promise, sends the mail, and writes down that it did. Whoever dies between the
last two leaves a claim that lapses; the mail is then sent again under the same Message-ID, which
is how mail systems know that it is the same one.
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

LEASE_US = 60 * SECOND  # how long one mail may take to be handed over
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

    def get(self, account_id: str) -> Addressee:
        """Return the addressee; NotFound."""
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
            for promise in due:
                present_us = now_us + int((time.monotonic() - began) * SECOND)
                claimed = self._store.claim(promise, present_us, present_us + LEASE_US)
                if claimed:
                    done.append(self._send(post, claimed, present_us))
                if done[-IN_A_ROW:] == ["put off"] * IN_A_ROW:
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

    def _send(self, post: Post, promise: Promise, now_us: int) -> str:
        """Return "sent", "failed" or "put off"."""
        message_id = promise.message_id(self._domain)
        try:
            to = self._accounts.get(promise.account_id)
            message = render(
                promise,
                to.email,
                to.name,
                sender=self._from,
                site=self._site,
                message_id=message_id,
            )
            post.send(message)
        except (Invalid, NotFound) as error:
            return self._record(promise, message_id, now_us, str(error))
        except Unavailable as error:
            if promise.attempts >= MAX_ATTEMPTS:
                return self._record(promise, message_id, now_us, str(error))
            wait_us = min(2**promise.attempts * SECOND, LONGEST_US)
            self._store.put_off(promise, now_us + wait_us)
            return "put off"
        return self._record(promise, message_id, now_us)

    def _record(self, promise: Promise, message_id: str, now_us: int, reason: str = "") -> str:
        notice = Notice(
            notice_id=promise.promise_id,
            template=promise.template,
            account_id=promise.account_id,
            message_id=message_id,
            state="failed" if reason else "sent",
            at_us=now_us,
            attempts=promise.attempts,
            created_us=promise.created_us,
            reason=reason,
        )
        self._store.record(promise, notice)
        return notice.state


def _check(template: str) -> None:
    if template not in TEMPLATES:
        raise Invalid(
            f"no such template: {template}",
            field="template",
            value=template,
            rule=f"one of {', '.join(TEMPLATES)}",
            remedy="add templates/<name>.txt and its name in model.py",
        )
