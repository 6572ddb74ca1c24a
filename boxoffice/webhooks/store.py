"""Where endpoints and deliveries are kept: HOOKS and DELIVERIES."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from urllib.parse import urlsplit

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Item
from boxoffice.tables import DELIVERIES, HOOKS
from boxoffice.webhooks.model import Delivery, Endpoint

MOST = 200  # deliveries in a log


class WebhookStore:
    """Reads and conditional writes of both."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, organiser_id: str, endpoint_id: str) -> Endpoint | None:
        """Return the endpoint if it is this organiser's."""
        item = self._db.get(HOOKS, organiser_id=organiser_id, endpoint_id=endpoint_id)
        return Endpoint.of(item) if item else None

    def of_organiser(self, organiser_id: str) -> list[Endpoint]:
        """Return the organiser's endpoints, the oldest first."""
        found = map(Endpoint.of, self._db.query(HOOKS, organiser_id=organiser_id))
        return sorted(found, key=lambda one: one.created_us)

    def every(self) -> Iterator[Endpoint]:
        """Yield every endpoint, in no order."""
        return map(Endpoint.of, self._db.scan(HOOKS))

    def put(self, endpoint: Endpoint) -> None:
        """Keep a new endpoint."""
        self._db.put(HOOKS, _item(endpoint))

    def change(self, endpoint: Endpoint, **changes: object) -> None:
        """Set these fields, if it is still there."""
        change = "SET " + ", ".join(f"#{name} = :{name}" for name in changes)
        names = {f"#{name}": name for name in changes}  # some are DynamoDB's own words
        there = "attribute_exists(endpoint_id)"
        write = self._db.update_(HOOKS, _key(endpoint), change, there, names, **changes)
        try:
            self._db.write(write)
        except ConditionFailed:  # removed meanwhile
            return

    def switch_off(self, endpoint: Endpoint, reason: str, now_us: int) -> None:
        """Switch an endpoint off that is on, and promise its organiser the mail; twice is once."""
        off = self._db.update_(
            HOOKS,
            _key(endpoint),
            "SET active = :no, off_reason = :reason",
            "attribute_exists(endpoint_id) AND active = :yes",
            no=False,
            yes=True,
            reason=reason,
        )
        about = {
            "about": urlsplit(endpoint.url).hostname or "",
            "endpoint_id": endpoint.endpoint_id,
        }
        mail = outbox.mail_(
            self._db,
            "webhook_off",
            endpoint.organiser_id,
            about,
            f"{endpoint.endpoint_id}-off",
            now_us,
        )
        with suppress(ConditionFailed):  # it is off, or was removed meanwhile
            self._db.transact([off, mail])

    def remove(self, endpoint: Endpoint) -> None:
        """Forget the endpoint; what waited for it waits for nobody."""
        self._db.write(self._db.delete_(HOOKS, _key(endpoint)))

    def promise(self, delivery: Delivery) -> None:
        """Keep a delivery that is due, unless the same was kept before."""
        item = {**asdict(delivery), "open_endpoint": delivery.endpoint_id}
        absent = "attribute_not_exists(event_id)"
        try:
            self._db.write(self._db.put_(DELIVERIES, item, absent))
        except ConditionFailed:
            return

    def due(self, endpoint_id: str, now_us: int, limit: int) -> list[Delivery]:
        """Return what may be sent now, the longest due first."""
        found = self._db.query(
            DELIVERIES,
            index="by_due",
            limit=limit,
            between=("due_us", 0, now_us),
            open_endpoint=endpoint_id,
        )
        return [Delivery.of(item) for item in found]

    def claim(self, delivery: Delivery, until_us: int) -> bool:
        """Take a delivery as it was read, so that nobody else does until then; False if taken."""
        return self._update(delivery, "SET due_us = :until, attempts = attempts + :one",
                            until=until_us, one=1)  # fmt: skip

    def settle(self, delivery: Delivery, after: Delivery) -> bool:
        """Write what became of a claimed delivery; False when the claim had lapsed."""
        change = (
            "SET #state = :state, attempts = :attempts, tried_us = :tried, #status = :status, "
            "said = :said, due_us = :due_after"
        )
        if after.state != "waiting":
            change += " REMOVE open_endpoint"
        return self._update(
            delivery,
            change,
            {"#state": "state", "#status": "status"},
            state=after.state,
            attempts=after.attempts,
            tried=after.tried_us,
            status=after.status,
            said=after.said,
            due_after=after.due_us,
        )

    def again(self, delivery: Delivery, now_us: int) -> None:
        """Make a delivery due at once, as if it were new; its record stays until then."""
        self._update(
            delivery,
            "SET #state = :waiting, attempts = :none, due_us = :now, open_endpoint = :me",
            {"#state": "state"},
            waiting="waiting",
            none=0,
            now=now_us,
            me=delivery.endpoint_id,
        )

    def one(self, endpoint_id: str, event_id: str) -> Delivery | None:
        """Return a delivery, or None."""
        item = self._db.get(DELIVERIES, endpoint_id=endpoint_id, event_id=event_id)
        return Delivery.of(item) if item else None

    def log(self, endpoint_id: str, limit: int = MOST) -> list[Delivery]:
        """Return the latest deliveries, the newest event first."""
        found = self._db.query(DELIVERIES, newest_first=True, limit=limit, endpoint_id=endpoint_id)
        return [Delivery.of(item) for item in found]

    def since(self, endpoint_id: str, first: str, last: str = "~") -> Iterator[Delivery]:
        """Yield the deliveries of events whose ids are between these, the oldest first."""
        found = self._db.query(
            DELIVERIES, between=("event_id", first, last), endpoint_id=endpoint_id
        )
        return map(Delivery.of, found)

    def forget(self, deliveries: Sequence[Delivery]) -> None:
        """Remove deliveries that are too old to be of use."""
        for one in deliveries:
            key = {"endpoint_id": one.endpoint_id, "event_id": one.event_id}
            self._db.write(self._db.delete_(DELIVERIES, key))

    def _update(
        self, delivery: Delivery, change: str, names: dict[str, str] | None = None, **values: object
    ) -> bool:
        key = {"endpoint_id": delivery.endpoint_id, "event_id": delivery.event_id}
        write = self._db.update_(
            DELIVERIES, key, change, "due_us = :before", names, before=delivery.due_us, **values
        )
        try:
            self._db.write(write)
        except ConditionFailed:
            return False
        return True


def _key(endpoint: Endpoint) -> Item:
    return {"organiser_id": endpoint.organiser_id, "endpoint_id": endpoint.endpoint_id}


def _item(endpoint: Endpoint) -> Item:
    return {**asdict(endpoint), "types": list(endpoint.types)}
