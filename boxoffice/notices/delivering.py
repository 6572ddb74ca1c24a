"""A worker's run over the promises of one way: claimed, sent, and written down.

Whoever dies between the last two leaves claims that lapse; the letters are then sent again under
the same Message-ID, which is how mail systems know that they are the same ones.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from boxoffice.accounts.contacts import Contact
from boxoffice.notices.channels import ADDRESS, Channel, Post
from boxoffice.notices.devices import Device, Devices
from boxoffice.notices.model import (
    BY_WAY,
    MAIL,
    OPTIONAL,
    PHONE_CODE,
    PUSH,
    Notice,
    Promise,
)
from boxoffice.notices.render import render
from boxoffice.notices.store import NoticeStore
from boxoffice.notices.unsubscribing import Unsubscribing
from fairness.clock import SECOND
from fairness.errors import Invalid, NotFound, Unavailable

AT_ONCE = 25  # letters that are claimed, and written down, together
LEASE_US = 60 * SECOND  # how long these may take to be handed over
LONG_S = 30.0  # then the rest of them is left for a later run
LONGEST_US = 3600 * SECOND  # between two tries
MAX_ATTEMPTS = 16  # some 5 hours
IN_A_ROW = 3  # put off one after the other: it is the server, not the addresses
PAUSE_US = 30 * SECOND  # for one server of several, so that those of the others come first
PUT_OFF = "put off"
# Servers like to repeat an address or a number; records outlive the account that they are of.
_WHOM = re.compile(r"[^\s<>\"']+@[^\s<>\"']+|\+[0-9][0-9 ]{5,}")


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


class Trouble:
    """Which servers put off one letter after the other: they are left alone for this run."""

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()

    def note(self, server: str, state: str) -> None:
        """Count a letter that was put off; any other end says that the server works."""
        self._in_a_row[server] = self._in_a_row[server] + 1 if state == PUT_OFF else 0

    def at(self, server: str) -> bool:
        """Return whether this server is left alone."""
        return self._in_a_row[server] >= IN_A_ROW


@dataclass(frozen=True, slots=True)
class To:
    """For whom a letter is, and on which device; None for what does not exist."""

    reader: Contact | None
    device: Device | None

    @property
    def server(self) -> str:
        """Return who takes the letter: a device has its own push service, others all one."""
        return self.device.host if self.device else ""


@dataclass(frozen=True, slots=True)
class Delivering:
    """What is needed to send letters. `site` is the public address without a slash."""

    store: NoticeStore
    channels: Mapping[str, Channel]
    contacts: Directory
    devices: Devices
    limit: Limit
    domain: str
    site: str
    unsubscribing: Unsubscribing

    def send_by(self, way: str, due: list[Promise], now_us: int, began: float) -> list[str]:
        """Send letters of one way; return for each that was tried how it ended, or PUT_OFF.

        `began` is when the run did, by time.monotonic. Unavailable when the way cannot be reached.
        """
        channel = self.channels.get(way)
        if channel is None:  # it was switched off since
            return self._send_all(None, due[:AT_ONCE], now_us, Trouble())
        if channel.per_s:
            due = due[: self.limit.take(way, len(due), channel.per_s)]
        done, trouble = list[str](), Trouble()
        if not due:
            return done
        with channel.sender.connected() as post:
            for start in range(0, len(due), AT_ONCE):
                present_us = now_us + int((time.monotonic() - began) * SECOND)
                done += self._send_all(post, due[start : start + AT_ONCE], present_us, trouble)
                if trouble.at(""):
                    break
        return done

    def _send_all(
        self, post: Post | None, due: Sequence[Promise], now_us: int, trouble: Trouble
    ) -> list[str]:
        claimed = self.store.claim_all(due, now_us, now_us + LEASE_US)
        whom = self._whom(claimed)
        began, done, kept = time.monotonic(), list[str](), list[tuple[Promise, Notice]]()
        for promise in claimed:
            to = whom[promise.promise_id]
            if trouble.at(to.server) or time.monotonic() - began > LONG_S:
                self.store.leave(promise, now_us + (PAUSE_US if to.server else 0))
                continue
            notice = self._tried(post, promise, to, now_us)
            kept += [(promise, notice)] if notice else []
            done.append(notice.state if notice else PUT_OFF)
            trouble.note(to.server, done[-1])
        self.store.record_all(kept)
        return done

    def _whom(self, claimed: Sequence[Promise]) -> dict[str, To]:
        known = self.contacts.get_many([promise.account_id for promise in claimed])
        devices = self.devices.get_many((p.account_id, p.device_id) for p in claimed if p.device_id)
        return {
            p.promise_id: To(known.get(p.account_id), devices.get(p.device_id)) for p in claimed
        }

    def _tried(self, post: Post | None, promise: Promise, to: To, now_us: int) -> Notice | None:
        """Send one letter and return the record of it; None when it was put off."""
        try:
            if to.reader is None:
                raise NotFound("there is no such account", field="account_id")
            self._pass_on(promise, to.reader)
            if unsent := self._not_to_be_sent(post, promise, to, now_us):
                return unsent
            self._send(post, promise, to.reader, to.device)
        except (Invalid, NotFound) as error:
            if error.field == ADDRESS:
                self._nobody_there(promise, str(error), now_us)
            return self._notice(promise, now_us, "failed", str(error))
        except Unavailable as error:
            if promise.attempts >= MAX_ATTEMPTS:
                return self._notice(promise, now_us, "failed", str(error))
            wait_us = max(2**promise.attempts, error.retry_after_s) * SECOND
            self.store.put_off(promise, now_us + min(wait_us, LONGEST_US))
            return None
        return self._notice(promise, now_us, "sent")

    def _pass_on(self, promise: Promise, reader: Contact) -> None:
        """Promise what is promised by mail by the other ways too that the reader wants."""
        if promise.way != MAIL:
            return
        for way in self.channels.keys() & BY_WAY.keys():
            if promise.template not in BY_WAY[way] or not reader.takes(promise.template, way):
                continue
            ids = [d.device_id for d in self.devices.of(reader.account_id)] if way == PUSH else [""]
            for device_id in ids:
                self.store.promise_too(promise, way, device_id)

    def _not_to_be_sent(
        self, post: Post | None, promise: Promise, to: To, now_us: int
    ) -> Notice | None:
        """Return the record of a letter that must not go by its way."""
        reader, way = to.reader, promise.way
        assert reader is not None
        wanted = promise.template not in OPTIONAL or reader.takes(promise.template, way)
        if not wanted or post is None:
            return self._notice(promise, now_us, "unwanted")
        if way == PUSH and to.device is None:
            return self._notice(promise, now_us, "unwanted", "the device was removed")
        if way != MAIL and promise.data.get("until_us", now_us) < now_us:
            return self._notice(promise, now_us, "unwanted", "too late for a short message")
        if way == MAIL and reader.unreachable_us:
            return self._notice(promise, now_us, "unreachable", "the address takes no mail")
        return None

    def _send(
        self, post: Post | None, promise: Promise, reader: Contact, device: Device | None
    ) -> None:
        if post is None:
            raise Invalid("this way is switched off", field="way")
        ends = self.unsubscribing.url(self.site, reader.account_id, promise.template)
        phone = reader.phone_asked if promise.template == PHONE_CODE else reader.phone
        letter = render(
            promise,
            reader,
            reader.email if promise.way == MAIL else phone,
            site=self.site,
            message_id=promise.message_id(self.domain),
            unsubscribe=ends if promise.template in OPTIONAL else "",
            device=device,
        )
        post.send(letter)

    def _nobody_there(self, promise: Promise, why: str, now_us: int) -> None:
        if promise.way == MAIL:
            self.contacts.bounced(promise.account_id, why, now_us)
        elif promise.device_id:
            self.devices.remove(promise.account_id, promise.device_id)

    def _notice(self, promise: Promise, now_us: int, state: Any, reason: str = "") -> Notice:
        return Notice(
            notice_id=promise.promise_id,
            template=promise.template,
            account_id=promise.account_id,
            message_id=promise.message_id(self.domain),
            state=state,
            at_us=now_us,
            attempts=promise.attempts,
            created_us=promise.created_us,
            reason=_WHOM.sub("…", reason),
        )
