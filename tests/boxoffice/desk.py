"""A shop whose tickets are taken back, and a waiting list in front of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from boxoffice.catalogue.model import Performance
from boxoffice.dynamo import Database
from boxoffice.orders.model import Order
from boxoffice.returns.model import Return
from boxoffice.returns.service import Returns
from boxoffice.sales.store import SaleStore
from boxoffice.tables import CHARGES, PERFORMANCES, RETURNS, TICKETS
from boxoffice.tickets.model import Ticket
from boxoffice.waitlist.model import Wish
from boxoffice.waitlist.service import Waitlist
from fairness.clock import SECOND
from tests.boxoffice.shop import NOW, Shop

BEGINS = NOW + 30 * 86_400 * SECOND
UNTIL = NOW + 20 * 86_400 * SECOND
OWNER = "acc_owner"


class Desk(Shop):
    """A sale that is in the tables, its returns, and its waiting list."""

    def __init__(self, db: Database, mode: str = "at_once", fee_cents: int = 0, **shop: Any):
        super().__init__(db, **shop)
        SaleStore(db).create(self.sale)
        date = Performance("perf_1", "evt_1", "ven_1", self.sale.plan_id, BEGINS)
        db.put(PERFORMANCES, asdict(date))
        if mode != "off":
            self.returns.set_rules(
                self.sale.sale_id, OWNER, NOW, mode=mode, until_us=UNTIL, fee_cents=fee_cents
            )

    def on(self, db: Database) -> None:
        super().on(db)
        self.returns = Returns(db, self.payments)
        self.waitlist = Waitlist(db, self.orders, self.payments)

    def bought(self, *seats: str, person: str = "") -> Order:
        """Return a paid order of these seats."""
        order = self.hold(*seats, person=person)
        return self.orders.pay(order.order_id, self.card(), NOW)

    def give(self, order: Order, *seats: str, now_us: int = NOW) -> Order:
        """Return the order after its fan gave these seats back."""
        return self.returns.take_back(order.order_id, order.account_id, seats, now_us)

    def pay_out(self, now_us: int = NOW) -> list[Return]:
        return self.returns.see_to(self.sale.sale_id, now_us)

    def all_returns(self) -> list[Return]:
        return sorted(map(Return.of, self.true.scan(RETURNS)), key=lambda one: one.seat_id)

    def given_back(self) -> int:
        """Return how much money the provider sent back in parts."""
        return sum(i["cents"] for i in self.true.scan(CHARGES) if i["status"] == "part")

    def ticket(self, order: Order, seat_id: str) -> Ticket:
        found = (Ticket.of(item) for item in self.true.scan(TICKETS))
        return next(t for t in found if (t.order_id, t.seat_id) == (order.order_id, seat_id))

    def wish(self, name: str, count: int = 1, *tiers: str, place: int | None = None) -> Wish:
        """Put a fan down who finds nothing left."""
        return self.waitlist.put_down(
            self.a_wish(name, count, *tiers, place=place), self.sale, 0, NOW
        )

    def a_wish(self, name: str, count: int = 1, *tiers: str, place: int | None = None) -> Wish:
        return Wish(
            self.sale.sale_id, f"fan_{name}", f"acc_{name}", f"fan_{name}", count, tiers, place,
            NOW, NOW, about="Kullervo, Lahti",
        )  # fmt: skip

    def offers(self, now_us: int = NOW, offer_us: int = 3_600 * SECOND) -> list[Order]:
        return self.waitlist.offer(self.sale, self.plan, now_us, offer_us, BEGINS)
