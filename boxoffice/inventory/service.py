"""The only door to the seats of a sale. They are held and sold by orders, never from here."""

from __future__ import annotations

from collections.abc import Mapping

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import Database, Item
from boxoffice.inventory.model import SeatState, TierStock, by_tier, cached
from boxoffice.inventory.store import SeatStore
from boxoffice.sales.model import DRAFT, Sale


class Inventory:
    """One item for each seat of each sale."""

    def __init__(self, db: Database) -> None:
        self._store = SeatStore(db)

    def create_seats(self, sale: Sale, plan: SeatingPlan) -> None:
        """Put every priced seat of `plan` on sale, except those held back.

        Seats that exist are left as they are, so it may run again, also during the sale. Those of
        a draft that was changed since are made anew; its version says that it still is that draft.
        """
        present = {item["seat_id"]: item for item in self._store.items(sale.sale_id)}
        items, stale = list[Item](), list[Item]()
        for seat in plan.seats:
            price = sale.prices.get(seat.category)
            if price is None:
                continue
            item: Item = {
                "sale_id": sale.sale_id,
                "seat_id": seat.seat_id,
                "tier": price.tier,
                "cents": price.cents,
                "blocked": sale.held_back.get(seat.seat_id),
            }
            item = {name: value for name, value in item.items() if value is not None}
            if seat.seat_id not in present:
                items.append(item)
            elif sale.state == DRAFT and present[seat.seat_id] != item:
                stale.append(item)
        self._store.create(items)
        self._store.remake(sale.sale_id, sale.version, stale)

    def seats(self, sale_id: str, now_us: int) -> list[SeatState]:
        """Return every seat of the sale as it is now, by seat id."""
        return [SeatState.of(item, now_us) for item in self._store.items(sale_id)]

    def taken(self, sale_id: str, now_us: int) -> dict[str, str]:
        """Return seat -> "sold", "blocked" or "held:<until µs>": what the cache should say."""
        found = (
            (item["seat_id"], cached(item, now_us)) for item in self._store.taken(sale_id, now_us)
        )
        return {seat_id: state for seat_id, state in found if state is not None}

    def blocked(self, sale_id: str) -> dict[str, int | None]:
        """Return seat -> its `blocked_us`, of those that are held back."""
        return {i["seat_id"]: i.get("blocked_us") for i in self._store.blocked(sale_id)}

    def stock(self, sale_id: str, now_us: int) -> list[TierStock]:
        """Return the stock of each price tier, the dearest first."""
        return by_tier(self.seats(sale_id, now_us))

    def release(self, sale_id: str, seats: Mapping[str, int | None]) -> list[str]:
        """Give seats that were held back to the sale; return those that were. Twice is once.

        `seats` is seat -> its `blocked_us` as it was read.
        """
        return self._store.unblock(sale_id, seats)
