"""The only door to orders: seats held for a fan, paid for, or given back.

held → paid, expired or cancelled; expired → paid when a late payment finds the seats still free;
held, expired or cancelled → refunded when money came for seats that are gone. A refused order
never had seats. Every method may be called twice, or by two workers at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import Database
from boxoffice.inventory.service import Inventory
from boxoffice.orders import owning
from boxoffice.orders.choice import Stock
from boxoffice.orders.extending import Extending
from boxoffice.orders.holding import TRIES, Holding, Outcome
from boxoffice.orders.model import Order, Request
from boxoffice.orders.paying import Paying, Watch
from boxoffice.orders.problems import cannot_charge, declined, problem_of, to_confirm
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.payments.model import Payment
from boxoffice.payments.service import Payments
from boxoffice.sales.model import Sale
from boxoffice.tickets.service import Tickets
from fairness.clock import SECOND
from fairness.errors import (
    Conflict,
    Contention,
    FairTicketError,
    Forbidden,
    Misconfigured,
    Unavailable,
)

SWEEP = 200  # orders that one sweep looks at
WATCH_US = 3600 * SECOND  # a charge that was begun and is not known to the provider by then is not
WATCH_EVERY_US = 30 * SECOND


class Orders:
    """What can be done to an order."""

    def __init__(
        self,
        db: Database,
        payments: Payments,
        tickets: Tickets,
        watch: Watch = lambda _: {},
    ) -> None:
        self._store = OrderStore(db)
        self._inventory = Inventory(db)
        self._payments = payments
        self._tickets = tickets
        self._watch = watch
        self._paying = Paying(db, self._store, payments, tickets, watch)

    def allocate(
        self, request: Request, sale: Sale, plan: SeatingPlan, stock: Stock, now_us: int
    ) -> Order:
        """Return the order under the request's id: "held", or "refused" with its problem.

        All seats or none. Asking again returns the order that stands; Forbidden when that one is
        another account's. Contention or Unavailable when it is worth another try, with the same
        id.
        """
        holding = Holding(self._store, self._inventory, sale, plan, stock, now_us)
        return owning.own(holding.one(request), request.account_id)

    def allocate_all(
        self, requests: Sequence[Request], sale: Sale, plan: SeatingPlan, stock: Stock, now_us: int
    ) -> list[Outcome]:
        """Return for each request what `allocate` would return or raise, in their order.

        The first have the first choice. Many share a transaction; all or nothing is for each.
        """
        first = {request.order_id: request for request in reversed(requests)}
        wanted = [first[order_id] for order_id in dict.fromkeys(r.order_id for r in requests)]
        held = Holding(self._store, self._inventory, sale, plan, stock, now_us).all(wanted)
        return [_outcome(held[request.order_id], request.account_id) for request in requests]

    def pay_all(self, wanted: Sequence[tuple[str, str]], now_us: int) -> list[Outcome]:
        """Return for each (order id, card token) what `pay` would return or raise."""
        cards = dict(reversed(wanted))
        done: dict[str, Outcome] = {o.order_id: o for o in self._paying.plain(cards, now_us)}
        for order_id, token in wanted:
            if order_id not in done:
                try:
                    done[order_id] = self.pay(order_id, token, now_us)
                except FairTicketError as error:
                    done[order_id] = error
        return [done[order_id] for order_id, _ in wanted]

    def pay(self, order_id: str, card_token: str, now_us: int) -> Order:
        """Charge the card once and return the order as it then is.

        That is "paid"; "held" with a problem when the card was declined, or waits for the fan to
        confirm it; "expired" when the hold was over before the charge; "refunded" when it was over
        after it and the seats were gone. NotFound; Conflict while another card is being charged;
        Unavailable to try again; Misconfigured, noted for the fan, when no card can be charged.
        """
        order = self._must(order_id)
        if order.state == "paid":
            return order
        if order.state == "held" and now_us < order.held_until_us:
            try:
                payment = self._payments.charge(
                    order_id, order.total_cents, order.currency, card_token, now_us
                )
            except Misconfigured:
                self._store.note(order, cannot_charge(), now_us)
                raise
            return self._charged(order, payment, now_us)
        # Too late for a new charge; one that was made in time is still honoured.
        with suppress(Changed):
            self._see_to(order, now_us)
        return self._must(order_id)

    def look_at_payment(self, order_id: str, now_us: int) -> Order:
        """Ask what became of the order's payment and return the order as it then is.

        For whoever hears that it moved: the fan who confirmed it, or the provider's webhook, as
        often and in whichever order they say so. NotFound; Unavailable to try again.
        """
        order = self._must(order_id)
        if order.state not in ("held", "expired", "cancelled"):
            return order
        payment = self._payments.recover(order_id, now_us)
        if payment is None or payment.state == "pending":
            return order
        if payment.state == "declined" and order.problem == declined(payment):
            return order  # said before
        return self._charged(order, payment, now_us)

    def _charged(self, order: Order, payment: Payment, now_us: int) -> Order:
        """Do what follows from a payment that was tried."""
        if payment.state in ("charged", "refunded"):
            return self._confirm(order, payment, now_us)
        if order.state != "held":
            return order
        problem = declined(payment) if payment.state == "declined" else to_confirm()
        return self._store.note(order, problem, now_us)

    def confirm(self, order_id: str, payment: Payment, now_us: int) -> Order:
        """Return the order that was charged: "paid", or "refunded" when its seats are gone.

        Order, seats, tickets, mail and log entry change together. Conflict when `payment` is not
        a charge of this order.
        """
        if payment.order_id != order_id or payment.state not in ("charged", "refunded"):
            raise Conflict("this payment does not pay this order", field="payment")
        return self._confirm(self._must(order_id), payment, now_us)

    def _confirm(self, order: Order, payment: Payment, now_us: int) -> Order:
        for _ in range(TRIES):
            if order.state == "paid":
                return order
            with suppress(Changed, Contention):
                if order.state == "refunded":
                    return self._refund(order, now_us)
                return self._settle(order, payment, now_us)
            order = self._must(order.order_id)
        raise Contention

    def _settle(self, order: Order, payment: Payment, now_us: int) -> Order:
        try:
            if order.state not in ("held", "expired"):
                raise Conflict(f"the order was {order.state} before the payment arrived")
            review = self._watch([(order, payment.fingerprint)]).get(order.order_id, "")
            tickets = self._tickets.issue_(order, now_us)
            return self._store.sell(order, payment.payment_id, tickets, now_us, review)
        except Conflict as refusal:
            problem = problem_of(refusal)
        # Decided and written before the money moves: a crash here can only finish the refund.
        refunded = self._store.give_back(order, "refunded", now_us, problem, due_us=now_us)
        return self._refund(refunded, now_us)

    def _refund(self, order: Order, now_us: int) -> Order:
        self._payments.refund(order.order_id, now_us)
        return self._store.due_again(order, now_us, None)

    def cancel(self, order_id: str, account_id: str, now_us: int) -> Order:
        """Give the seats back and return the order; twice is once.

        NotFound, Forbidden; Conflict when it is paid or being paid.
        """
        for _ in range(TRIES):
            order = self.get(order_id, account_id)
            if order.state != "held":
                return _given_back(order)
            payment = self._payments.stop(order_id, now_us)
            if payment and payment.state in ("pending", "charged"):
                raise Conflict(
                    "the order is being paid",
                    field="order_id",
                    value=order_id,
                    rule="an order without a payment",
                    remedy="wait some seconds and look at the order",
                )
            with suppress(Changed, Contention):
                return self._store.give_back(order, "cancelled", now_us)
        raise Contention

    def extend(
        self, order_id: str, account_id: str, number: int, hold_us: int, now_us: int
    ) -> Order:
        """Return the order with more time, as `Extending.extend` says; NotFound, Forbidden."""
        order = self.get(order_id, account_id)
        return Extending(self._store).extend(order, number, hold_us, now_us)

    def expire_due(self, sale_id: str, now_us: int) -> list[Order]:
        """Return the orders whose hold had lapsed, as they now are, each once.

        Their seats and the person's count are given back, unless a charge is found: then they are
        confirmed late. Open refunds are finished. What cannot be done now stays due.
        """
        changed: list[Order] = []
        for order in self._store.due(sale_id, now_us, SWEEP):
            with suppress(Unavailable, Changed):
                settled = self._see_to(order, now_us)
                changed += [settled] if settled else []
        return changed

    def _see_to(self, order: Order, now_us: int) -> Order | None:
        """Do what a due order needs; return it if that changed its state. May raise Changed."""
        if order.state == "refunded":
            return self._refund(order, now_us)
        payment = self._payments.recover(order.order_id, now_us)
        if payment and payment.state in ("charged", "refunded"):
            return self._confirm(order, payment, now_us)
        # A charge may be on its way, and its worker may die: look again until it surely is not.
        watched = payment and payment.state == "pending" and now_us < payment.changed_us + WATCH_US
        if payment and payment.state == "pending" and not watched:  # the fan will not come back
            payment = self._payments.stop(order.order_id, now_us)
            if payment and payment.state == "charged":
                return self._confirm(order, payment, now_us)
        due_us = now_us + WATCH_EVERY_US if watched else None
        if order.state == "held":
            return self._store.give_back(order, "expired", now_us, due_us=due_us)
        if order.state == "expired":
            self._store.due_again(order, now_us, due_us)
        return None

    def get(self, order_id: str, account_id: str) -> Order:
        """Return the order; NotFound, or Forbidden when it is another fan's."""
        return owning.own(self._must(order_id), account_id)

    def find(self, order_id: str) -> Order | None:
        """Return the order, or None."""
        return self._store.get(order_id)

    def of_account(self, account_id: str) -> list[Order]:
        """Return the account's orders, the newest first."""
        return list(self._store.of_account(account_id))

    def of_sale(self, sale_id: str) -> list[Order]:
        """Return the sale's orders, in no order."""
        return list(self._store.of_sale(sale_id))

    def _must(self, order_id: str) -> Order:
        return owning.found(self._store.get(order_id), order_id)


def _outcome(found: Outcome, account_id: str) -> Outcome:
    try:
        return found if isinstance(found, FairTicketError) else owning.own(found, account_id)
    except Forbidden as error:
        return error


def _given_back(order: Order) -> Order:
    if order.state == "paid":
        raise Conflict(
            "the order is paid",
            field="order_id",
            value=order.order_id,
            rule="only a hold can be cancelled",
            remedy="ask the organiser about a refund",
        )
    return order
