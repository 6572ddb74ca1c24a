"""Endpoints and deliveries, told to a real HTTP server."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from boxoffice import outward
from boxoffice.dynamo import Database, Item, connect
from boxoffice.outbox import MAILS
from boxoffice.tables import OUTBOX
from boxoffice.webhooks import addresses, sending
from boxoffice.webhooks.model import (
    FAILS_FOR_US,
    KEPT_US,
    OLD_SECRET_US,
    WAITS_S,
    Endpoint,
    Event,
)
from boxoffice.webhooks.service import LEASE_US, Webhooks
from fairness.clock import SECOND, now_us
from fairness.errors import Conflict, Invalid, NotFound
from tests.boxoffice.shop import faulty, persistently, rush
from tests.boxoffice.webhooks.receiver import Receiver, receiver


@pytest.fixture(scope="module")
def db(endpoint: str) -> Iterator[Database]:
    """One database for all: every test has an organiser of its own."""
    database = connect(endpoint, "eu-central-1", f"w{secrets.token_hex(4)}-")
    database.create_tables()
    yield database
    database.client.close()


@pytest.fixture
def hooks(db: Database) -> Webhooks:
    return Webhooks(db, anywhere=True)


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiver() as one:
        yield one


@pytest.fixture
def me() -> str:
    return f"acc_{secrets.token_hex(6)}"


@pytest.fixture
def at(hooks: Webhooks, me: str, other: Receiver) -> Endpoint:
    return hooks.add(me, other.url, [], now_us())


def event(kind: str = "order.paid", at_us: int = 0) -> Event:
    at_us = at_us or now_us()
    unique = f"{at_us:020}-{secrets.token_hex(4)}-0"
    return Event(unique, kind, "sale_1", at_us, {"order_id": "ord_1", "seats": ["A-1"]})


def test_an_event_arrives_once_signed_and_is_in_the_log(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    told = event()
    hooks.tell(me, [told])
    hooks.tell(me, [told])
    now = now_us()
    assert [e.endpoint_id for e in hooks.waiting(now) if e.organiser_id == me] == [at.endpoint_id]
    assert [one.state for one in hooks.deliver(at, now)] == ["sent"]
    assert hooks.deliver(at, now) == []
    assert other.ids == [told.event_id]
    body = other.checked(at.secret)
    assert (body["type"], body["data"]["order_id"], body["data"]["sale_id"]) == (
        "order.paid", "ord_1", "sale_1",
    )  # fmt: skip
    (logged,) = hooks.log(me, at.endpoint_id)
    assert (logged.state, logged.status, logged.attempts) == ("sent", 200, 1)
    with pytest.raises(WebhookVerificationError):
        other.checked("whsec_" + "A" * 43 + "=")


def test_an_endpoint_is_told_only_what_it_wants_and_nobody_elses(
    hooks: Webhooks, me: str, other: Receiver
) -> None:
    wants = hooks.add(me, other.url, ["sale.opened"], now_us())
    hooks.tell(me, [event("order.paid")])
    hooks.tell("acc_somebody", [event("sale.opened")])
    assert hooks.deliver(wants, now_us()) == []
    hooks.tell(me, [event("sale.opened")])
    assert len(hooks.deliver(wants, now_us())) == 1


def test_what_does_not_arrive_is_tried_by_the_schedule_and_then_given_up(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    other.status, now = 500, now_us()
    hooks.tell(me, [event(at_us=now)])
    for wait_s in WAITS_S:
        (tried,) = hooks.deliver(at, now)
        assert (tried.state, tried.status, tried.said) == ("waiting", 500, "HTTP 500")
        assert hooks.deliver(at, now + wait_s * SECOND - 1) == []
        now += (wait_s + 1) * SECOND
    (last,) = hooks.deliver(at, now)
    assert last.state == "given up"
    assert len(set(other.ids)) == 1
    assert len(other.ids) == len(WAITS_S) + 1
    other.status = 200
    hooks.replay(me, at.endpoint_id, last.event_id, now)
    assert [one.state for one in hooks.deliver(at, now)] == ["sent"]


@pytest.mark.parametrize("status", [301, 404, 0])
def test_a_redirect_is_not_followed_and_silence_is_no_answer(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver, status: int
) -> None:
    other.status = status
    hooks.tell(me, [event()])
    (tried,) = hooks.deliver(at, now_us())
    assert (tried.state, tried.status) == ("waiting", status)
    assert tried.said


def test_a_worker_that_dies_after_sending_sends_it_again_under_the_same_id(
    hooks: Webhooks, db: Database, me: str, at: Endpoint, other: Receiver
) -> None:
    hooks.tell(me, [event()])
    now = now_us()

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    dying = Webhooks(db, anywhere=True)
    dying._store.settle = die  # type: ignore[method-assign, assignment]
    with pytest.raises(Killed):
        dying.deliver(at, now)
    assert len(other.ids) == 1
    assert hooks.deliver(at, now + LEASE_US - SECOND) == []
    assert [one.state for one in hooks.deliver(at, now + LEASE_US + SECOND)] == ["sent"]
    assert len(other.ids) == 2
    assert len(set(other.ids)) == 1


def test_ten_workers_at_once_send_it_once(
    hooks: Webhooks, db: Database, me: str, at: Endpoint, other: Receiver
) -> None:
    hooks.tell(me, [event(), event()])
    now = now_us()
    rush(10, lambda _: Webhooks(db, anywhere=True).deliver(at, now))
    assert len(other.ids) == len(set(other.ids)) == 2


def test_without_the_claim_they_send_it_more_than_once(
    db: Database, hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    """The control of the test above."""
    hooks.tell(me, [event()])
    now = now_us()

    def unguarded(_: int) -> None:
        mine = Webhooks(db, anywhere=True)
        mine._store.claim = lambda *_: True  # type: ignore[method-assign]
        mine.deliver(at, now)

    rush(10, unguarded)
    assert len(other.ids) > 1


@pytest.mark.parametrize("fault", ["throttled", "lost reply", "sent twice"])
def test_a_fault_at_any_call_of_telling_loses_nothing(
    hooks: Webhooks, db: Database, me: str, at: Endpoint, other: Receiver, fault: str
) -> None:
    for number in range(2):
        told = event()
        worse = Webhooks(faulty(db, fault, number)[0], anywhere=True)
        persistently(lambda w=worse, e=told: w.tell(me, [e]))  # type: ignore[misc]
    hooks.deliver(at, now_us())
    assert len(other.ids) == len(set(other.ids)) == 2


def test_a_secret_is_changed_without_a_gap(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    now = now_us()
    fresh = hooks.rotate(me, at.endpoint_id, now)
    assert fresh.secret != at.secret
    hooks.tell(me, [event()])
    hooks.deliver(fresh, now_us())
    assert other.checked(at.secret) == other.checked(fresh.secret)
    assert fresh.secrets(now + OLD_SECRET_US) == (fresh.secret,)
    assert fresh.secret not in repr(fresh)


def test_everything_since_a_time_is_told_again(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    now = now_us()
    hooks.tell(me, [event(at_us=now - n * SECOND) for n in (30, 20, 10)])
    hooks.deliver(at, now)
    assert hooks.replay_since(me, at.endpoint_id, now - 25 * SECOND, now) == 2
    hooks.deliver(at, now)
    assert len(other.ids) == 5
    assert len(set(other.ids)) == 3


def test_a_test_event_is_sent_once_and_never_counts(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    other.status, now = 500, now_us()
    hooks.test(me, at.endpoint_id, now)
    (tried,) = hooks.deliver(at, now)
    assert (tried.kind, tried.state) == ("test", "given up")
    assert hooks.get(me, at.endpoint_id).failing_since_us == 0
    assert other.checked(at.secret)["type"] == "test"


def test_an_endpoint_that_fails_for_days_is_switched_off_and_can_be_switched_on(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    other.status, now = 500, now_us()
    hooks.tell(me, [event(at_us=now)])
    hooks.deliver(at, now)
    failing = hooks.get(me, at.endpoint_id)
    assert failing.failing_since_us == now
    hooks.tell(me, [event()])
    hooks.deliver(failing, now + FAILS_FOR_US + SECOND)
    off = hooks.get(me, at.endpoint_id)
    assert not off.active
    assert off.off_reason.startswith("nothing arrived for five days")
    assert me not in [e.organiser_id for e in hooks.waiting(now + 2 * FAILS_FOR_US)]
    with pytest.raises(Conflict):
        hooks.test(me, at.endpoint_id, now)
    other.status = 200
    on = hooks.switch(me, at.endpoint_id, active=True)
    assert {one.state for one in hooks.deliver(on, now + 2 * FAILS_FOR_US)} == {"sent"}


def test_one_success_ends_the_failing(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    other.status, now = 500, now_us()
    hooks.tell(me, [event(at_us=now)])
    hooks.deliver(at, now)
    other.status = 200
    hooks.deliver(hooks.get(me, at.endpoint_id), now + (WAITS_S[0] + 1) * SECOND)
    assert hooks.get(me, at.endpoint_id).failing_since_us == 0


def test_an_endpoint_that_is_gone_says_so_once(
    hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    other.status = 410
    hooks.tell(me, [event()])
    assert [one.state for one in hooks.deliver(at, now_us())] == ["given up"]
    assert hooks.get(me, at.endpoint_id).off_reason.startswith("it answered 410 Gone")


def test_its_organiser_is_written_to_once_when_an_endpoint_is_switched_off(
    db: Database, hooks: Webhooks, me: str, at: Endpoint, other: Receiver
) -> None:
    other.status = 410
    hooks.tell(me, [event(), event()])
    rush(3, lambda _: hooks.deliver(at, now_us()))
    (mail,) = _mails(db, me)
    assert mail["template"] == "webhook_off"
    assert mail["data"] == {
        "about": "127.0.0.1",
        "endpoint_id": at.endpoint_id,
    }  # no path: a secret
    off = hooks.get(me, at.endpoint_id)
    assert not off.active
    hooks.switch(me, at.endpoint_id, active=False)  # by hand: no mail for that
    assert len(_mails(db, me)) == 1


def _mails(db: Database, account_id: str) -> list[Item]:
    rows = [row for kind in MAILS for row in db.query(OUTBOX, kind=kind)]
    return [row for row in rows if row["account_id"] == account_id]


def test_what_is_old_is_forgotten(hooks: Webhooks, me: str, at: Endpoint) -> None:
    now = now_us()
    hooks.tell(me, [event(at_us=now - KEPT_US - SECOND), event(at_us=now)])
    hooks.forget_old(now)
    assert [one.at_us for one in hooks.log(me, at.endpoint_id)] == [now]


def test_nobody_sees_or_touches_the_endpoint_of_another(hooks: Webhooks, at: Endpoint) -> None:
    for act in (
        lambda: hooks.get("acc_b", at.endpoint_id),
        lambda: hooks.log("acc_b", at.endpoint_id),
        lambda: hooks.rotate("acc_b", at.endpoint_id, 0),
        lambda: hooks.test("acc_b", at.endpoint_id, 0),
        lambda: hooks.replay_since("acc_b", at.endpoint_id, 0, 0),
    ):
        with pytest.raises(NotFound):
            act()
    hooks.remove("acc_b", at.endpoint_id)
    assert hooks.get(at.organiser_id, at.endpoint_id) == at


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook", "https://", "ftp://shop.example", "https://a:b@shop.example/",
        "https://shop.example/#x", "https://shop.example/ x", "https://shop.example:0/",
        "https://shop.example:x/", "https://localhost/", "https://127.0.0.1/", "https://10.0.0.8/",
        "https://[::1]/", "https://169.254.169.254/latest/meta-data", "https://box.internal/",
        "https://[::ffff:10.0.0.1]/", "https://[fd00::1]/", "https://0.0.0.0/",
        f"https://shop.example/{'x' * 500}",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as caught:
        addresses.check_url(url, anywhere=False)
    assert caught.value.field == "url"


def test_a_name_that_leads_into_our_network_is_not_called(
    monkeypatch: pytest.MonkeyPatch, other: Receiver
) -> None:
    def looked_up(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", ("10.0.0.8", 443))]

    monkeypatch.setattr(outward.socket, "getaddrinfo", looked_up)
    answer = sending.send("https://shop.example/hook", "{}", {}, anywhere=False)
    assert (answer.status, answer.said) == (0, "this address leads into a private network")
    assert other.got == []


def test_an_unknown_type_and_too_many_endpoints_are_refused(hooks: Webhooks, me: str) -> None:
    with pytest.raises(Invalid, match="no type"):
        hooks.add(me, "https://shop.example/", ["order.paid", "nonsense"], 0)
    for _ in range(10):
        hooks.add(me, "https://shop.example/", [], 0)
    with pytest.raises(Conflict, match="enough"):
        hooks.add(me, "https://shop.example/", [], 0)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of standardwebhooks.com's reference libraries."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", '{"test": 2432232314}'
    at_us = 1_614_265_330 * SECOND
    signed = sending.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", body, [secret], at_us)
    assert signed["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert signed["webhook-timestamp"] == "1614265330"
    assert Webhook(secret).sign("msg_1", datetime.fromtimestamp(time.time(), UTC), body)
