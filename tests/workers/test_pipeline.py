"""From the first join to the last mail, through a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from celery.contrib.testing.worker import start_worker

from boxoffice.outbox import LEDGER
from boxoffice.tables import OUTBOX
from fairness import keys
from tests.engines import wait_until
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from workers import clients, lanes, queues, steps
from workers.app import app

CLOCK = ("line.onsale", "line.tick", "ledger.seal", "notices.deliver", "orders.expire")


@contextmanager
def workers(threads: int = 4) -> Iterator[None]:
    """One worker for all queues; its threads run steps of one sale at the same moment."""
    with start_worker(
        app,
        pool="threads",
        concurrency=threads,
        perform_ping_check=False,
        queues=queues.ALL,
        loglevel="WARNING",
        shutdown_timeout=30,
    ):
        yield


def tick(times: int = 1) -> None:
    """Send what the clock sends, unless the workers are busy with the last of it."""
    if not any(clients.broker().llen(queue) for queue in queues.ALL):
        for task in CLOCK * times:
            steps.send(task)


def called_all(crowd: Crowd, times: int = 1) -> bool:
    tick(times)
    return len(crowd.line.served_order()) == len(crowd.fans)


def buy(crowd: Crowd, times: int = 1) -> None:
    """Let every fan enter, order two seats and pay, each message `times` times."""
    plan = clients.catalogue().plan(crowd.sale.plan_id)
    for number, (account_id, fan) in enumerate(zip(crowd.accounts, crowd.fans, strict=True)):
        crowd.line.enter(fan)
        for _ in range(times):
            best = {"count": 2, "tier": "A"}
            lanes.ask(crowd.sale, plan, f"ord_{number}", account_id, fan, None, best)
    wait_until(lambda: all(state(n) == "held" for n in range(len(crowd.fans))), 60, "all hold")
    for number in range(len(crowd.fans)):
        token = crowd.token()
        for _ in range(times):
            lanes.pay(crowd.sale_id, f"ord_{number}", token)
    wait_until(lambda: all(state(n) == "paid" for n in range(len(crowd.fans))), 60, "all paid")


def state(number: int) -> str | None:
    order = clients.orders().find(f"ord_{number}")
    return order.state if order else None


def everything_sent(crowd: Crowd, mailbox: Mailbox) -> bool:
    tick()
    return len(mailbox.messages) >= 2 * len(crowd.fans)


def check(crowd: Crowd, mailbox: Mailbox, folder: Path) -> None:
    """Every promise, read from stores, mailbox and public log."""
    orders = clients.orders().of_sale(crowd.sale_id)
    seats = [seat for order in orders for seat in order.seat_ids]
    assert [order.state for order in orders] == ["paid"] * len(crowd.fans)
    assert len(seats) == len(set(seats)) == 2 * len(crowd.fans)
    assert sorted(crowd.line.places().values()) == list(range(1, len(crowd.fans) + 1))
    assert crowd.line.served_order() == list(crowd.line.places())
    assert set(crowd.line.turns_over().values()) == {"bought"}
    for email in crowd.emails:
        assert mailbox.subjects(email) == [
            "It is your turn: Sinfonia, Hall, Lahti",
            "Your tickets: Sinfonia, Hall, Lahti",
        ]
    assert stage.ledger_failures(folder) == []


@pytest.mark.parametrize("times", [1, 3], ids=["once", "every message three times"])
def test_a_crowd_gets_its_tickets(mailbox: Mailbox, tmp_path: Path, times: int) -> None:
    crowd = stage.crowd(fans=4)
    with workers():
        tick(times)
        wait_until(lambda: tick() or is_live(crowd), 60, "the line opens")
        crowd.join()
        wait_until(lambda: called_all(crowd, times), 60, "all are called")
        buy(crowd, times)
        wait_until(lambda: everything_sent(crowd, mailbox), 60, "all mail is sent")
        wait_until(nothing_left, 60, "all is logged")
    check(crowd, mailbox, tmp_path)


def is_live(crowd: Crowd) -> bool:
    return bool(clients.redis().sismember(keys.LIVE_SALES, crowd.sale_id))


def nothing_left() -> bool:
    tick()
    promised = list(clients.database().query(OUTBOX, kind=LEDGER))
    return not promised and clients.log().sealed_size() == clients.ledger_store().size()
