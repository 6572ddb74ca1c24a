"""Where returns are kept: RETURNS, one item per ticket that came back, and RETURN_RULES.

A return is one transaction: the order, the tickets, the seats, the person's count, the returns,
the mail and the log entry. Its conditions are the order's revision, each ticket's state and each
seat's owner, so doing it twice, or beside a gate or another return, is doing it once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.inventory.model import KEPT
from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed
from boxoffice.orders.writes import OrderWrites
from boxoffice.returns.model import KEEP_US, Return, ReturnRules
from boxoffice.tables import ORDERS, PAYMENTS, RETURN_RULES, RETURNS, SEATS
from boxoffice.tickets.model import Ticket
from boxoffice.tickets.store import TicketStore
from fairness.ledger import entries, seat_entries


class ReturnStore:
    """Reads of RETURNS and RETURN_RULES, and their transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._writes, self._tickets = OrderWrites(db), TicketStore(db)

    def rules(self, sale_id: str) -> ReturnRules:
        """Return the rules of a sale, as they are now; off when they were never set."""
        item = self._db.get(RETURN_RULES, sale_id=sale_id)
        return ReturnRules.of(item) if item else ReturnRules(sale_id)

    def set_rules(self, before: ReturnRules, after: ReturnRules, now_us: int) -> None:
        """Replace the rules and promise that to the log; Changed when others were faster."""
        shown = {n: v for n, v in asdict(after).items() if n not in ("sale_id", "version")}
        entry = entries.organiser(after.sale_id, now_us, "returns", {"by": "organiser", **shown})
        unique = f"{after.sale_id}-returns-{after.version}"
        unchanged = "attribute_not_exists(sale_id) OR version = :version"
        put = self._db.put_(RETURN_RULES, asdict(after), unchanged, version=before.version)
        try:
            self._db.transact([put, outbox.ledger_(self._db, entry, unique, now_us)])
        except ConditionFailed as refused:
            raise Changed from refused

    def get_many(self, return_ids: Sequence[str]) -> list[Return]:
        """Return those that exist, in no order, as they are now."""
        found = self._db.get_many(RETURNS, [{"return_id": one} for one in return_ids])
        return [Return.of(item) for item in found]

    def of_order(self, order_id: str) -> list[Return]:
        """Return the returns of an order, by seat."""
        found = self._db.query(RETURNS, index="by_order", order_id=order_id)
        return sorted(map(Return.of, found), key=lambda one: one.seat_id)

    def open(self, sale_id: str) -> Iterator[Return]:
        """Yield the sale's returns whose money has not gone back, the oldest first."""
        return map(Return.of, self._db.query(RETURNS, index="by_open", open_sale=sale_id))

    def take_back(
        self,
        order: Order,
        returns: Sequence[Return],
        tickets: Sequence[Ticket],
        rules: ReturnRules | None,
        now_us: int,
        problem: Mapping[str, Any] | None = None,
    ) -> Order:
        """Take these seats of a paid order back, all or nothing; return the order then.

        `rules`, if given, must still be the sale's. Changed when order, tickets, seats or rules
        are not as they were read; Contention or Unavailable when it is worth another try.
        """
        after = _after(order, returns, now_us, problem)
        writes = [
            self._order_(order, after),
            *(self._tickets.end_(ticket, "returned", now_us) for ticket in tickets),
            *(self._seat_(one, now_us + KEEP_US) for one in returns),
            *(self._return_(one) for one in returns),
            *self._writes.uncounts_(replace(order, seats=_seats(order, returns))),
            *([self._same_(rules)] if rules else []),
            self._mail_(order, returns, now_us),
            self._logged_(order, returns, now_us),
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed as refused:
            raise Changed from refused
        return after

    def resold(self, one: Return, now_us: int) -> Return:
        """Note that the seat was sold again, and promise the mail; return it as it is then."""
        after = replace(one, state="refunding", changed_us=now_us)
        mail = self._told_(one, "return_sold", now_us)
        self._step(one, after, "SET #state = :state, changed_us = :now", [mail])
        return after

    def refunded(self, one: Return, paid_back: bool, now_us: int) -> None:
        """Note that the money went back; `paid_back` False: with the whole payment, before."""
        after = replace(one, state="refunded", changed_us=now_us)
        more = self._money_back_(one, now_us) if one.refund_cents else []
        if one.refund_cents and paid_back:
            more.append(
                self._db.update_(
                    PAYMENTS,
                    {"payment_id": one.payment_id},
                    "SET refunded_cents = if_not_exists(refunded_cents, :none) + :part",
                    "attribute_exists(payment_id)",
                    none=0,
                    part=one.refund_cents,
                )
            )
        change = "SET #state = :state, changed_us = :now REMOVE open_sale"
        self._step(one, after, change, more)

    def seat_owner(self, sale_id: str, seat_id: str) -> str | None:
        """Return the order that a seat is sold to, None when it is not sold."""
        item = self._db.get(SEATS, sale_id=sale_id, seat_id=seat_id) or {}
        return item.get("order_id")

    def _step(self, one: Return, after: Return, change: str, more: Sequence[Write]) -> None:
        step = self._db.update_(
            RETURNS,
            {"return_id": one.return_id},
            change,
            "#state = :before",
            {"#state": "state"},
            state=after.state,
            before=one.state,
            now=after.changed_us,
        )
        try:
            self._db.transact([step, *more])
        except ConditionFailed as refused:
            if 0 not in refused.failed:
                raise Changed from refused
            # Someone did this step before, or the reply was lost the first time.

    def _order_(self, order: Order, after: Order) -> Write:
        problem = {"problem": dict(after.problem)} if after.problem else {}
        return self._db.update_(
            ORDERS,
            {"order_id": order.order_id},
            "SET #state = :state, seats = :seats, returned = :returned, revision = :next, "
            "changed_us = :now" + (", problem = :problem" if problem else ""),
            "#state = :paid AND (attribute_not_exists(revision) OR revision = :revision)"
            " AND (attribute_not_exists(review) OR review = :review)",
            {"#state": "state"},
            state=after.state,
            seats=[asdict(seat) for seat in after.seats],
            returned=[asdict(seat) for seat in after.returned],
            next=after.revision,
            revision=order.revision,
            now=after.changed_us,
            paid="paid",
            review=order.review,
            **problem,
        )

    def _seat_(self, one: Return, until_us: int) -> Write:
        return self._db.update_(
            SEATS,
            {"sale_id": one.sale_id, "seat_id": one.seat_id},
            "SET held_by = :kept, held_until_us = :until REMOVE order_id, sold_us",
            "order_id = :me",
            kept=KEPT,
            until=until_us,
            me=one.order_id,
        )

    def _return_(self, one: Return) -> Write:
        item = {**asdict(one), "open_sale": one.sale_id}
        return self._db.put_(RETURNS, item, "attribute_not_exists(return_id)")

    def _same_(self, rules: ReturnRules) -> Write:
        key = {"sale_id": rules.sale_id}
        return self._db.check_(RETURN_RULES, key, "version = :version", version=rules.version)

    def _mail_(self, order: Order, returns: Sequence[Return], now_us: int) -> Write:
        first = returns[0]
        template = "order_called_off" if first.by == "organiser" else f"returned_{first.state}"
        template = "review_refunded" if order.review else template
        data = {
            "order_id": order.order_id,
            "about": order.about,
            "seats": [one.seat_id for one in returns],
            "total_cents": sum(one.refund_cents for one in returns),
            "currency": order.currency,
            "why": first.reason,
        }
        unique = f"{order.order_id}-{order.revision + 1}-returned"
        return outbox.mail_(self._db, template, order.account_id, data, unique, now_us)

    def _told_(self, one: Return, template: str, now_us: int) -> Write:
        data = {
            "order_id": one.order_id,
            "about": one.about,
            "seats": [one.seat_id],
            "total_cents": one.refund_cents,
            "currency": one.currency,
        }
        unique = f"{one.return_id}-{template}"
        return outbox.mail_(self._db, template, one.account_id, data, unique, now_us)

    def _money_back_(self, one: Return, now_us: int) -> list[Write]:
        refund_ = outbox.refund_(
            self._db,
            one.sale_id,
            one.order_id,
            [one.seat_id],
            one.refund_cents,
            one.currency,
            f"{one.return_id}-refunded",
            now_us,
            one.return_id,
        )
        return [self._told_(one, "money_back", now_us), refund_]

    def _logged_(self, order: Order, returns: Sequence[Return], now_us: int) -> Write:
        seats = [one.seat_id for one in returns]
        entry = seat_entries.seats_released(
            order.sale_id, now_us, order.commitment, order.fan, seats, "returned"
        )
        unique = f"{order.order_id}-{order.revision + 1}-returned"
        return outbox.ledger_all_(self._db, [entry], unique, now_us, [order.order_id])


def _seats(order: Order, returns: Sequence[Return]) -> tuple[Any, ...]:
    gone = {one.seat_id for one in returns}
    return tuple(seat for seat in order.seats if seat.seat_id in gone)


def _after(
    order: Order, returns: Sequence[Return], now_us: int, problem: Mapping[str, Any] | None
) -> Order:
    gone = _seats(order, returns)
    left = tuple(seat for seat in order.seats if seat not in gone)
    return replace(
        order,
        state="paid" if left else "returned",
        seats=left,
        returned=(*order.returned, *gone),
        revision=order.revision + 1,
        changed_us=now_us,
        problem=problem,
    )
