"""Where wishes are kept: WAITLIST, one item per fan of a sale under the fan's name in it.

Under the sale id WATCHED it also lists the sales that the clock looks after. An offer is one
transaction: order, count, seats, wish, mail and log entry. Its orders are not in the orders'
list of what is due: when they lapse their seats are kept for the next who waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace

from boxoffice import outbox
from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.inventory.model import KEPT
from boxoffice.orders.groups import Groups
from boxoffice.orders.model import Order
from boxoffice.orders.store import Changed, OrderStore
from boxoffice.orders.writes import ABSENT, OrderWrites
from boxoffice.tables import ORDERS, SEATS, WAITLIST
from boxoffice.waitlist.model import Wish
from fairness.errors import LimitReached
from fairness.ledger import seat_entries

WATCHED = "#sales"
FREE_OR_KEPT = (
    "attribute_exists(seat_id) AND attribute_not_exists(order_id) AND "
    "attribute_not_exists(blocked) AND "
    "(attribute_not_exists(held_by) OR held_by = :kept OR held_until_us <= :now)"
)


class WaitStore:
    """Reads of WAITLIST, and its transactions."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._writes = OrderWrites(db)
        self._orders, self._groups = OrderStore(db), Groups(db)

    def watch(self, sale_id: str) -> None:
        """Have the clock look after the returns and wishes of a sale; twice is once."""
        self._db.put(WAITLIST, {"sale_id": WATCHED, "wish_id": sale_id})

    def unwatch(self, sale_id: str) -> None:
        """Let a sale rest."""
        key = {"sale_id": WATCHED, "wish_id": sale_id}
        self._db.write(self._db.delete_(WAITLIST, key))

    def watched(self) -> list[str]:
        """Return the sales that the clock looks after, by id."""
        return [item["wish_id"] for item in self._db.query(WAITLIST, sale_id=WATCHED)]

    def get(self, sale_id: str, fan: str) -> Wish | None:
        """Return the fan's wish, as it is now."""
        item = self._db.get(WAITLIST, sale_id=sale_id, wish_id=fan)
        return Wish.of(item) if item else None

    def of_sale(self, sale_id: str) -> list[Wish]:
        """Return the wishes of a sale, the first in turn first."""
        found = map(Wish.of, self._db.query(WAITLIST, sale_id=sale_id))
        return sorted(found, key=lambda wish: wish.rank)

    def remove(self, wishes: Sequence[Wish]) -> None:
        """Remove these wishes; one that is gone is no fault."""
        for wish in wishes:
            key = {"sale_id": wish.sale_id, "wish_id": wish.fan}
            self._db.write(self._db.delete_(WAITLIST, key))

    def put(self, before: Wish | None, after: Wish) -> None:
        """Write a wish in place of `before`, and log it; Changed when others were faster."""
        self._change(before, after, [self._logged_(after)])

    def _change(self, before: Wish | None, after: Wish, more: Sequence[Write]) -> None:
        try:
            self._db.transact([self._wish_(before, after), *more])
        except ConditionFailed as refused:
            raise Changed from refused

    def settle(self, before: Wish, after: Wish) -> None:
        """Write what became of an offer; Changed when others were faster."""
        try:
            self._db.write(self._wish_(before, after))
        except ConditionFailed as refused:
            raise Changed from refused

    def offer(self, before: Wish, order: Order) -> Wish:
        """Hold the order's seats for the fan who waits, all or nothing; return the wish then.

        LimitReached when the fan has too many by now; Changed when a seat or the wish is not as
        it was read.
        """
        after = replace(
            before,
            state="offered",
            order_id=order.order_id,
            changed_us=order.created_us,
            version=before.version + 1,
        )
        group = self._orders.group_of(order)
        counts = self._writes.counts_(order, group)
        writes = [
            self._wish_(before, after),
            *counts,
            self._order_(order),
            *(self._seat_(order, seat_id) for seat_id in order.seat_ids),
            self._writes.mail_(
                order, "waiting_turn", order.created_us, until_us=order.held_until_us
            ),
            self._offered_(order),
            *([self._groups.turn_(order.sale_id, group)] if group else []),
        ]
        try:
            self._db.transact(writes)
        except ConditionFailed as refused:
            if all(1 <= number <= len(counts) for number in refused.failed):
                raise LimitReached("the limit of tickets is reached") from refused
            raise Changed from refused
        return after

    def lapse(self, order: Order, keep_until_us: int, now_us: int) -> None:
        """Let an offer that was not paid lapse, and keep its seats for the next who waits.

        Changed when the order is not as it was read, and Contention, Unavailable.
        """
        writes = [
            self._writes.state_(order, "expired", now_us),
            *self._writes.uncounts_(order),
            self._writes.released_(order, "expired", now_us),
        ]
        mine = order.seat_ids
        while True:
            kept = [self._kept_(order, seat_id, keep_until_us) for seat_id in mine]
            try:
                return self._db.transact([*writes, *kept])
            except ConditionFailed as refused:
                if min(refused.failed) < len(writes):
                    raise Changed from refused
                others = {mine[n - len(writes)] for n in refused.failed}
                mine = [seat for seat in mine if seat not in others]  # taken after the lapse

    def keep(self, order: Order, until_us: int) -> None:
        """Keep the seats that the order gave back for the next who waits, as far as they are free.

        Whoever was faster has them.
        """
        for seat_id in order.seat_ids:
            free = self._db.update_(
                SEATS,
                {"sale_id": order.sale_id, "seat_id": seat_id},
                "SET held_by = :kept, held_until_us = :until",
                "attribute_exists(seat_id) AND attribute_not_exists(order_id) AND "
                "attribute_not_exists(blocked) AND attribute_not_exists(held_by)",
                kept=KEPT,
                until=until_us,
            )
            with suppress(ConditionFailed):
                self._db.write(free)

    def _wish_(self, before: Wish | None, after: Wish) -> Write:
        item = {**asdict(after), "wish_id": after.fan}
        if before is None:
            return self._db.put_(WAITLIST, item, "attribute_not_exists(sale_id)")
        return self._db.put_(WAITLIST, item, "version = :version", version=before.version)

    def _logged_(self, wish: Wish) -> Write:
        count = wish.count if wish.state == "waiting" else 0
        fan, at_us = wish.fan, wish.changed_us
        entry = seat_entries.wish(wish.sale_id, at_us, fan, wish.place, count, wish.tiers)
        unique = f"{wish.sale_id}-{wish.fan}-wish-{wish.version}"
        return outbox.ledger_(self._db, entry, unique, wish.changed_us)

    def _order_(self, order: Order) -> Write:
        item: Item = asdict(order)
        return self._db.put_(ORDERS, item, ABSENT)

    def _seat_(self, order: Order, seat_id: str) -> Write:
        return self._db.update_(
            SEATS,
            {"sale_id": order.sale_id, "seat_id": seat_id},
            "SET held_by = :me, held_until_us = :until",
            FREE_OR_KEPT,
            me=order.order_id,
            until=order.held_until_us,
            kept=KEPT,
            now=order.created_us,
        )

    def _kept_(self, order: Order, seat_id: str, until_us: int) -> Write:
        return self._db.update_(
            SEATS,
            {"sale_id": order.sale_id, "seat_id": seat_id},
            "SET held_by = :kept, held_until_us = :until",
            "held_by = :me AND attribute_not_exists(order_id)",
            me=order.order_id,
            kept=KEPT,
            until=until_us,
        )

    def _offered_(self, order: Order) -> Write:
        at_us, me, fan = order.created_us, order.commitment, order.fan
        seats, tier = order.seat_ids, order.seats[0].tier
        offered = seat_entries.offered(
            order.sale_id, at_us, me, fan, seats, tier, order.held_until_us
        )
        held = seat_entries.seats_held(order.sale_id, at_us, me, fan, seats, order.held_until_us)
        unique = f"{order.order_id}-offered"
        return outbox.ledger_all_(self._db, [offered, held], unique, at_us, [order.order_id])
