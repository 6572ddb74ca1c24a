"""The writes that a transaction over an order is made of. Each returns, none sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from boxoffice import outbox
from boxoffice.dynamo import Database, Write
from boxoffice.orders.groups import Group
from boxoffice.orders.model import Order
from boxoffice.tables import LIMITS, ORDERS
from fairness.errors import LimitReached
from fairness.ledger import entries, seat_entries

ABSENT = "attribute_not_exists(order_id)"
ALONE = " AND attribute_not_exists(grouped)"
# As it was read, so that no extension is counted twice, and not over: then others may have it.
STILL_HELD = "#state = :held AND held_until_us = :before AND held_until_us > :now"


class OrderWrites:
    """Writes to ORDERS, LIMITS and OUTBOX; a name ends in `_` like those of `Database`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def new_(self, order: Order) -> Write:
        """Return the write of an order that must not exist."""
        item = asdict(order)
        item["seats"] = [asdict(seat) for seat in order.seats]
        item["tour_people"] = list(order.tour_people)
        item["marks"] = [list(mark) for mark in order.marks]
        if order.state == "held":
            item |= {"due_sale": order.sale_id, "due_us": order.held_until_us}
        return self._db.put_(ORDERS, item, ABSENT)

    def state_(
        self, order: Order, state: str, now_us: int, due_us: int | None = None, **more: Any
    ) -> Write:
        """Return the write that turns `order` to `state`, if it is still as `order` says.

        `due_us` is when a sweep must see to it again; None: never, unless it stays held.
        """
        change = "SET #state = :state, changed_us = :now"
        change += "".join(f", {name} = :{name}" for name in more)
        values = {**more, "state": state, "now": now_us, "before": order.state}
        if due_us is not None:
            change += ", due_sale = :sale, due_us = :due"
            values |= {"sale": order.sale_id, "due": due_us}
        elif state != "held":
            change += " REMOVE due_sale, due_us" + ("" if "problem" in more else ", problem")
        condition = "#state = :before"
        if (order.state, state) == ("held", "expired"):
            condition += " AND held_until_us <= :now"
        key = {"order_id": order.order_id}
        return self._db.update_(ORDERS, key, change, condition, {"#state": "state"}, **values)

    def extend_(self, order: Order, until_us: int, now_us: int) -> Write:
        """Return the write that makes the hold last until then, if it is as `order` says."""
        return self._db.update_(
            ORDERS,
            {"order_id": order.order_id},
            # Without `due_sale`, as an offer has none, `due_us` alone is in no index.
            "SET held_until_us = :until, due_us = :until, extensions = :n, changed_us = :now",
            STILL_HELD,
            {"#state": "state"},
            held="held",
            before=order.held_until_us,
            until=until_us,
            n=order.extensions + 1,
            now=now_us,
        )

    def count_(self, order: Order, group: Group | None = None) -> Write:
        """Return the write that counts the order's seats; it fails when they are too many.

        It fails as well when the person is in another group than `group`, None: in any.
        """
        if group is None:
            return self._more_(_person(order), order, order.limit, ALONE)
        same = " AND grouped = :group"
        return self._more_(_person(order), order, order.limit, same, group=group.name)

    def uncount_(self, order: Order) -> Write:
        """Return the write that takes the order's seats out of the person's count again."""
        return self._less_(_person(order), order)

    def _more_(
        self, person: str, order: Order, limit: int, besides: str = "", **values: Any
    ) -> Write:
        return self._db.update_(
            LIMITS,
            {"person": person},
            "SET tickets = if_not_exists(tickets, :none) + :n",
            f"(attribute_not_exists(person) OR tickets <= :room){besides}",
            none=0,
            n=len(order.seats),
            room=limit - len(order.seats),
            **values,
        )

    def _less_(self, person: str, order: Order) -> Write:
        n, key = len(order.seats), {"person": person}
        return self._db.update_(LIMITS, key, "SET tickets = tickets - :n", "tickets >= :n", n=n)

    def counts_(self, order: Order, group: Group | None = None) -> list[Write]:
        """Return `count_`, and the like for each name that the order has in a tour."""
        limit = order.tour_limit
        return [
            self.count_(order, group),
            *(self._more_(p, order, limit) for p in order.tour_people),
        ]

    def uncounts_(self, order: Order) -> list[Write]:
        """Return the writes that take back what `counts_` counted."""
        return [self.uncount_(order), *(self._less_(p, order) for p in order.tour_people)]

    def held_(self, orders: Sequence[Order]) -> Write:
        """Return the promise to log the holds of one transaction."""
        first = orders[0]
        logged = [seat_entries.seats_held(*_of(o, o.created_us), o.held_until_us) for o in orders]
        ids = [order.order_id for order in orders]
        return outbox.ledger_all_(self._db, logged, f"{ids[0]}-held", first.created_us, ids)

    def held_on_(self, order: Order, until_us: int, now_us: int) -> Write:
        """Return the promise to log that a hold lasts until then."""
        entry = seat_entries.seats_held(*_of(order, now_us), until_us)
        unique = f"{order.order_id}-held-{order.extensions + 1}"
        return outbox.ledger_all_(self._db, [entry], unique, now_us, [order.order_id])

    def sold_(self, orders: Sequence[Order], now_us: int) -> Write:
        """Return the promise to log the sales of one transaction, and which wait for a look."""
        logged = [seat_entries.seats_sold(*_of(order, now_us)) for order in orders]
        logged += [
            reviewed("screening", "hold", [o], now_us, [o.review]) for o in orders if o.review
        ]
        ids = [order.order_id for order in orders]
        return outbox.ledger_all_(self._db, logged, f"{ids[0]}-sold", now_us, ids)

    def released_(self, order: Order, reason: str, now_us: int) -> Write:
        """Return the promise to log that the seats were given back."""
        entry = seat_entries.seats_released(*_of(order, now_us), reason)
        unique, ids = f"{order.order_id}-released", [order.order_id]
        return outbox.ledger_all_(self._db, [entry], unique, now_us, ids)

    def paid_mail_(self, order: Order, now_us: int) -> Write:
        """Return the promise of the mail about a payment: tickets, or that they wait for a look."""
        template = "order_in_review" if order.review else "order_confirmed"
        return self.mail_(order, template, now_us)

    def refund_(self, order: Order, now_us: int) -> Write:
        """Return the promise to tell the organiser that an order's money goes back."""
        return outbox.refund_(
            self._db,
            order.sale_id,
            order.order_id,
            order.seat_ids,
            order.total_cents,
            order.currency,
            f"{order.order_id}-refunded",
            now_us,
        )

    def mail_(self, order: Order, template: str, now_us: int, **more: Any) -> Write:
        """Return the promise of a mail about the order."""
        data = {
            "order_id": order.order_id,
            "about": order.about,
            "seats": order.seat_ids,
            "total_cents": order.total_cents,
            "currency": order.currency,
            **more,
        }
        unique = f"{order.order_id}-{template}"
        return outbox.mail_(self._db, template, order.account_id, data, unique, now_us)


def reviewed(
    role: str, decision: str, orders: Sequence[Order], at_us: int, why: Sequence[str]
) -> entries.Entry:
    """Return the entry that says what was decided about the tickets of paid orders of a sale.

    `role` is "screening" or "organiser", `why` the codes of rules or of a reason.
    """
    detail = {
        "role": role,
        "decision": decision,
        "orders": [order.commitment for order in orders],
        "why": list(why),
    }
    return entries.organiser(orders[0].sale_id, at_us, "order_review", detail)


def limit_reached(limit: int) -> LimitReached:
    """Return the refusal that names the limit."""
    return LimitReached(
        f"one person may buy {limit} tickets in this sale",
        field="seats",
        value=limit,
        rule=f"at most {limit} tickets per person, over all orders and linked accounts",
        remedy="order fewer seats, or cancel an order that is not paid yet",
    )


def group_limit_reached(limit: int) -> LimitReached:
    """Return the refusal that names the limit of accounts that seem to be one buyer's."""
    return LimitReached(
        "this account and others seem to belong to one person, so they share one limit of "
        f"{limit} tickets, and it is reached",
        field="account",
        value=limit,
        rule=f"at most {limit} tickets per person, over all orders and linked accounts",
        remedy="if you are different people, ask the organiser for another look; it costs nothing",
    )


def tour_limit_reached(limit: int) -> LimitReached:
    """Return the refusal that names the limit of the tour."""
    return LimitReached(
        f"one person may buy {limit} tickets in this tour, all its dates together",
        field="seats",
        value=limit,
        rule=f"at most {limit} tickets per person in the tour, over all orders and linked accounts",
        remedy="order fewer seats, or cancel an order of another date that is not paid yet",
    )


def _of(order: Order, at_us: int) -> tuple[str, int, str, str, list[str]]:
    return order.sale_id, at_us, order.commitment, order.fan, order.seat_ids


def _person(order: Order) -> str:
    return f"{order.sale_id}#{order.person}"
