"""A worker may die after any write: whoever comes next ends what was begun."""

from __future__ import annotations

import smtplib
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from boxoffice.dynamo import Database
from boxoffice.notices import delivering
from fairness.store import SaleStore
from tests.engines import wait_until
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from workers import clients, lanes, steps
from workers.app import app

CLOCK = ("line.onsale", "line.tick", "ledger.seal", "notices.deliver", "orders.expire")
REDELIVERED = (steps.ALLOCATE, steps.PAY)  # the broker gives these to the next worker
LIFE = 6
WRITES = (
    (SaleStore, "_run"),
    (Database, "transact"),
    (Database, "write"),
    (Redis, "xdel"),
    (smtplib.SMTP, "send_message"),
)


class Killed(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


class Worker:
    """Runs tasks one after the other, and dies after every LIFE-th write of each task."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.writes: Counter[str] = Counter()
        self.running = ""
        self.died_in: list[str] = []
        self.queue: deque[tuple[str, tuple[Any, ...]]] = deque()

    def send(self, name: str, args: tuple[Any, ...] = (), **_: Any) -> None:
        self.queue.append((name, args))

    def work(self) -> None:
        """Run what the clock sends, and what follows from it, until nothing is left."""
        self.queue.extend((name, ()) for name in CLOCK)
        while self.queue:
            name, args = self.queue.popleft()
            self.running = name
            try:
                app.tasks[name](*args)
            except Killed:
                self.died_in.append(name)
                if name in REDELIVERED:
                    self.send(name, args)
            finally:
                self.running = ""

    def after_write(self) -> None:
        if self.running:
            self.writes[self.running] += 1
            if self.writes[self.running] % LIFE == self.first:
                raise Killed


def mortal(monkeypatch: pytest.MonkeyPatch, worker: Worker) -> None:
    def dying(write: Callable[..., Any], name: str) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            answer = write(*args, **kwargs)
            if answer or name != "_run":  # a script that found nothing to do wrote nothing
                worker.after_write()
            return answer

        return wrapper

    for owner, name in WRITES:
        monkeypatch.setattr(owner, name, dying(getattr(owner, name), name))
    monkeypatch.setattr(app, "send_task", worker.send)
    monkeypatch.setattr(steps, "PATIENCE_MS", 1)
    monkeypatch.setattr(lanes, "AT_MOST_S", 0)
    monkeypatch.setattr(delivering, "LEASE_US", 0)  # nobody waits for the dead one


def until(condition: Callable[[], bool], worker: Worker) -> None:
    for _ in range(30):
        if condition():
            return
        worker.work()
    raise AssertionError(f"never ended after dying in {worker.died_in}")


def whole_sale(worker: Worker, mailbox: Mailbox) -> Crowd:
    crowd = stage.crowd(fans=2, seats=6)
    until(lambda: clients.sales().get(crowd.sale_id).state == "open", worker)
    crowd.join()
    until(lambda: len(crowd.line.served_order()) == 2, worker)
    order_ids = [f"{crowd.sale_id}-{fan}" for fan in crowd.fans]
    plan = clients.catalogue().plan(crowd.sale.plan_id)
    for order_id, account_id, fan in zip(order_ids, crowd.accounts, crowd.fans, strict=True):
        crowd.line.enter(fan)
        lanes.ask(crowd.sale, plan, order_id, account_id, fan, None, {"count": 2})
    until(lambda: states(crowd) == ["held", "held"], worker)
    for order_id in order_ids:
        lanes.pay(crowd.sale_id, order_id, crowd.token())
    until(lambda: states(crowd) == ["paid", "paid"] and not worker.queue, worker)
    until(lambda: all(len(mails(mailbox, email)) >= 2 for email in crowd.emails), worker)
    worker.work()
    return crowd


def mails(mailbox: Mailbox, email: str) -> set[tuple[str, str]]:
    """Return the mails that a mail system sees: one that comes twice has one Message-ID."""
    return {(m["Message-ID"], m["Subject"]) for m in mailbox.messages if m["To"] == email}


def states(crowd: Crowd) -> list[str]:
    return [order.state for order in clients.orders().of_sale(crowd.sale_id)]


def check(crowd: Crowd, mailbox: Mailbox) -> None:
    orders = clients.orders().of_sale(crowd.sale_id)
    seats = [seat for order in orders for seat in order.seat_ids]
    assert len(seats) == len(set(seats)) == 4
    assert sorted(crowd.line.places().values()) == [1, 2]
    assert crowd.line.served_order() == list(crowd.line.places())
    assert set(crowd.line.turns_over().values()) == {"bought"}
    sold, stock = dict.fromkeys(seats, "sold"), clients.stock(crowd.sale_id)
    wait_until(lambda: stock.taken() == sold, 5, "claims of workers that died lapse")
    for email in crowd.emails:
        assert sorted(subject for _, subject in mails(mailbox, email)) == [
            "It is your turn: Sinfonia, Hall, Lahti",
            "Your tickets: Sinfonia, Hall, Lahti",
        ]


def test_workers_that_die_after_any_write_lose_and_double_nothing(
    monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox, tmp_path: Path
) -> None:
    died_in: list[str] = []
    for first in range(LIFE):
        with monkeypatch.context() as patches:
            worker = Worker(first)
            mortal(patches, worker)
            crowd = whole_sale(worker, mailbox)
            check(crowd, mailbox)
        died_in += worker.died_in
        clients.sales().close(crowd.sale_id, crowd.sale.organiser_id, stage.now_us())
        mailbox.messages.clear()

    assert len(died_in) > 50
    assert set(died_in) >= {
        "line.onsale", "line.tick", "line.commit", "line.draw", "line.admit", "ledger.seal",
        "screening.screen", "allocation.allocate", "orders.pay", "notices.deliver",
    }  # fmt: skip
    assert stage.ledger_failures(tmp_path) == []
