"""The store of the line is lost in the middle of a sale: every place stays, nobody gains."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import RedisError

from console import engines
from console.main import fairticket
from fairness import board, keys
from fairness.clock import now_us
from fairness.errors import NoLine, Rebuilding, Unavailable
from fairness.ledger import entries, windows
from fairness.ledger.linecheck import LineCheck
from fairness.line import Line, recovery
from fairness.screening.version import release
from fairness.store import SaleStore
from tests.engines import running, wait_until
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from workers import clients, journal, pipeline, rebuild, steps
from workers.app import app

CLOCK = ("line.onsale", "line.tick", "ledger.seal", "orders.expire")


@dataclass
class Worker:
    """Runs what the clock sends, and what follows from it, here and now."""

    queue: deque[tuple[str, tuple[Any, ...]]] = field(default_factory=deque)

    def send(self, name: str, args: tuple[Any, ...] = (), **_: Any) -> None:
        self.queue.append((name, args))

    def work(self, *tasks: str) -> None:
        self.queue.extend((name, ()) for name in tasks or CLOCK)
        while self.queue:
            name, args = self.queue.popleft()
            if not name.startswith("notices"):
                app.tasks[name](*args)

    def until(self, condition: Callable[[], object]) -> None:
        wait_until(lambda: self.work() or condition(), 20)  # type: ignore[func-returns-value]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> Worker:
    worker = Worker()
    monkeypatch.setattr(app, "send_task", worker.send)
    monkeypatch.setattr(steps, "PATIENCE_MS", 1)
    monkeypatch.setattr(recovery, "GRACE_US", 300_000)
    return worker


@dataclass
class Sold:
    """A sale in its middle, and what must still hold when its store is lost."""

    crowd: Crowd
    places: dict[str, int]
    called: list[str]
    arrived: dict[str, int]
    committed: str
    still_open: list[str]
    paid: str
    holding: str

    @property
    def line(self) -> Line:
        return self.crowd.line

    def check(self) -> None:
        assert self.line.places() in (self.places, self.places | {self.committed: 6})
        assert self.line.served_order() == self.called
        assert self.line.turns_over() == {self.paid: "bought"}
        assert self.line.position(self.holding).state == "inside"
        assert list(self.line.pending().values()) in (["committed"], [])
        known = dict(self.line.arrivals())
        assert known == {f: at for f, at in self.arrived.items() if f not in self.still_open}


def join(crowd: Crowd, *numbers: int) -> None:
    for number in numbers:
        crowd.line.join(crowd.fans[number], "{}")


def wait_for_window(crowd: Crowd) -> None:
    newest = crowd.line.arrivals()[-1][1]
    end = crowd.sale.manifest.window_ends_us(crowd.sale.manifest.window_of(newest))
    wait_until(lambda: now_us() > end, what="the window is over")


def hold(crowd: Crowd, fan: str) -> str:
    number = crowd.fans.index(fan)
    account = crowd.accounts[number]
    stage.allocate(f"ord_{fan}", crowd.sale_id, account, fan, None, {"count": 1})
    return f"ord_{fan}"


def half_sold(worker: Worker) -> Sold:
    """Five windows are drawn, one is committed, one is open; one bought, one holds, one waits."""
    crowd = stage.crowd(fans=8, capacity=2)
    worker.until(lambda: clients.sales().get(crowd.sale_id).state == "open")
    for number in range(5):
        join(crowd, number)
        wait_for_window(crowd)
    worker.until(lambda: len(crowd.line.places()) == 5)
    first, second = crowd.line.served_order()
    for fan in (first, second):
        crowd.line.enter(fan)
    stage.pay(hold(crowd, first), crowd.token())
    hold(crowd, second)
    worker.until(lambda: len(crowd.line.served_order()) == 3)
    worker.work("ledger.seal")
    join(crowd, 5)
    wait_for_window(crowd)
    crowd.line.close_due_windows()
    pipeline.screen(crowd.sale_id)
    pipeline.commit(crowd.sale_id)
    join(crowd, 6, 7)
    return Sold(
        crowd, crowd.line.places(), crowd.line.served_order(), dict(crowd.line.arrivals()),
        crowd.fans[5], crowd.fans[6:], first, second,
    )  # fmt: skip


def lose_everything() -> None:
    clients.redis().flushall()


def test_a_store_that_is_lost_in_the_middle_costs_nobody_their_place(
    worker: Worker, tmp_path: Path
) -> None:
    sold = half_sold(worker)
    line, crowd = sold.line, sold.crowd
    lose_everything()

    waiting = sold.called[2]
    for refused in (line.status, lambda: line.join("new", "{}"), lambda: line.enter(waiting)):
        with pytest.raises(NoLine):
            refused()
    with pytest.raises(Rebuilding):
        line.finish(sold.holding)
    assert (line.admit(100), pipeline.admit(crowd.sale_id)) == ([], 0)

    worker.work("line.onsale")
    sold.check()
    assert line.position(sold.called[2]).state == "called"
    assert clients.stock(crowd.sale_id).taken().keys() == {
        seat for order in clients.orders().of_sale(crowd.sale_id) for seat in order.seat_ids
    }
    turn_us = crowd.sale.manifest.turn_us
    assert (line.position(sold.called[2]).turn_ends_us or 0) > now_us() + turn_us - 5_000_000

    for fan in sold.still_open:
        again = line.restore(fan, "{}", sold.arrived[fan])
        assert again is not None
        assert again.at_us == sold.arrived[fan]
    assert line.restore(sold.committed, "{}", sold.arrived[sold.committed]) is None
    late = line.join("late", "{}")
    worker.until(lambda: line.position(sold.committed).place == 6)
    worker.until(lambda: line.position("late").place == 9)
    assert {f: at for f, at in line.arrivals() if f != "late"} == sold.arrived
    assert late.at_us > max(sold.arrived.values())

    for number in range(2, 9):
        worker.until(lambda n=number: len(line.served_order()) > n)  # type: ignore[misc]
        line.finish(line.served_order()[number], "left")
    worker.work("ledger.seal", "ledger.seal")
    assert line.served_order() == list(line.places())
    assert stage.ledger_failures(tmp_path) == []
    assert _logged("rebuilt") == [{"arrived": 6, "bought": 1, "called": 3, "placed": 5}]


def _logged(kind: str) -> list[Any]:
    found = map(entries.decode, clients.log().read(0, clients.ledger_store().size()))
    return [entry.get("totals") for entry in found if entry["type"] == kind]


def test_a_server_that_dies_with_its_file_is_as_if_emptied(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port = engines.free_port()
    url = f"redis://127.0.0.1:{port}"
    for name, number in (("REDIS_URL", 0), ("BROKER_URL", 1)):
        monkeypatch.setenv(f"FAIRTICKET_{name}", f"{url}/{number}")
    stage.forget()
    with running(engines.valkey(port, tmp_path / "first"), tmp_path / "first") as server:
        wait_until(lambda: answers(url))
        sold = half_sold(worker)
        server.kill()
    with pytest.raises(Unavailable):
        sold.line.admit(100)
    with running(engines.valkey(port, tmp_path / "second"), tmp_path / "second"):
        wait_until(lambda: answers(url))
        worker.work("line.onsale")
        sold.check()


def answers(url: str) -> bool:
    with Redis.from_url(url) as probe, suppress(RedisError):
        return bool(probe.ping())
    return False


def test_the_command_rebuilds_a_line_and_may_be_given_again(worker: Worker) -> None:
    sold = half_sold(worker)
    lose_everything()

    said = [CliRunner().invoke(fairticket, ["rebuild-line", sold.crowd.sale_id]) for _ in "12"]

    assert [result.exit_code for result in said] == [0, 0]
    assert "rebuilt, 5 places, 3 called, 1 windows to draw" in said[0].output
    assert "the line is there" in said[1].output
    sold.check()


def test_without_rebuilding_the_places_are_lost(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If this one fails, the one above proves nothing."""
    sold = half_sold(worker)
    monkeypatch.setattr(rebuild, "was_set_up", lambda _: False)
    lose_everything()

    worker.work("line.onsale")

    assert sold.line.places() == {}
    assert sold.line.served_order() == []
    assert sold.line.join(sold.called[0], "{}").first


class Killed(BaseException):
    """Nothing catches this, as nothing catches SIGKILL."""


def test_a_rebuilder_that_is_killed_anywhere_is_replaced(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = half_sold(worker)
    monkeypatch.setattr(recovery, "LOCK_MS", 1)
    survived, kills = False, 0
    while not survived:
        lose_everything()
        with monkeypatch.context() as patches:
            die_after(patches, kills)
            try:
                rebuild.rebuild(sold.crowd.sale_id)
                survived = True
            except Killed:
                kills += 1
        wait_until(lambda: rebuild.rebuild(sold.crowd.sale_id) or sold.line.is_there())
        sold.check()
        assert clients.redis().xlen(keys.decisions(sold.crowd.sale_id)) == 1
        assert sold.crowd.sale_id in journal.live_sales()
    assert kills > 15


def die_after(patches: pytest.MonkeyPatch, calls: int) -> None:
    left = [calls]

    def dying(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any) -> Any:
            answer = call(*args)
            if not left[0]:
                raise Killed
            left[0] -= 1
            return answer

        return wrapper

    for name in ("_run", "_read"):
        patches.setattr(SaleStore, name, dying(getattr(SaleStore, name)))


@pytest.mark.parametrize("lock", [True, False], ids=["with the lock", "without it"])
def test_many_rebuilders_make_one_line(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, lock: bool
) -> None:
    """The lock saves work; what makes it once is that the line is put in place once."""
    sold = half_sold(worker)
    if not lock:
        monkeypatch.setattr(Line, "may_rebuild", lambda *_: True)
    lose_everything()

    with ThreadPoolExecutor(3) as pool:
        done = list(pool.map(rebuild.rebuild, [sold.crowd.sale_id] * 3))

    assert sum(done) == 1
    sold.check()
    assert clients.redis().xlen(keys.decisions(sold.crowd.sale_id)) == 1
    aside = [key for key in clients.redis().keys("*:state:*") if isinstance(key, str)]
    assert aside == []


def test_calls_that_were_not_logged_are_known_by_what_was_ordered(
    worker: Worker, tmp_path: Path
) -> None:
    crowd = stage.crowd(fans=4, capacity=10)
    worker.until(lambda: clients.sales().get(crowd.sale_id).state == "open")
    crowd.line.control(status="paused")
    clients.sales().pause(crowd.sale_id, crowd.sale.organiser_id, now_us())
    join(crowd, 0, 1, 2, 3)
    wait_for_window(crowd)
    worker.until(lambda: len(crowd.line.places()) == 4)
    clients.sales().resume(crowd.sale_id, crowd.sale.organiser_id, now_us())
    crowd.line.control(status="open")
    crowd.line.admit(4)
    third = crowd.line.served_order()[2]
    order = hold(crowd, third)
    lose_everything()

    worker.work("line.onsale")

    assert crowd.line.served_order() == list(crowd.line.places())[:3]
    assert crowd.line.position(third).state == "inside"
    stage.pay(order, crowd.token())
    worker.until(lambda: len(crowd.line.served_order()) == 4)
    worker.work("ledger.seal", "ledger.seal")
    assert stage.ledger_failures(tmp_path) == []


def test_a_window_committed_by_a_worker_that_outlived_the_loss_is_taken_in(
    worker: Worker, tmp_path: Path
) -> None:
    sold = half_sold(worker)
    line, (one, two) = sold.line, sold.still_open
    lose_everything()
    worker.work("line.onsale")
    windows_of = sold.crowd.sale.manifest.window_of
    mine = [(fan, at) for fan, at in sold.arrived.items() if fan in sold.still_open]
    number = windows_of(mine[0][1])
    logged = [(fan, at) for fan, at in mine if windows_of(at) == number]
    windows.commit(clients.log(), line.sale_id, number, logged, {}, {}, now_us(), release())
    line.join(one, "{}")  # without the receipt: a later time, for the moment

    worker.until(lambda: line.position(one).place)
    worker.work("ledger.seal", "ledger.seal")

    assert line.arrived(one) == sold.arrived[one]
    assert line.position(one).window == number
    assert stage.ledger_failures(tmp_path) == []
    assert two in dict(line.arrivals()) or windows_of(sold.arrived[two]) != number


def test_the_board_says_that_the_line_is_being_rebuilt(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    sold = half_sold(worker)
    lose_everything()
    seen: list[Any] = []
    prepare = Line.prepare

    def looking(*args: Any) -> str:
        seen.append(board.read(clients.redis(), sold.crowd.sale_id))
        with pytest.raises(NoLine):
            sold.line.join("meanwhile", "{}")
        assert sold.line.admit(100) == []
        return prepare(*args)

    monkeypatch.setattr(Line, "prepare", looking)
    worker.work("line.onsale")
    worker.work("line.tick")

    assert [shown["status"] for shown in seen] == ["rebuilding"]
    shown = board.read(clients.redis(), sold.crowd.sale_id)
    assert shown is not None
    assert (shown["status"], shown["called"], shown["pace_per_s"]) == ("open", 3, 0.0)


def test_a_closed_sale_with_turns_left_gets_its_line_back(worker: Worker) -> None:
    sold = half_sold(worker)
    clients.sales().close(sold.crowd.sale_id, sold.crowd.sale.organiser_id, now_us())
    lose_everything()

    worker.work("line.onsale")
    assert sold.crowd.sale_id in journal.live_sales()
    sold.check()
    worker.work("line.onsale")
    assert clients.redis().exists(keys.COMPLETE)


def test_a_log_that_held_less_than_a_line_was_rebuilt_from_is_broken() -> None:
    failures: list[str] = []
    check = LineCheck(lambda name, what, _: failures.append(f"{name}: {what}"))
    entry = {"type": "rebuilt", "at_us": 1, "totals": {"placed": 1, "arrived": 0}}
    check.take(0, entry, b"", None)
    assert failures == ["rebuilt: from 1 placed, but the log had 0"]
