"""The only door to returns: tickets taken back at face value, and their money sent home.

A ticket is taken back once, whoever asks how often; its price goes back without the fee that the
rules name, at once or when its seat is sold again. No price is ever named by anyone but the sale.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from boxoffice.catalogue.service import Catalogue
from boxoffice.checks import text, whole
from boxoffice.dynamo import Database
from boxoffice.orders import owning
from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.payments.service import Payments
from boxoffice.returns.model import (
    MODES,
    Return,
    ReturnRules,
    refunds_of,
    returns_of,
)
from boxoffice.returns.model import return_id as id_of_return
from boxoffice.returns.problems import chosen, in_review, not_paid, used
from boxoffice.returns.store import ReturnStore
from boxoffice.sales.model import Sale
from boxoffice.sales.service import Sales
from boxoffice.tickets.service import ticket_ids
from boxoffice.tickets.store import TicketStore
from boxoffice.waitlist.store import WaitStore
from fairness.clock import SECOND
from fairness.errors import Conflict, Contention, Invalid, Unavailable

TRIES = 5  # how often a return is decided again when others changed the order meanwhile
MOST_FEE_CENTS = 100_000_000
OFFER_S = (600, 172_800)  # how short and how long an offer to the waiting list may last


class Returns:
    """What can be done to tickets that come back."""

    def __init__(self, db: Database, payments: Payments) -> None:
        self._store = ReturnStore(db)
        self._orders = OrderStore(db)
        self._tickets = TicketStore(db)
        self._sales = Sales(db)
        self._catalogue = Catalogue(db)
        self._waiting = WaitStore(db)
        self._payments = payments

    def rules(self, sale_id: str) -> ReturnRules:
        """Return the rules of a sale; off when the organiser has set none."""
        return self._store.rules(sale_id)

    def set_rules(
        self,
        sale_id: str,
        by: str,
        now_us: int,
        *,
        mode: str,
        until_us: int = 0,
        fee_cents: int = 0,
        offer_s: int = 7_200,
    ) -> ReturnRules:
        """Set when tickets are taken back, until when, and the fee; logged. Twice is once.

        Forbidden to others than the organiser; Invalid by field: among others `until_us` after
        the performance begins.
        """
        sale = self._sales.own(sale_id, by)
        if mode not in MODES:
            raise Invalid(
                f"there is no way of returns {mode!r:.40}",
                field="mode",
                value=str(mode)[:40],
                rule=f"one of {', '.join(MODES)}",
                remedy="choose one of them",
            )
        wanted = ReturnRules(
            sale_id,
            mode,
            self._until(sale, until_us) if mode != "off" else 0,
            whole("fee_cents", fee_cents, 0, MOST_FEE_CENTS),
            whole("offer_s", offer_s, *OFFER_S) * SECOND,
        )
        self._waiting.watch(sale_id)
        for _ in range(TRIES):
            before = self._store.rules(sale_id)
            if replace(before, version=0) == wanted and before.version:
                return before
            after = replace(wanted, version=before.version + 1)
            with suppress(Changed):
                self._store.set_rules(before, after, now_us)
                return after
        raise Contention

    def take_back(
        self, order_id: str, account_id: str, seat_ids: Sequence[str], now_us: int
    ) -> Order:
        """Take these seats of a fan's paid order back and return the order; twice is once.

        All of them or none. NotFound, Forbidden; Conflict when the rules do not allow it, a seat
        is not in the order, or a ticket was used. Contention or Unavailable: try again.
        """
        for _ in range(TRIES):
            order = self._order(order_id, account_id)
            if seat_ids and {s.seat_id for s in order.returned}.issuperset(seat_ids):
                return order  # they came back before
            rules = self._allowed(order, now_us)
            with suppress(Changed, Contention):
                seats = chosen(order, seat_ids)
                returns = returns_of(order, seats, rules, now_us)
                return self._take_back(order, returns, rules, now_us)
        raise Contention

    def call_off(self, order_id: str, by: str, reason: str, now_us: int) -> Order:
        """Cancel a paid order as its organiser: all money back, all tickets die; twice is once.

        NotFound; Forbidden; Conflict unless it is paid, or when a ticket was used.
        """
        why = text("reason", reason, 500)
        for _ in range(TRIES):
            order = self._order(order_id)
            self._sales.own(order.sale_id, by)
            if order.state == "returned":
                return order
            if order.state != "paid":
                raise not_paid(order)
            with suppress(Changed, Contention):
                returns = refunds_of(order, order.seats, why, now_us)
                return self._take_back(order, returns, None, now_us, why)
        raise Contention

    def of_order(self, order_id: str) -> list[Return]:
        """Return the returns of an order, by seat."""
        return self._store.of_order(order_id)

    def is_last(self, order: Order, return_id: str) -> bool:
        """Return whether nothing is left of an order and this return's money was the last of it."""
        if order.state != "returned":
            return False
        ids = [id_of_return(order.order_id, seat.seat_id) for seat in order.returned]
        found = self._store.get_many(ids)
        last = max(found, key=lambda one: (one.changed_us, one.return_id))
        return last.return_id == return_id and all(one.state == "refunded" for one in found)

    def see_to(self, sale_id: str, now_us: int) -> list[Return]:
        """Find out what was resold, send open money back; return what was paid back now.

        What cannot be done now stays open for the next call. Twice, or at once, is once.
        """
        found = list(self._store.open(sale_id))
        newest = {one.seat_id: one.return_id for one in found}  # the last of a seat stays here
        sent, unclear = list[Return](), set[str]()
        for one in found:  # the oldest first: a later return of the seat is what proves its sale
            try:
                if one.state == "waiting" and self._is_resold(one, newest):
                    one = self._store.resold(one, now_us)
                if one.state == "refunding" and one.seat_id not in unclear:
                    self._send_back(one, now_us)
                    sent.append(one)
            except (Unavailable, Changed):
                unclear.add(one.seat_id)
        return sent

    def _take_back(
        self,
        order: Order,
        returns: Sequence[Return],
        rules: ReturnRules | None,
        now_us: int,
        why: str = "",
    ) -> Order:
        gone = {one.seat_id for one in returns}
        wanted = replace(order, seats=tuple(s for s in order.seats if s.seat_id in gone))
        named = [] if order.review else ticket_ids(wanted)  # there are none before the look
        found = [self._tickets.get(ticket_id) for ticket_id in named]
        tickets = [t for t in found if t and t.state == "valid" and t.entered_us is None]
        if len(tickets) < len(found):
            raise used(order)
        self._waiting.watch(order.sale_id)  # before: a return that stands is seen to
        problem = {"error": "CalledOff", "detail": why} if why else None
        return self._store.take_back(order, returns, tickets, rules, now_us, problem)

    def _is_resold(self, one: Return, newest: Mapping[str, str]) -> bool:
        """Return whether the seat was sold again: it is sold now, or came back once more."""
        if newest[one.seat_id] != one.return_id:
            return True
        return self._store.seat_owner(one.sale_id, one.seat_id) is not None

    def _send_back(self, one: Return, now_us: int) -> None:
        paid_back = one.refund_cents > 0 and self._payments.refund_part(
            one.payment_id, one.refund_cents, one.return_id, now_us
        )
        self._store.refunded(one, paid_back, now_us)

    def _allowed(self, order: Order, now_us: int) -> ReturnRules:
        rules = self._store.rules(order.sale_id)
        if order.state != "paid":
            raise not_paid(order)
        if order.review:
            raise in_review(order)
        if rules.mode == "off":
            raise Conflict(
                "tickets of this sale are not taken back",
                field="order_id",
                value=order.order_id,
                rule="the organiser takes tickets back",
                remedy="write to the organiser if something has happened",
            )
        if now_us >= rules.until_us:
            raise Conflict(
                "the time to return tickets is over",
                field="order_id",
                value=order.order_id,
                rule="return tickets before the time that the order shows",
                remedy="write to the organiser if something has happened",
            )
        return rules

    def _order(self, order_id: str, account_id: str | None = None) -> Order:
        order = owning.found(self._orders.get(order_id), order_id)
        return order if account_id is None else owning.own(order, account_id)

    def _until(self, sale: Sale, until_us: int) -> int:
        begins_us = self._catalogue.performance(sale.performance_id).starts_at_us
        return whole("until_us", until_us, 1, begins_us)
