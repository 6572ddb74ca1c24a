"""Where orders are kept: ORDERS, and LIMITS for the tickets that a person has in a sale.

Every change of an order is one transaction with what follows from it: the seats, the person's
count, the tickets, and the promises in the outbox. Each is conditional on the order's state, so
doing it twice is doing it once, and a lost reply is settled by reading the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from boxoffice.dynamo import ConditionFailed, Database, Write
from boxoffice.inventory.store import SeatStore
from boxoffice.orders.groups import Group, Groups
from boxoffice.orders.model import Order, State
from boxoffice.orders.writes import (
    OrderWrites,
    group_limit_reached,
    limit_reached,
    tour_limit_reached,
)
from boxoffice.tables import ORDERS
from fairness.errors import Contention, HoldExpired, SeatsTaken, Unavailable

GROUPED = 3  # how often a hold is decided again while its group changes


class Changed(Exception):
    """The order is no longer in the state that the change was decided on. Read it again."""


class OrderStore:
    """Reads of ORDERS, and its transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._seats = SeatStore(db)
        self._writes = OrderWrites(db)
        self._groups = Groups(db)

    def get(self, order_id: str) -> Order | None:
        """Return the order, as it is now."""
        item = self._db.get(ORDERS, order_id=order_id)
        return Order.of(item) if item else None

    def get_many(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Return those that exist, by id, as they are now."""
        keys = [{"order_id": order_id} for order_id in dict.fromkeys(order_ids)]
        return {item["order_id"]: Order.of(item) for item in self._db.get_many(ORDERS, keys)}

    def of_account(self, account_id: str) -> Iterator[Order]:
        """Yield the account's orders, the newest first."""
        found = self._db.query(ORDERS, index="by_account", newest_first=True, account_id=account_id)
        return (Order.of(item) for item in found)

    def of_sale(self, sale_id: str) -> Iterator[Order]:
        """Yield the sale's orders, in no order."""
        return (Order.of(i) for i in self._db.query(ORDERS, index="by_sale", sale_id=sale_id))

    def forget_people(self, sale_id: str, prefix: str) -> None:
        """Take the names that begin with `prefix` off what the sale's orders count for in a tour.

        The limits keep their numbers, under names that lead to no order any more.
        """
        for item in self._db.query(ORDERS, index="by_sale", sale_id=sale_id):
            before = list(item.get("tour_people", ()))
            after = [name for name in before if not name.startswith(prefix)]
            if after != before:
                write = self._db.update_(
                    ORDERS,
                    {"order_id": item["order_id"]},
                    "SET tour_people = :after",
                    "tour_people = :before",
                    before=before,
                    after=after,
                )
                self._db.write(write)

    def forget_marks(self, sale_id: str) -> None:
        """Take what the sale's orders came with off them: hashes of addresses and browsers."""
        for item in self._db.query(ORDERS, index="by_sale", sale_id=sale_id):
            if item.get("marks"):
                key = {"order_id": item["order_id"]}
                self._db.write(self._db.update_(ORDERS, key, "REMOVE marks"))

    def due(self, sale_id: str, now_us: int, limit: int) -> list[Order]:
        """Return orders whose hold has lapsed or whose refund is open, the longest due first."""
        found = self._db.query(
            ORDERS, index="by_due", limit=limit, between=("due_us", 0, now_us), due_sale=sale_id
        )
        return [Order.of(item) for item in found]

    def hold(self, order: Order) -> Order:
        """Write the order and hold its seats, all or nothing; return the order that then stands.

        That is the stored one when this order id was written before. SeatsTaken names the seats;
        LimitReached, of the person or the group that they are in; Contention or Unavailable when
        it is worth another try.
        """
        group: Group | None = None
        for _ in range(GROUPED):
            try:
                self._db.transact(
                    [
                        *self.hold_(order, group),
                        self._writes.held_([order]),
                        *([self._groups.turn_(order.sale_id, group)] if group else []),
                    ]
                )
            except ConditionFailed as refused:
                present = self.get(order.order_id)
                if present:
                    return present
                group = self._group_after(order, refused, group)
            except Unavailable:
                present = self.get(order.order_id)  # the reply may be all that was lost
                if present:
                    return present
                raise
            else:
                return order
        raise Contention

    def _group_after(
        self, order: Order, refused: ConditionFailed, before: Group | None
    ) -> Group | None:
        """Return the group with which to try a refused hold again; raise why not to.

        That is when the person is in a group that was not known, or was not as it was read.
        """
        first_seat = 2 + len(order.tour_people)
        last = first_seat + len(order.seats)
        if 1 in refused.failed or any(n > last for n in refused.failed):
            group = self.group_of(order)
            if group != before:
                return group
        self._refuse_beyond_limits(order, refused, 1)
        taken = [order.seat_ids[n - first_seat] for n in refused.failed if n < last]
        if not taken:
            raise Contention
        raise SeatsTaken(taken) from refused

    def group_of(self, order: Order) -> Group | None:
        """Return whom the order's person shares a limit with; LimitReached if that has no room."""
        group = self._groups.of(order.sale_id, order.person)
        if group and not group.has_room(len(order.seats), order.limit):
            raise group_limit_reached(order.limit)
        return group

    def hold_all(self, orders: Sequence[Order]) -> None:
        """Write orders that touch different items, and hold their seats: all of them or nothing.

        ConditionFailed, for `refused_for`; Contention, Unavailable.
        """
        writes = [write for order in orders for write in self.hold_(order)]
        self._db.transact([*writes, self._writes.held_(orders)])

    def refused_for(
        self, orders: Sequence[Order], refused: ConditionFailed
    ) -> dict[str, list[str]]:
        """Return the orders for which `hold_all` was refused, with the seats that were taken.

        No seats: it was something else.
        """
        parts = [
            (order.order_id, seat)
            for order in orders
            for seat in [None] * (2 + len(order.tour_people)) + order.seat_ids
        ]
        found: dict[str, list[str]] = {}
        others = set()
        for order_id, seat in (parts[number] for number in refused.failed):
            found.setdefault(order_id, []).extend([seat] if seat else [])
            others |= set() if seat else {order_id}
        return {order_id: [] if order_id in others else s for order_id, s in found.items()}

    def hold_(self, order: Order, group: Group | None = None) -> list[Write]:
        """Return the writes of a hold: the order, the counts of its person, its seats."""
        me, now_us, until_us = order.order_id, order.created_us, order.held_until_us
        hold_ = self._seats.hold_
        return [
            self._writes.new_(order),
            *self._writes.counts_(order, group),
            *(hold_(order.sale_id, s.seat_id, me, now_us, until_us, s.cents) for s in order.seats),
        ]

    def _refuse_beyond_limits(self, order: Order, refused: ConditionFailed, first: int) -> None:
        """Raise LimitReached if a count failed; the counts begin at the position `first`."""
        if first in refused.failed:
            raise limit_reached(order.limit) from refused
        if any(first < n <= first + len(order.tour_people) for n in refused.failed):
            raise tour_limit_reached(order.tour_limit) from refused

    def refuse(self, order: Order) -> Order:
        """Write a refused order; return the one that then stands under its id."""
        try:
            self._db.write(self._writes.new_(order))
        except ConditionFailed:
            return self.get(order.order_id) or order
        return order

    def note(self, order: Order, problem: Mapping[str, Any], now_us: int) -> Order:
        """Write a problem on a held order; it changes nothing else. Returns the order then."""
        try:
            self._db.write(self._writes.state_(order, "held", now_us, problem=dict(problem)))
        except ConditionFailed:
            return self.get(order.order_id) or order
        return replace(order, problem=problem, changed_us=now_us)

    def extend(self, order: Order, until_us: int, now_us: int) -> Order:
        """Make the hold and its seats last until then, all or nothing; return the order then.

        Changed when the order is not as `order` says; HoldExpired when a seat went to others.
        """
        extend_ = self._seats.extend_
        writes = [
            self._writes.extend_(order, until_us, now_us),
            *(extend_(order.sale_id, seat, order.order_id, until_us) for seat in order.seat_ids),
            self._writes.held_on_(order, until_us, now_us),
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed as refused:
            if 0 in refused.failed:
                raise Changed from refused
            raise HoldExpired(field="order_id", value=order.order_id) from refused
        more = order.extensions + 1
        return replace(order, held_until_us=until_us, changed_us=now_us, extensions=more)

    def sell(
        self, order: Order, payment_id: str, tickets: Sequence[Write], now_us: int, review: str = ""
    ) -> Order:
        """Turn the order to paid, with seats, tickets, mail and log entry, all or nothing.

        With `review` it has no tickets yet. SeatsTaken when a seat went to someone else;
        LimitReached when an expired order no longer fits the person's limit; Changed when the
        order is not as `order` says.
        """
        seats, again = order.seat_ids, order.state == "expired"
        after = paid(order, payment_id, now_us, review)
        group = self.group_of(order) if again else None
        writes = [
            *self.sell_(order, payment_id, now_us, review),
            # The count of an order that expired was given back, and must be there again.
            *(self._writes.counts_(order, group) if again else []),
            *([self._groups.turn_(order.sale_id, group)] if group else []),
            *(() if review else tickets),
            self._writes.paid_mail_(after, now_us),
            self._writes.sold_([after], now_us),
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed as refused:
            taken = [seats[n - 1] for n in refused.failed if 1 <= n <= len(seats)]
            if 0 not in refused.failed and taken:
                raise SeatsTaken(taken) from refused
            if 0 not in refused.failed and again and self.group_of(order) == group:
                self._refuse_beyond_limits(order, refused, 1 + len(seats))
            raise Changed from refused
        return after

    def sell_(self, order: Order, payment_id: str, now_us: int, review: str = "") -> list[Write]:
        """Return the writes that make the order paid and its seats sold."""
        sell_, more = self._seats.sell_, dict[str, Any](review=review) if review else {}
        return [
            self._writes.state_(order, "paid", now_us, payment_id=payment_id, **more),
            *(sell_(order.sale_id, seat, order.order_id, now_us) for seat in order.seat_ids),
        ]

    def give_back(
        self,
        order: Order,
        state: State,
        now_us: int,
        problem: Mapping[str, Any] | None = None,
        due_us: int | None = None,
    ) -> Order:
        """Turn the order to `state`, and free the seats and the count that it still has.

        "refunded" also promises the apology. `due_us` is when a sweep must look at it again.
        Changed when the order is not as `order` says.
        """
        more = {"problem": dict(problem)} if problem else {}
        writes = [self._writes.state_(order, state, now_us, due_us, **more)]
        if order.state == "held":
            released = self._writes.released_(order, state, now_us)
            writes += [*self._writes.uncounts_(order), released]
        if state == "refunded":
            why = str((problem or {}).get("detail", ""))
            writes.append(self._writes.mail_(order, "sorry_refunded", now_us, why=why))
            if order.state != "held":  # no seats come free, so the log does not tell it
                writes.append(self._writes.refund_(order, now_us))
        self._free(order, writes)
        return replace(order, state=state, changed_us=now_us, problem=problem)

    def _free(self, order: Order, writes: Sequence[Write]) -> None:
        """Do `writes` together with freeing the seats of a hold, as far as they are still its."""
        mine = order.seat_ids if order.state == "held" else []
        while True:
            release = [self._seats.release_(order.sale_id, s, order.order_id) for s in mine]
            try:
                return self._db.transact([*writes, *release])
            except ConditionFailed as refused:
                at = len(writes)
                others = {mine[n - at] for n in refused.failed if n >= at}
                if min(refused.failed) < at:
                    raise Changed from refused
                mine = [seat for seat in mine if seat not in others]  # taken over after the lapse

    def due_again(self, order: Order, now_us: int, due_us: int | None) -> Order:
        """Write when a sweep must look at the order again (None: never); return the order."""
        write = self._writes.state_(order, order.state, now_us, due_us, **_problem(order))
        try:
            self._db.write(write)
        except ConditionFailed as refused:
            raise Changed from refused
        return replace(order, changed_us=now_us)


def paid(order: Order, payment_id: str, now_us: int, review: str = "") -> Order:
    """Return the order as it is when it has been sold; `review`: its tickets wait for a look."""
    return replace(
        order,
        state="paid",
        payment_id=payment_id,
        changed_us=now_us,
        problem=None,
        review=review,
    )


def _problem(order: Order) -> dict[str, Any]:
    return {"problem": dict(order.problem)} if order.problem else {}
