"""Money that goes back is told to the organiser: part of an order's, or the last of it, once."""

from __future__ import annotations

from boxoffice import outbox
from boxoffice.outbox import REFUNDS
from boxoffice.tables import OUTBOX
from fairness.clock import now_us
from tests.workers import stage
from workers import clients, telling


def test_money_that_goes_back_is_told_as_part_or_as_the_last_of_it(
    mailbox: stage.Mailbox,
) -> None:
    crowd, now = stage.crowd(fans=1), now_us()
    organiser, fan = crowd.sale.organiser_id, crowd.accounts[0]
    clients.sales().open(crowd.sale_id, organiser, now)
    crowd.line.open(crowd.sale.manifest)
    endpoint = clients.webhooks().add(organiser, "http://127.0.0.1:9/", [], now)
    stage.allocate("ord_0", crowd.sale_id, fan, "fan_0", ["A-1", "A-2", "A-3"], None)
    stage.pay("ord_0", crowd.token())
    begins = clients.catalogue().performance(crowd.sale.performance_id).starts_at_us
    returns = clients.returns()
    returns.set_rules(crowd.sale_id, organiser, now, mode="at_once", until_us=begins - 1)

    returns.take_back("ord_0", fan, ["A-1"], now_us())
    returns.see_to(crowd.sale_id, now_us())
    telling.tell_refunds()
    returns.take_back("ord_0", fan, ["A-2", "A-3"], now_us())
    returns.see_to(crowd.sale_id, now_us())
    rows = list(clients.database().query(OUTBOX, kind=REFUNDS))
    for _ in range(2):
        telling.tell_refunds()
        for row in rows:  # as if the worker had died before it removed them
            clients.database().put(OUTBOX, row)
    telling.tell_refunds()

    log = reversed(clients.webhooks().log(organiser, endpoint.endpoint_id))
    told = [(one.kind, one.body) for one in log if one.kind.startswith("order.refunded")]
    kinds = ["order.refunded_partly", "order.refunded_partly", "order.refunded"]
    assert sorted(kind for kind, _ in told) == sorted(kinds)
    assert '"seats":["A-1"]' in told[0][1]
    assert '"amount_cents":' in told[0][1]
    assert fan not in str(told)
    assert list(clients.database().query(OUTBOX, kind=REFUNDS)) == []


def test_without_an_endpoint_the_promise_is_forgotten(mailbox: stage.Mailbox) -> None:
    crowd = stage.crowd(fans=1)
    database = clients.database()
    refund_ = outbox.refund_(database, crowd.sale_id, "ord_x", ["A-1"], 1, "EUR", "x", now_us())
    database.write(refund_)
    telling.tell_refunds()
    assert list(database.query(OUTBOX, kind=REFUNDS)) == []
