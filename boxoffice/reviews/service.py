"""The only door to reviews: paid orders whose tickets wait until an organiser has looked at them.

A decision about one order or a whole group takes effect a minute after it was made, so that it can
be undone: money that went back cannot be asked for again, and tickets that were sent are out. It
is carried out by the clock, order by order, each exactly once however often and wherever its
worker is stopped.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from boxoffice import outbox
from boxoffice.checks import one_of
from boxoffice.dynamo import ConditionFailed, Database
from boxoffice.orders.model import Order
from boxoffice.orders.reviewing import Reviewing
from boxoffice.orders.writes import reviewed
from boxoffice.payments.service import Payments
from boxoffice.returns.service import Returns
from boxoffice.reviews.model import ACTS, CLEAR, MOST, REASONS, UNDO_US, Review
from boxoffice.sales.service import Sales
from boxoffice.tables import REVIEWS
from boxoffice.tickets.service import Tickets
from boxoffice.waitlist.store import WaitStore
from fairness.errors import Conflict, Invalid, NotFound

UNBEGUN = "attribute_not_exists(begun_us) AND attribute_not_exists(undone_us)"


class Reviews:
    """What can be done about tickets that wait."""

    def __init__(self, db: Database, payments: Payments, tickets: Tickets) -> None:
        self._db = db
        self._orders = Reviewing(db, tickets)
        self._returns = Returns(db, payments)
        self._sales = Sales(db)
        self._watch = WaitStore(db)

    def waiting(self, sale_id: str) -> list[Order]:
        """Return the sale's paid orders whose tickets wait, the oldest first."""
        return self._orders.of_sale(sale_id)

    def of_sale(self, sale_id: str) -> list[Review]:
        """Return all that was decided, the newest first."""
        found = map(Review.of, self._db.query(REVIEWS, sale_id=sale_id))
        return sorted(found, key=lambda one: (-one.made_us, one.review_id))

    def decide(
        self, sale_id: str, act: str, order_ids: Sequence[str], reason: str, by: str, now_us: int
    ) -> Review:
        """Return the new decision, kept and promised to the log in one transaction.

        Forbidden to others than the organiser; Conflict for an order that does not wait, or about
        which something is decided already; Invalid.
        """
        self._sales.own(sale_id, by)
        orders = self._to_decide(sale_id, list(dict.fromkeys(order_ids)))
        review = Review(
            sale_id=sale_id,
            review_id=f"rev_{secrets.token_urlsafe(16)}",
            act=one_of("act", act, ACTS),
            orders=tuple(order.order_id for order in orders),
            reason=one_of("reason", reason, tuple(REASONS)),
            made_by=by,
            made_us=now_us,
            due_us=now_us + UNDO_US,
        )
        self._watch.watch(sale_id)  # before: a decision that stands is carried out
        item = {k: v for k, v in asdict(review).items() if v is not None}
        put = self._db.put_(
            REVIEWS, {**item, "orders": list(review.orders)}, "attribute_not_exists(review_id)"
        )
        self._logged(review, put, act, orders, now_us)
        return review

    def undo(self, sale_id: str, review_id: str, by: str, now_us: int) -> Review:
        """Return the decision, marked as undone and promised to the log; twice is once.

        NotFound, Forbidden; Conflict when it is carried out, or about to be.
        """
        self._sales.own(sale_id, by)
        made = self._get(sale_id, review_id)
        if made.undone_us is not None:
            return made
        waiting = {order.order_id: order for order in self.waiting(sale_id)}
        orders = [waiting[order_id] for order_id in made.orders if order_id in waiting]
        late = Conflict(
            "this decision has been carried out",
            field="review",
            value=review_id,
            rule="a decision is undone within a minute",
            remedy="write to the fan; an order with tickets can still be called off",
        )
        if now_us >= made.due_us or not orders:
            raise late
        undone = replace(made, undone_us=now_us, undone_by=by)
        mark = self._db.update_(
            REVIEWS,
            {"sale_id": sale_id, "review_id": review_id},
            "SET undone_us = :now, undone_by = :by",
            UNBEGUN,
            now=now_us,
            by=by,
        )
        try:
            self._logged(undone, mark, f"undo_{made.act}", orders, now_us)
        except ConditionFailed as error:
            present = self._get(sale_id, review_id)
            if present.undone_us is None:
                raise late from error
            return present
        return undone

    def see_to(self, sale_id: str, now_us: int) -> list[Order]:
        """Carry out what is due; return the orders as they are then. Twice, or at once, is once.

        Unavailable or Contention: what is left is done by the next call.
        """
        done = list[Order]()
        for review in self.of_sale(sale_id):
            if review.is_open and review.due_us <= now_us and self._begin(review, now_us):
                for order_id in review.orders:
                    order = self._carry_out(review, order_id, now_us)
                    done += [order] if order else []
                self._mark(review, "done_us", "attribute_exists(begun_us)", now_us)
        return done

    def _carry_out(self, review: Review, order_id: str, now_us: int) -> Order | None:
        if review.act == CLEAR:
            return self._orders.release(order_id, now_us)
        if not self._orders.is_waiting(order_id):
            return None  # it is done, or its tickets were released by other hands
        try:
            return self._returns.call_off(order_id, review.made_by, REASONS[review.reason], now_us)
        except Conflict:  # it came back by other hands
            return None

    def _begin(self, review: Review, now_us: int) -> bool:
        """Mark a decision as begun; False when it was undone at the last moment."""
        if review.begun_us is not None:
            return True  # by somebody who was stopped half-way, or who is at it now
        return self._mark(review, "begun_us", UNBEGUN, now_us) or self._begun(review)

    def _begun(self, review: Review) -> bool:
        return self._get(review.sale_id, review.review_id).begun_us is not None

    def _mark(self, review: Review, name: str, condition: str, now_us: int) -> bool:
        key = {"sale_id": review.sale_id, "review_id": review.review_id}
        try:
            self._db.write(
                self._db.update_(REVIEWS, key, f"SET {name} = :now", condition, now=now_us)
            )
        except ConditionFailed:
            return False
        return True

    def _logged(
        self, review: Review, write: Any, decision: str, orders: Sequence[Order], now_us: int
    ) -> None:
        entry = reviewed("organiser", decision, orders, now_us, [review.reason])
        unique = f"{review.sale_id}-{review.review_id}-{decision}"
        self._db.transact([write, outbox.ledger_(self._db, entry, unique, now_us)])

    def _to_decide(self, sale_id: str, order_ids: Sequence[str]) -> list[Order]:
        if not 1 <= len(order_ids) <= MOST:
            raise Invalid(
                f"{len(order_ids)} orders",
                field="orders",
                rule=f"1 to {MOST} orders at once",
                remedy="choose some of them",
            )
        waiting = {order.order_id: order for order in self.waiting(sale_id)}
        decided = {o for review in self.of_sale(sale_id) if review.is_open for o in review.orders}
        for order_id in order_ids:
            if order_id not in waiting or order_id in decided:
                raise Conflict(
                    "this order does not wait for a decision",
                    field="orders",
                    value=order_id,
                    rule="an order whose tickets wait, and each decided once",
                    remedy="look at the desk again; undo the other decision first",
                )
        return [waiting[order_id] for order_id in order_ids]

    def _get(self, sale_id: str, review_id: str) -> Review:
        item = self._db.get(REVIEWS, sale_id=sale_id, review_id=review_id)
        if item is None:
            raise NotFound("there is no such decision", field="review", value=review_id)
        return Review.of(item)
