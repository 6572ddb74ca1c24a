"""How one step hands on to the next."""

from __future__ import annotations

import json
import time
from base64 import b64decode

import pytest
from celery import Celery

from fairness.errors import Unavailable
from tests.engines import wait_until
from workers import clients, lanes, steps, trace
from workers.app import app

SENDING = ("task_routes", "task_queues", "task_publish_retry_policy", "broker_transport_options")
pytestmark = pytest.mark.usefixtures("mailbox")


def sent(queue: str) -> list[dict[str, object]]:
    return [json.loads(str(text))["headers"] for text in clients.broker().lrange(queue, 0, -1)]


def test_a_reminder_is_sent_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PATIENCE_MS", 200)
    store = clients.redis()

    assert [steps.remind(store, steps.SCREEN, "demo") for _ in range(3)] == [True, False, False]
    assert steps.remind(store, steps.COMMIT, "demo")
    wait_until(lambda: steps.remind(store, steps.SCREEN, "demo"), what="patience ends")

    assert len(sent("screening")) == 2


def test_a_card_token_is_in_no_task() -> None:
    lanes.pay("sale", "ord_1", "card_secret")

    (text,) = clients.broker().lrange("orders", 0, -1)
    assert "card_secret" not in str(text)
    assert b"card_secret" not in b64decode(json.loads(str(text))["body"])
    lane = lanes.lane("sale", lanes.of_payment("ord_1"))
    assert lane.waiting() == 1


def test_a_step_takes_the_trace_with_it() -> None:
    trace.trace_id.set("asked-by-the-web")
    steps.send(steps.SEAL)
    trace.trace_id.set(trace.NONE)
    steps.send(steps.SEAL)

    found = [headers.get("trace_id") for headers in sent("ledger")]
    assert found == [None, "asked-by-the-web"]  # the newest first


def test_a_broker_that_is_away_is_said_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0")
    nowhere.conf.update({name: app.conf[name] for name in SENDING})
    monkeypatch.setattr(steps, "app", nowhere)
    began = time.monotonic()

    with pytest.raises(Unavailable):
        steps.send(steps.SEAL)

    assert time.monotonic() - began < 10
