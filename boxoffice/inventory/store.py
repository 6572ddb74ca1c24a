"""Where seats are kept: one item per seat of a sale, in SEATS.

`order_id` stands on a sold seat, `blocked` (the reason) on one that is held back, `held_by` and
`held_until_us` on one that was set aside. A hold whose time is over is no hold: nothing needs to
tidy it for the next order to take the seat.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.tables import SALES, SEATS

# The guard of the first promise. Everything else about seats is advice.
FREE_OR_MINE = (
    "attribute_exists(seat_id) AND attribute_not_exists(order_id) AND "
    "attribute_not_exists(blocked) AND "
    "(attribute_not_exists(held_by) OR held_by = :me OR held_until_us <= :now)"
)
# Nobody has paid for it, and nobody holds it: an organiser may change it.
NOBODYS = (
    "attribute_exists(seat_id) AND attribute_not_exists(order_id) AND "
    "(attribute_not_exists(held_by) OR held_until_us <= :now)"
)
MINE = "held_by = :me AND attribute_not_exists(order_id)"
BACK_OR_SOLD = "attribute_exists(order_id) OR attribute_exists(blocked)"
HOW_TAKEN = ("seat_id", "order_id", "blocked", "held_by", "held_until_us")
BATCH = 100  # writes in one transaction
AT_ONCE = 20_000  # seats that are looked through for one answer: few of them are in it, or small


class SeatStore:
    """Reads of SEATS, and the writes that a transaction over seats is made of."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def items(self, sale_id: str) -> Iterator[Item]:
        """Yield every seat of the sale, by seat id."""
        return self._db.query(SEATS, sale_id=sale_id)

    def taken(self, sale_id: str, now_us: int) -> Iterator[Item]:
        """Yield the seats that cannot be had now: what makes them so, and no more."""
        where = f"{BACK_OR_SOLD} OR held_until_us > :now", {"now": now_us}
        return self._db.query(SEATS, where=where, only=HOW_TAKEN, page=AT_ONCE, sale_id=sale_id)

    def blocked(self, sale_id: str) -> Iterator[Item]:
        """Yield the seats that are held back."""
        where: tuple[str, Item] = "attribute_exists(blocked) AND attribute_not_exists(order_id)", {}
        return self._db.query(SEATS, where=where, page=AT_ONCE, sale_id=sale_id)

    def some(self, sale_id: str, seat_ids: Sequence[str]) -> list[Item]:
        """Return those of `seat_ids` that exist, in no order."""
        return self._db.get_many(SEATS, [_key(sale_id, seat_id) for seat_id in seat_ids])

    def create(self, items: Sequence[Item]) -> None:
        """Write the seats that do not exist yet; one that exists is left as it is."""
        for start in range(0, len(items), BATCH):
            left = list(items[start : start + BATCH])
            while left:
                writes = [self._db.put_(SEATS, i, "attribute_not_exists(seat_id)") for i in left]
                try:
                    self._db.transact(writes)
                    break
                except ConditionFailed as present:
                    left = [i for n, i in enumerate(left) if n not in set(present.failed)]

    def remake(self, sale_id: str, version: int, items: Sequence[Item]) -> bool:
        """Write the seats of a draft anew; False when the sale is no longer at this version."""
        for start in range(0, len(items), BATCH - 1):
            part = items[start : start + BATCH - 1]
            same = self._db.check_(
                SALES, {"sale_id": sale_id}, "version = :version", version=version
            )
            try:
                self._db.transact([same, *(self._db.put_(SEATS, item) for item in part)])
            except ConditionFailed:
                return False
        return True

    def hold_(
        self, sale_id: str, seat_id: str, me: str, now_us: int, until_us: int, cents: int
    ) -> Write:
        """Return the write that holds a seat for the order `me`, if it still costs that."""
        change = "SET held_by = :me, held_until_us = :until"
        key = _key(sale_id, seat_id)
        free = f"{FREE_OR_MINE} AND cents = :cents"
        return self._db.update_(
            SEATS, key, change, free, me=me, now=now_us, until=until_us, cents=cents
        )

    def edit_(
        self,
        sale_id: str,
        seat_id: str,
        price: tuple[str, int],
        was: str,
        blocked: str,
        now_us: int,
    ) -> Write:
        """Return the write of an organiser's change: tier and cents, and why it is held back.

        `was` is why it was held back until now, empty when it was on sale.
        """
        stays = was == blocked
        values = {"tier": price[0], "cents": price[1], "now": now_us}
        values |= {"was": was} if was else {}
        values |= {"blocked": blocked} if blocked and not stays else {}
        change = "SET #tier = :tier, cents = :cents"
        if not stays:
            change += ", blocked = :blocked, blocked_us = :now" if blocked else ""
            change += "" if blocked else " REMOVE blocked, blocked_us"
        seen = "blocked = :was" if was else "attribute_not_exists(blocked)"
        names, key = {"#tier": "tier"}, _key(sale_id, seat_id)
        return self._db.update_(SEATS, key, change, f"{NOBODYS} AND {seen}", names, **values)

    def sell_(self, sale_id: str, seat_id: str, me: str, now_us: int) -> Write:
        """Return the write that sells a seat to `me`, who holds it or finds it free."""
        change = "SET order_id = :me, sold_us = :now REMOVE held_by, held_until_us"
        key = _key(sale_id, seat_id)
        return self._db.update_(SEATS, key, change, FREE_OR_MINE, me=me, now=now_us)

    def extend_(self, sale_id: str, seat_id: str, me: str, until_us: int) -> Write:
        """Return the write that makes the hold of `me` last until then."""
        key = _key(sale_id, seat_id)
        return self._db.update_(
            SEATS, key, "SET held_until_us = :until", MINE, me=me, until=until_us
        )

    def release_(self, sale_id: str, seat_id: str, me: str) -> Write:
        """Return the write that ends the hold of `me`."""
        key = _key(sale_id, seat_id)
        return self._db.update_(SEATS, key, "REMOVE held_by, held_until_us", MINE, me=me)

    def unblock(self, sale_id: str, seats: Mapping[str, int | None]) -> list[str]:
        """Give seats that were held back to the sale; return those that were.

        `seats` is seat -> when it was blocked, as it was read: one that was blocked anew stays.
        """
        return [seat for seat, at_us in seats.items() if self._unblock(sale_id, seat, at_us)]

    def _unblock(self, sale_id: str, seat_id: str, at_us: int | None) -> bool:
        key = _key(sale_id, seat_id)
        change, there = "REMOVE blocked, blocked_us", "attribute_exists(blocked) AND "
        if at_us is None:
            seen = there + "attribute_not_exists(blocked_us)"
            write = self._db.update_(SEATS, key, change, seen)
        else:
            write = self._db.update_(SEATS, key, change, there + "blocked_us = :at", at=at_us)
        try:
            self._db.write(write)
        except ConditionFailed:
            return False
        return True


def _key(sale_id: str, seat_id: str) -> Item:
    return {"sale_id": sale_id, "seat_id": seat_id}
