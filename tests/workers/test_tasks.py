"""Every task, called twice: the second time changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from boxoffice.orders.model import Order
from boxoffice.outbox import LEDGER
from boxoffice.tables import OUTBOX
from fairness import board, keys
from fairness.ledger import entries
from schedules.onsale import onsale
from tests.workers import stage
from tests.workers.stage import Crowd, Mailbox
from workers import clients, settling
from workers.allocation import reconcile
from workers.ledger import seal
from workers.line import admit, commit, draw, move, tick
from workers.notices import deliver
from workers.orders import expire
from workers.screening import screen

pytestmark = pytest.mark.usefixtures("mailbox")


def opened(**rules: int) -> Crowd:
    crowd = stage.crowd(**rules)
    seal()
    onsale()
    return crowd


def drawn(**rules: int) -> Crowd:
    crowd = opened(**rules)
    crowd.join()
    tick()
    screen(crowd.sale_id)
    commit(crowd.sale_id)
    seal()
    draw(crowd.sale_id)
    return crowd


def inside(**rules: int) -> Crowd:
    crowd = drawn(**rules)
    admit(crowd.sale_id)
    for fan in crowd.fans:
        crowd.line.enter(fan)
    return crowd


def ordered(crowd: Crowd, number: int, seats: list[str]) -> Order:
    order_id = f"ord_{number}"
    account_id, fan = crowd.accounts[number], crowd.fans[number]
    stage.allocate(order_id, crowd.sale_id, account_id, fan, seats)
    found = clients.orders().find(order_id)
    assert found is not None
    return found


def logged(kind: str) -> list[entries.Entry]:
    size = clients.ledger_store().size()
    every = [entries.decode(data) for data in clients.log().read(0, size)]
    return [entry for entry in every if entry["type"] == kind]


def test_a_line_opens_only_when_its_manifest_is_published() -> None:
    crowd = stage.crowd()
    onsale()
    assert not clients.redis().sismember(keys.LIVE_SALES, crowd.sale_id)
    seal()

    onsale()
    onsale()

    assert clients.redis().sismember(keys.LIVE_SALES, crowd.sale_id)
    assert clients.sales().get(crowd.sale_id).state == "open"
    assert len(logged("manifest")) == 1


def test_ticking_twice_calls_no_one_extra() -> None:
    crowd = drawn(capacity=2)

    tick()
    tick()

    assert len(crowd.line.served_order()) == 2


def test_screening_twice_judges_once() -> None:
    crowd = opened()
    crowd.join()
    tick()

    screen(crowd.sale_id)
    before = crowd.line.verdicts(), crowd.line.merged(), crowd.line.pending()
    screen(crowd.sale_id)

    assert (crowd.line.verdicts(), crowd.line.merged(), crowd.line.pending()) == before
    assert set(crowd.line.pending().values()) == {"screened"}


def test_committing_twice_logs_a_window_once() -> None:
    crowd = opened()
    crowd.join()
    tick()
    screen(crowd.sale_id)
    windows = len(crowd.line.pending())

    commit(crowd.sale_id)
    commit(crowd.sale_id)

    assert len(logged("window")) == windows
    assert sum(entry["count"] for entry in logged("window")) == 3


def test_nothing_is_drawn_before_its_window_is_published() -> None:
    crowd = opened()
    crowd.join()
    tick()
    screen(crowd.sale_id)
    commit(crowd.sale_id)

    draw(crowd.sale_id)
    assert crowd.line.places() == {}

    seal()
    draw(crowd.sale_id)
    assert sorted(crowd.line.places().values()) == [1, 2, 3]


def test_drawing_twice_gives_each_place_once() -> None:
    crowd = drawn()
    places = crowd.line.places()

    draw(crowd.sale_id)

    assert crowd.line.places() == places
    assert sorted(places.values()) == [1, 2, 3]


def test_admitting_twice_calls_everybody_once() -> None:
    crowd = drawn()

    admit(crowd.sale_id)
    admit(crowd.sale_id)

    assert crowd.line.served_order() == list(crowd.line.places())


def test_nobody_is_called_beyond_the_seats_that_are_left() -> None:
    crowd = drawn(fans=3, seats=2)

    admit(crowd.sale_id)
    tick()

    assert len(crowd.line.served_order()) == 2


def test_sealing_twice_logs_each_decision_once(tmp_path: Path) -> None:
    crowd = drawn()
    admit(crowd.sale_id)

    seal()
    seal()

    called = [fan for entry in logged("admitted") for fan, _ in entry["fans"]]
    assert called == crowd.line.served_order()
    assert clients.log().sealed_size() == clients.ledger_store().size()
    assert list(clients.database().query(OUTBOX, kind=LEDGER)) == []
    assert stage.ledger_failures(tmp_path) == []


def test_allocating_twice_holds_once() -> None:
    crowd = inside()

    first = ordered(crowd, 0, ["A-3", "A-4"])
    again = ordered(crowd, 0, ["A-3", "A-4"])

    assert first == again
    assert first.state == "held"
    assert first.about == "Sinfonia, Hall, Lahti"
    assert set(clients.stock(crowd.sale_id).taken()) == {"A-3", "A-4"}


def test_a_seat_that_is_taken_is_refused_with_its_name() -> None:
    crowd = inside()
    ordered(crowd, 0, ["A-3"])

    refused = ordered(crowd, 1, ["A-3"])

    assert refused.state == "refused"
    assert refused.problem is not None
    assert refused.problem["seats"] == ["A-3"]


def test_the_best_seats_can_be_asked_for() -> None:
    crowd = inside()

    stage.allocate("ord_best", crowd.sale_id, crowd.accounts[0], crowd.fans[0], best={"count": 2})

    order = clients.orders().find("ord_best")
    assert order is not None
    assert len(order.seats) == 2


def test_paying_twice_charges_and_finishes_once() -> None:
    crowd = inside()
    order, token = ordered(crowd, 0, ["A-3"]), crowd.token()

    stage.pay(order.order_id, token)
    stage.pay(order.order_id, token)

    paid = clients.orders().find(order.order_id)
    assert paid is not None
    assert paid.state == "paid"
    assert crowd.line.turns_over() == {crowd.fans[0]: "bought"}
    assert clients.stock(crowd.sale_id).taken() == {"A-3": "sold"}
    assert len(clients.accounts().get(crowd.accounts[0]).cards) == 1


def test_expiring_twice_gives_back_once() -> None:
    crowd = inside(hold_us=1_000_000)
    order = ordered(crowd, 0, ["A-3"])
    stage.wait_until(lambda: stage.now_us() > order.held_until_us, what="the hold has lapsed")

    expire()
    expire()

    found = clients.orders().find(order.order_id)
    assert found is not None
    assert found.state == "expired"
    assert clients.stock(crowd.sale_id).taken() == {}
    seal()
    assert len(logged("seats_released")) == 1


def test_delivering_twice_sends_each_mail_once(mailbox: Mailbox) -> None:
    crowd = inside()
    stage.pay(ordered(crowd, 0, ["A-3"]).order_id, crowd.token())
    seal()

    deliver()
    deliver()

    assert mailbox.subjects(crowd.emails[0]) == [
        "It is your turn: Sinfonia, Hall, Lahti",
        "Your tickets: Sinfonia, Hall, Lahti",
    ]
    assert len(mailbox.messages) == 4  # two more who were called


def test_reconciling_makes_the_cache_say_what_the_tables_say() -> None:
    crowd = inside()
    ordered(crowd, 0, ["A-3"])
    clients.stock(crowd.sale_id).mark_free(["A-3"])
    clients.stock(crowd.sale_id).mark_sold(["A-9"])

    reconcile()
    reconcile()

    assert set(clients.stock(crowd.sale_id).taken()) == {"A-3"}


def test_the_board_shows_line_and_stock() -> None:
    crowd = inside()
    ordered(crowd, 0, ["A-3"])

    tick()

    shown = board.read(clients.redis(), crowd.sale_id)
    assert shown is not None
    assert shown["status"] == "open"
    assert shown["served_place"] == 3
    assert (shown["stock"]["A"]["seats"], shown["stock"]["A"]["free"]) == (12, 11)
    assert shown["checkpoint"].startswith("fairticket.example/log\n")


def test_what_the_organiser_steers_reaches_the_line_with_the_next_tick() -> None:
    crowd = drawn()
    by = crowd.sale.organiser_id
    clients.sales().pause(crowd.sale_id, by, stage.now_us())
    clients.sales().amend(crowd.sale_id, by, stage.now_us(), rate_per_s=7, message="Soon")

    tick()

    status = crowd.line.status()
    assert (status.status, status.rate_per_s, status.message) == ("paused", 7, "Soon")
    assert crowd.line.served_order() == []


def test_a_closed_sale_is_looked_after_until_nothing_is_open() -> None:
    crowd = inside()
    order = ordered(crowd, 0, ["A-3"])
    for fan in crowd.fans[1:]:
        crowd.line.finish(fan, "left")
    clients.sales().close(crowd.sale_id, crowd.sale.organiser_id, stage.now_us())

    tick()
    seal()
    tick()
    assert clients.redis().sismember(keys.LIVE_SALES, crowd.sale_id)

    stage.pay(order.order_id, crowd.token())
    tick()
    tick()

    assert not clients.redis().sismember(keys.LIVE_SALES, crowd.sale_id)
    assert [entry["totals"]["sold"] for entry in logged("closed")] == [1]


def test_one_sale_that_fails_does_not_stop_the_others() -> None:
    crowd = drawn()
    clients.redis().sadd(keys.LIVE_SALES, "a-sale-that-does-not-exist")

    with pytest.raises(Exception, match="no such sale"):
        tick()

    assert len(crowd.line.served_order()) == 3


def test_what_the_organiser_says_is_on_the_board_at_once_without_a_tick() -> None:
    crowd = drawn()
    clients.sales().amend(
        crowd.sale_id, crowd.sale.organiser_id, stage.now_us(), message="Ten minutes late"
    )

    move(crowd.sale_id)
    move("sale_unknown")

    shown = board.read(clients.redis(), crowd.sale_id)
    assert shown is not None
    assert shown["message"] == "Ten minutes late"
    assert shown["called"] == len(crowd.fans)
    assert shown["eta"]["past"]["n"] == 0


def test_a_fan_who_holds_their_seats_does_not_keep_the_last_seat_from_the_next() -> None:
    crowd = drawn(fans=3, seats=2, capacity=1)
    tick()
    (first,) = crowd.line.served_order()
    crowd.line.enter(first)
    number = crowd.fans.index(first)
    order = ordered(crowd, number, ["A-1"])
    assert crowd.line.holding() == 1

    crowd.line.control(capacity=3)
    admit(crowd.sale_id)
    assert len(crowd.line.served_order()) == 2  # one seat is free, and one more fan is called

    clients.orders().cancel(order.order_id, crowd.accounts[number], stage.now_us())
    given_back = clients.orders().find(order.order_id)
    assert given_back is not None
    settling.settle(given_back)
    assert crowd.line.holding() == 0
    admit(crowd.sale_id)
    assert len(crowd.line.served_order()) == 2
