"""The only door to webhooks: endpoints of organisers, and events told to them at least once.

A worker claims a delivery, sends it, and writes down what came of it. Whoever dies between the
last two leaves a claim that lapses; the event is then sent again under the same id, which is how
the receiver knows that it is the same one. Events come in no order: each says when it happened.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace

import orjson

from boxoffice.dynamo import Database
from boxoffice.webhooks import addresses, sending
from boxoffice.webhooks.model import (
    FAILS_FOR_US,
    KEPT_US,
    OLD_SECRET_US,
    TEST,
    TYPES,
    WAITS_S,
    Delivery,
    Endpoint,
    Event,
)
from boxoffice.webhooks.store import WebhookStore
from fairness.clock import SECOND, iso
from fairness.errors import Conflict, Invalid, NotFound

AT_ONCE = 50  # deliveries of one endpoint in one run
LONG_S = 4.0  # then the rest is left for the next run
LEASE_US = 60 * SECOND
MOST_ENDPOINTS = 10  # of one organiser
LOOK_S = 5.0  # how long it is believed that nobody has an endpoint
GONE = 410  # the receiver says that it wants no more


class Webhooks:
    """Endpoints and deliveries. `anywhere`: over plain HTTP and to private addresses too."""

    def __init__(self, db: Database, *, anywhere: bool) -> None:
        self._store = WebhookStore(db)
        self._anywhere = anywhere
        self._looked_s, self._any = -LOOK_S, False

    def add(self, organiser_id: str, url: str, types: Sequence[str], now_us: int) -> Endpoint:
        """Return the organiser's new endpoint; `types` none is all. Invalid by field; Conflict."""
        unknown = [kind for kind in types if kind not in TYPES]
        if unknown:
            raise Invalid(
                f"there is no type {unknown[0]!r:.40}",
                field="types",
                rule=f"of {', '.join(TYPES)}",
                remedy="choose from them, or leave it out for all",
            )
        if len(self._store.of_organiser(organiser_id)) >= MOST_ENDPOINTS:
            raise Conflict(
                "these are enough endpoints",
                field="url",
                rule=f"at most {MOST_ENDPOINTS}",
                remedy="remove one that is not used",
            )
        endpoint = Endpoint(
            organiser_id,
            f"hook_{secrets.token_urlsafe(16)}",
            addresses.check_url(url, anywhere=self._anywhere),
            tuple(dict.fromkeys(types)),
            _new_secret(),
            now_us,
        )
        self._store.put(endpoint)
        return endpoint

    def of_organiser(self, organiser_id: str) -> list[Endpoint]:
        """Return the organiser's endpoints, the oldest first."""
        return self._store.of_organiser(organiser_id)

    def get(self, organiser_id: str, endpoint_id: str) -> Endpoint:
        """Return an endpoint of the organiser's; NotFound, also when it is another's."""
        found = self._store.get(organiser_id, endpoint_id)
        if found is None:
            raise NotFound("there is no such endpoint", field="endpoint_id", value=endpoint_id)
        return found

    def remove(self, organiser_id: str, endpoint_id: str) -> None:
        """Forget an endpoint; twice is once."""
        found = self._store.get(organiser_id, endpoint_id)
        if found:
            self._store.remove(found)

    def switch(self, organiser_id: str, endpoint_id: str, *, active: bool) -> Endpoint:
        """Switch an endpoint on or off; while it is off, nothing is noted for it."""
        found = self.get(organiser_id, endpoint_id)
        reason = "" if active else "switched off by the organiser"
        self._store.change(found, active=active, off_reason=reason, failing_since_us=0)
        return replace(found, active=active, off_reason=reason, failing_since_us=0)

    def rotate(self, organiser_id: str, endpoint_id: str, now_us: int) -> Endpoint:
        """Return the endpoint with a new secret; the one before signs too for another day."""
        found = self.get(organiser_id, endpoint_id)
        fresh, until_us = _new_secret(), now_us + OLD_SECRET_US
        self._store.change(found, secret=fresh, old_secret=found.secret, old_until_us=until_us)
        return replace(found, secret=fresh, old_secret=found.secret, old_until_us=until_us)

    def log(self, organiser_id: str, endpoint_id: str) -> list[Delivery]:
        """Return the latest deliveries of an endpoint, the newest event first; NotFound."""
        return self._store.log(self.get(organiser_id, endpoint_id).endpoint_id)

    def test(self, organiser_id: str, endpoint_id: str, now_us: int) -> None:
        """Have a test event sent to an endpoint; NotFound."""
        found = self.get(organiser_id, endpoint_id)
        if not found.active:
            raise Conflict(
                "this endpoint is switched off",
                field="endpoint_id",
                value=endpoint_id,
                rule="an endpoint that is on",
                remedy="switch it on first",
            )
        event_id = f"{now_us:020}-test-{secrets.token_urlsafe(8)}"
        data = {"hello": "This is a test event of FairTicket."}
        self._promise(found, Event(event_id, TEST, "", now_us, data))

    def replay(self, organiser_id: str, endpoint_id: str, event_id: str, now_us: int) -> None:
        """Have one event sent again, under its id; NotFound."""
        found = self._store.one(self.get(organiser_id, endpoint_id).endpoint_id, event_id)
        if found is None:
            raise NotFound("there is no such event", field="event_id", value=event_id)
        self._store.again(found, now_us)

    def replay_since(self, organiser_id: str, endpoint_id: str, from_us: int, now_us: int) -> int:
        """Have every event since `from_us` sent again; return how many. NotFound."""
        endpoint = self.get(organiser_id, endpoint_id)
        found = list(self._store.since(endpoint.endpoint_id, f"{max(from_us, 0):020}"))
        for one in found:
            self._store.again(one, now_us)
        return len(found)

    def tell(self, organiser_id: str, events: Sequence[Event]) -> None:
        """Note these events for the organiser's endpoints that want them; twice is once."""
        for endpoint in self._store.of_organiser(organiser_id):
            for event in events:
                if endpoint.wants(event.kind):
                    self._promise(endpoint, event)

    def any(self) -> bool:
        """Return whether any organiser has an endpoint; up to five seconds old."""
        if time.monotonic() > self._looked_s + LOOK_S:
            self._any = next(self._store.every(), None) is not None
            self._looked_s = time.monotonic()
        return self._any

    def waiting(self, now_us: int) -> list[Endpoint]:
        """Return the endpoints for which something is due."""
        endpoints = [endpoint for endpoint in self._store.every() if endpoint.active]
        return [e for e in endpoints if self._store.due(e.endpoint_id, now_us, 1)]

    def deliver(self, endpoint: Endpoint, now_us: int) -> list[Delivery]:
        """Send what is due for an endpoint; return what became of each that was tried here."""
        began, done = time.monotonic(), list[Delivery]()
        for due in self._store.due(endpoint.endpoint_id, now_us, AT_ONCE):
            present_us = now_us + int((time.monotonic() - began) * SECOND)
            if present_us > now_us + LONG_S * SECOND:
                break
            claimed = replace(due, due_us=present_us + LEASE_US, attempts=due.attempts + 1)
            if self._store.claim(due, claimed.due_us):
                done.append(self._send(endpoint, claimed, present_us))
        self._note(endpoint, done, now_us)
        return done

    def forget_old(self, now_us: int) -> None:
        """Remove deliveries of events that are too old to be told again."""
        for endpoint in self._store.every():
            old = self._store.since(endpoint.endpoint_id, "0", f"{now_us - KEPT_US:020}")
            self._store.forget(list(old))

    def _send(self, endpoint: Endpoint, claimed: Delivery, now_us: int) -> Delivery:
        signed = sending.headers(claimed.event_id, claimed.body, endpoint.secrets(now_us), now_us)
        answer = sending.send(endpoint.url, claimed.body, signed, anywhere=self._anywhere)
        after = replace(claimed, tried_us=now_us, status=answer.status, said=answer.said)
        if answer.taken:
            after = replace(after, state="sent", due_us=now_us)
        elif claimed.attempts > len(WAITS_S) or answer.status == GONE or claimed.kind == TEST:
            after = replace(after, state="given up", due_us=now_us)
        else:
            wait_us = WAITS_S[claimed.attempts - 1] * SECOND
            after = replace(after, due_us=now_us + wait_us)
        self._store.settle(claimed, after)
        return after

    def _note(self, endpoint: Endpoint, done: Sequence[Delivery], now_us: int) -> None:
        """Note whether the endpoint works, and switch it off when it has not for too long."""
        real = [one for one in done if one.kind != TEST]
        if any(one.status == GONE for one in real):
            self._off(endpoint, "it answered 410 Gone", now_us)
        elif any(one.state == "sent" for one in real):
            if endpoint.failing_since_us:
                self._store.change(endpoint, failing_since_us=0)
        elif real and not endpoint.failing_since_us:
            self._store.change(endpoint, failing_since_us=now_us)
        elif real and now_us - endpoint.failing_since_us > FAILS_FOR_US:
            self._off(endpoint, "nothing arrived for five days", now_us)

    def _off(self, endpoint: Endpoint, reason: str, now_us: int) -> None:
        self._store.switch_off(endpoint, f"{reason} ({iso(now_us)[:10]})", now_us)

    def _promise(self, endpoint: Endpoint, event: Event) -> None:
        body = {"type": event.kind, "timestamp": iso(event.at_us), "data": dict(event.data)}
        if event.sale_id:
            body["data"] = {"sale_id": event.sale_id, **event.data}
        text = orjson.dumps(body).decode()
        self._store.promise(
            Delivery(
                endpoint.endpoint_id, event.event_id, event.kind, text, event.at_us,
                due_us=event.at_us,
            )
        )  # fmt: skip


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
