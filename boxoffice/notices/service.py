"""The only door to notices: what was promised is told, once by each way.

A promise is of a mail. When it is first claimed, and its reader wants it by another way as well,
a promise for that way is made, and by push one for each device: its id is the mail's with the way
behind it, so it is one promise however often that is done.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from boxoffice.dynamo import Database
from boxoffice.notices.channels import Channel
from boxoffice.notices.delivering import PUT_OFF, Delivering, Directory, Limit
from boxoffice.notices.devices import Devices
from boxoffice.notices.model import MAIL, TEMPLATES, WAYS, Delivery, Notice
from boxoffice.notices.store import Mail, NoticeStore
from boxoffice.notices.unsubscribing import Unsubscribing
from fairness.errors import Conflict, Invalid, Unavailable


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
        self._delivering = Delivering(
            self._store, channels, contacts, Devices(db), limit, domain, site, unsubscribing
        )

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
                    done += self._delivering.send_by(way, due, now_us, began)
            except Unavailable as error:
                away.append(error)
        if away:
            raise away[0]
        counts = {state: done.count(state) for state in ("sent", "failed")}
        return Delivery(**counts, put_off=done.count(PUT_OFF))

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


def _check(template: str) -> None:
    if template not in TEMPLATES:
        raise Invalid(
            f"no such template: {template}",
            field="template",
            value=template,
            rule=f"one of {', '.join(TEMPLATES)}",
            remedy="add templates/<name>.txt and its name in model.py",
        )
