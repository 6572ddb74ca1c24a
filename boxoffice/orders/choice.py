"""Which seats an order is for: those named, or the best left as far as one can tell.

The cache of taken seats may be behind; the transaction that follows decides. What it refused is
left out of the next choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.inventory.best import best_available
from boxoffice.inventory.service import Inventory
from boxoffice.orders.model import Best, OrderedSeat, Request
from boxoffice.sales.model import Sale
from fairness.errors import Conflict, Invalid, NotFound, Unavailable


class Stock(Protocol):
    """The cache of taken seats, as `fairness.stock` keeps it. It advises; the table decides."""

    def taken(self) -> Mapping[str, str]:
        """Return seat -> how it is taken; lapsed holds are left out."""
        ...

    def claim(self, seats: Sequence[str]) -> Sequence[str]:
        """Set seats aside for a moment; return those that are taken, none if all were claimed."""
        ...

    def mark_held(self, seats: Sequence[str], until_us: int) -> object:
        """Note a hold."""
        ...


class Choice:
    """The seats for one request, chosen again after each refusal."""

    def __init__(
        self,
        request: Request,
        sale: Sale,
        plan: SeatingPlan,
        stock: Stock,
        inventory: Inventory,
        now_us: int,
    ) -> None:
        self._request, self._sale, self._plan = request, sale, plan
        self._inventory, self._stock, self._now_us = inventory, stock, now_us
        self._looked = False  # at the table itself
        self._taken = self._known() if request.best else set[str]()

    def pick(self) -> tuple[OrderedSeat, ...]:
        """Return the seats with their prices; Rejected says why there are none."""
        if self._request.best:
            return self._priced(self._best(self._request.best))
        return self._priced(self._request.seats or ())

    def without(self, seat_ids: Sequence[str]) -> None:
        """Leave these out from now on."""
        self._taken.update(seat_ids)

    def _known(self) -> set[str]:
        try:
            return set(self._stock.taken())
        except Unavailable:  # a cache: without it one looks at the table
            return self._look()

    def _look(self) -> set[str]:
        self._looked = True
        return set(self._inventory.taken(self._sale.sale_id, self._now_us))

    def _best(self, best: Best) -> Sequence[str]:
        categories = self._categories(best.tier)
        while True:
            found = best_available(
                self._plan, self._taken, best.count, categories, together=best.together
            )
            if found is None and self._looked:
                raise _none_left(best)
            if found is None:  # cache and claims may be wrong: before a no, look at the table
                self._taken = self._look()
            elif self._looked or not (busy := self._claimed(found)):
                return found
            else:  # another worker asks for them at this moment
                self.without(busy)

    def _claimed(self, seat_ids: Sequence[str]) -> Sequence[str]:
        try:
            return self._stock.claim(seat_ids)
        except Unavailable:  # it only spares refusals: the table decides
            return ()

    def _categories(self, tier: str | None) -> set[str]:
        prices = self._sale.prices.items()
        found = {category for category, price in prices if tier in (None, price.tier)}
        if not found:
            raise Invalid(
                f"there is no price tier {tier}",
                field="best.tier",
                value=tier,
                rule=f"one of {', '.join(self._sale.tiers)}",
                remedy="choose a tier of this sale, or leave it out",
            )
        return found

    def _priced(self, seat_ids: Sequence[str]) -> tuple[OrderedSeat, ...]:
        prices = {
            seat_id: self._sale.prices.get(self._plan.by_id[seat_id].category)
            for seat_id in seat_ids
            if seat_id in self._plan.by_id
        }
        priced = [(seat_id, prices.get(seat_id)) for seat_id in seat_ids]
        unknown = [seat_id for seat_id, price in priced if price is None]
        if unknown:
            raise NotFound(
                f"not on sale: {', '.join(unknown)}",
                field="seats",
                value=unknown,
                rule="seats of this sale",
                remedy="choose seats from the map",
            )
        return tuple(OrderedSeat(s, price.tier, price.cents) for s, price in priced if price)


def _none_left(best: Best) -> Conflict:
    together = " together" if best.together and best.count > 1 else ""
    seats = "1 seat is" if best.count == 1 else f"{best.count} seats{together} are"
    where = f" in tier {best.tier}" if best.tier else ""
    return Conflict(
        f"no {seats} left{where}",
        field="best",
        value={"count": best.count, "tier": best.tier},
        rule="as many free seats as asked for",
        remedy="ask for fewer seats, for another tier, or for seats apart",
    )
