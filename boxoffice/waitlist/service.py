"""The only door to the waiting list: seats that come back go to the next whose wish they fit.

The order is the line's: those with a place by their place, the others after them by time. An
offer is an order that is held, at the price of the sale; it is paid like any other. One that is
not paid in time goes to the next, and its fan may wait again behind those who had no offer yet.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import Database
from boxoffice.inventory.model import KEPT
from boxoffice.inventory.store import SeatStore
from boxoffice.orders.model import Order
from boxoffice.orders.service import WATCH_US, Orders
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.payments.service import Payments
from boxoffice.returns.model import KEEP_US
from boxoffice.sales.model import CLOSED, Sale
from boxoffice.waitlist.choice import Free, choose
from boxoffice.waitlist.model import Standing, Wish
from boxoffice.waitlist.rules import check, has_offer, order_of, renewed, same
from boxoffice.waitlist.store import WaitStore
from fairness.errors import Conflict, Contention, LimitReached, NotFound, Unavailable

TRIES = 5


class Waitlist:
    """Wishes, offers, and what becomes of them."""

    def __init__(self, db: Database, orders: Orders, payments: Payments) -> None:
        self._store = WaitStore(db)
        self._seats = SeatStore(db)
        self._orders = orders
        self._order_store = OrderStore(db)
        self._payments = payments

    def watched(self) -> list[str]:
        """Return the sales whose returns and wishes the clock looks after."""
        return self._store.watched()

    def rest(self, sale_id: str) -> None:
        """Let a sale rest that has nothing left to look after."""
        self._store.unwatch(sale_id)

    def put_down(self, wish: Wish, sale: Sale, left: int, now_us: int) -> Wish:
        """Put a fan down, or change how many they wait for; return the wish. Twice is once.

        `left` is how many fitting seats can be bought now. Invalid by field; Conflict when the
        sale is not sold out for this wish, or while an offer stands.
        """
        check(wish, sale, left)
        self._store.watch(sale.sale_id)
        for _ in range(TRIES):
            before = self._store.get(wish.sale_id, wish.fan)
            if before and before.state == "offered":
                raise has_offer(before)
            if before and before.state == "waiting" and same(before, wish):
                return before
            after = renewed(wish, before, now_us)
            with suppress(Changed, Contention):
                self._store.put(before, after)
                return after
        raise Contention

    def leave(self, sale_id: str, fan: str, now_us: int) -> Wish:
        """Take a fan's wish back and return it; twice is once. NotFound; Conflict: an offer."""
        for _ in range(TRIES):
            before = self._must(sale_id, fan)
            if before.state == "offered":
                raise has_offer(before)
            if before.state != "waiting":
                return before
            after = replace(before, state="left", changed_us=now_us, version=before.version + 1)
            with suppress(Changed, Contention):
                self._store.put(before, after)
                return after
        raise Contention

    def standing(self, sale_id: str, fan: str) -> Standing | None:
        """Return the fan's wish and how many are before it; None without one."""
        wishes = self._store.of_sale(sale_id)
        mine = next((wish for wish in wishes if wish.fan == fan), None)
        if mine is None:
            return None
        waiting = [wish for wish in wishes if wish.state == "waiting"]
        return Standing(mine, sum(wish.rank < mine.rank for wish in waiting))

    def of_sale(self, sale_id: str) -> list[Wish]:
        """Return the wishes of a sale, the first in turn first."""
        return self._store.of_sale(sale_id)

    def forget(self, sale_id: str) -> None:
        """Remove a sale's wishes: they name fans and accounts. Conflict while an offer stands."""
        wishes = self._store.of_sale(sale_id)
        if any(wish.state == "offered" for wish in wishes):
            raise Conflict(
                "seats are being kept for somebody on the waiting list",
                field="sale_id",
                value=sale_id,
                rule="every offer was paid, or has lapsed",
                remedy="wait until the last offer has ended, then do it again",
            )
        self._store.remove(wishes)

    def settle(self, sale_id: str, now_us: int) -> list[Order]:
        """See what became of the offers; return the orders that lapsed or were paid late now."""
        changed: list[Order] = []
        for wish in self._store.of_sale(sale_id):
            if wish.state == "offered" and wish.order_id:
                with suppress(Unavailable, Changed):
                    changed += self._settled(wish, wish.order_id, now_us)
        return changed

    def offer(
        self, sale: Sale, plan: SeatingPlan, now_us: int, offer_us: int, ends_us: int
    ) -> list[Order]:
        """Offer the seats that came back to those who wait, in their order; return the offers.

        `offer_us` is how long each has; no offer goes beyond `ends_us`. While the sale runs only
        returned seats are offered: the others are for those in the line.
        """
        until_us = min(now_us + offer_us, ends_us)
        wishes = [w for w in self._store.of_sale(sale.sale_id) if w.state == "waiting"]
        if not wishes or until_us <= now_us:
            return []
        free, made, dropped = self._free(sale, now_us), list[Order](), 0
        for wish in wishes:
            chosen = choose(plan, free, wish)
            if chosen is None:
                continue
            at_us = now_us + len(made) + dropped  # the log keeps the order of their making
            order = order_of(wish, sale, chosen, until_us, at_us)
            try:
                self._store.offer(wish, order)
            except LimitReached:  # bought elsewhere meanwhile: the seats are for the next
                if not self._give_up(wish, at_us):
                    break
                dropped += 1
                continue
            except (Changed, Unavailable):
                break  # look again at the next tick: nobody is passed over
            gone = {seat.seat_id for seat in chosen}
            free = {seat_id: seat for seat_id, seat in free.items() if seat_id not in gone}
            made.append(order)
        return made

    def _settled(self, wish: Wish, order_id: str, now_us: int) -> list[Order]:
        order = self._order_store.get(order_id)
        if order is None:
            return []
        changed = list[Order]()
        if order.state == "held" and order.held_until_us <= now_us:
            payment = self._payments.stop(order_id, now_us)  # others wait for these seats
            if payment and payment.state in ("charged", "refunded"):
                order = self._orders.confirm(order_id, payment, now_us)
            elif payment and payment.state == "pending" and now_us < payment.changed_us + WATCH_US:
                return []  # a charge may be on its way: the seats wait for it
            else:
                self._store.lapse(order, now_us + KEEP_US, now_us)
                order = replace(order, state="expired", changed_us=now_us)
            changed.append(order)
        if order.state in ("cancelled", "expired"):  # given back: for the next who waits
            self._store.keep(order, now_us + KEEP_US)
        if order.state != "held":
            self._note(wish, order, now_us)
        return changed

    def _note(self, wish: Wish, order: Order, now_us: int) -> None:
        bought = order.state in ("paid", "returned")
        after = replace(
            wish,
            state="bought" if bought else "lapsed",
            lapses=wish.lapses + (not bought),
            changed_us=now_us,
            version=wish.version + 1,
        )
        self._store.settle(wish, after)

    def _give_up(self, wish: Wish, now_us: int) -> bool:
        """Take a wish back that cannot be met; return whether that was done."""
        after = replace(wish, state="left", changed_us=now_us, version=wish.version + 1)
        try:
            self._store.put(wish, after)
        except (Changed, Unavailable):
            return False
        return True

    def _free(self, sale: Sale, now_us: int) -> dict[str, Free]:
        all_free = sale.state == CLOSED
        return {
            item["seat_id"]: Free(item["seat_id"], item["tier"], item["cents"])
            for item in self._seats.items(sale.sale_id)
            if "order_id" not in item
            and "blocked" not in item
            and (
                item.get("held_by") == KEPT
                or (all_free and ("held_by" not in item or item["held_until_us"] <= now_us))
            )
        }

    def _must(self, sale_id: str, fan: str) -> Wish:
        wish = self._store.get(sale_id, fan)
        if wish is None:
            raise NotFound("you are not on the waiting list", field="sale_id", value=sale_id)
        return wish
