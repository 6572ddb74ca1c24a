"""Reports of resale: once for each order, only by whose sale it is, and taken back by them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from boxoffice.dynamo import Database
from boxoffice.orders.model import Order
from boxoffice.outbox import entries_of
from boxoffice.resales import service
from boxoffice.resales.service import Resales
from boxoffice.sales.store import SaleStore
from boxoffice.tables import OUTBOX
from fairness.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from fairness.ledger import entries
from tests.boxoffice.shop import NOW, Shop, faulty, persistently, rush

OWNER = "acc_owner"
SEEN = "On offer at a ticket exchange for 400 EUR"


class Market(Shop):
    """A shop some of whose tickets are offered elsewhere."""

    def on(self, db: Database) -> None:
        super().on(db)
        self.resales = Resales(db)

    def buy(self, *seats: str) -> Order:
        return self.orders.pay(self.hold(*seats).order_id, self.card(), NOW)

    def logged(self) -> list[dict[str, Any]]:
        rows = [
            entry for row in self.true.query(OUTBOX, kind="ledger") for entry in entries_of(row)
        ]
        assert all(entries.encode(entry) for entry in rows)
        return [entry["detail"] for entry in rows if entry.get("act") == "resale_report"]


@pytest.fixture
def market(any_db: Database) -> Market:
    market = Market(any_db)
    SaleStore(any_db).create(market.sale)
    return market


def test_a_report_is_made_once_taken_back_once_and_can_be_made_anew(market: Market) -> None:
    order, resales = market.buy("1-1"), market.resales
    made = [resales.report(order.order_id, SEEN, OWNER, NOW + n) for n in range(2)]
    assert made[0] == made[1]
    with pytest.raises(Conflict, match="already"):
        resales.report(order.order_id, "On offer for 500 EUR", OWNER, NOW)
    undone = [resales.undo(order.order_id, OWNER, NOW + n) for n in (5, 6)]
    assert [one.undone_us for one in undone] == [NOW + 5, NOW + 5]
    assert resales.report(order.order_id, "Another offer", OWNER, NOW + 9).stands
    (kept,) = resales.of_sale(order.sale_id)
    assert (kept.words, kept.stands) == ("Another offer", True)
    told = {"order": order.commitment}
    assert market.logged() == [
        {"decision": name, **told} for name in ("report", "undo", "report")
    ], "who saw what, and the words, are in no log"


def test_only_the_organiser_reports_and_only_what_had_tickets(market: Market) -> None:
    bought, held = market.buy("1-1"), market.hold("1-2")
    with pytest.raises(Forbidden):
        market.resales.report(bought.order_id, SEEN, "acc_else", NOW)
    with pytest.raises(Conflict, match="held"):
        market.resales.report(held.order_id, SEEN, OWNER, NOW)
    with pytest.raises(NotFound):
        market.resales.report("ord_none", SEEN, OWNER, NOW)
    with pytest.raises(NotFound):
        market.resales.undo(bought.order_id, OWNER, NOW)
    for wrong in ("", "x" * 501, "a\x00b"):
        with pytest.raises(Invalid):
            market.resales.report(bought.order_id, wrong, OWNER, NOW)
    assert market.resales.of_sale(bought.sale_id) == market.logged() == []


@pytest.mark.parametrize("guarded", [True, False])
def test_many_who_report_one_order_at_the_same_moment_make_one_report(
    db: Database, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not guarded:
        monkeypatch.setattr(service, "NONE_STANDS", "")
    market = Market(db)
    SaleStore(db).create(market.sale)
    order, words = market.buy("1-1"), (SEEN, "Another offer")

    def report(number: int) -> str:
        at_us = NOW + number
        return persistently(
            lambda: market.resales.report(order.order_id, words[number % 2], OWNER, at_us)
        ).words

    found = rush(6, report)
    (kept,) = market.resales.of_sale(order.sale_id)
    told = {one for one in found if isinstance(one, str)}
    assert (told == {kept.words}) == guarded
    assert (len(market.logged()) == 1) == guarded


@pytest.mark.parametrize("fault", ["throttled", "lost reply"])
def test_whatever_goes_wrong_at_any_call_it_is_reported_and_taken_back_once(
    db: Database, fault: str
) -> None:
    market, at = Market(db), 0
    SaleStore(db).create(market.sale)
    while True:
        order = market.buy(f"{at // 10 + 1}-{at % 10 + 1}")
        worse, client = faulty(db, fault, at)
        bad, good = Resales(worse), Resales(db)
        for resales in (bad, good):  # each is done again, as who got no answer would
            with suppress(Unavailable):
                resales.report(order.order_id, SEEN, OWNER, NOW)
        for resales in (bad, good):
            with suppress(Unavailable):
                resales.undo(order.order_id, OWNER, NOW + 1)
        told = [one["decision"] for one in market.logged() if one["order"] == order.commitment]
        assert told == ["report", "undo"], (at, client.calls)
        if at >= len(client.calls):
            break
        at += 1
