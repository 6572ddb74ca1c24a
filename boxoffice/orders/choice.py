"""Which seats an order is for: those named, or the best left as far as one can tell.

The cache of taken seats may be behind; the transaction that follows decides. What it refused is
left out of the next choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import local
from typing import Protocol

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.inventory.best import Finder, Wish
from boxoffice.inventory.service import Inventory
from boxoffice.orders.model import Best, OrderedSeat, Request
from boxoffice.sales.model import Sale
from fairness.errors import Conflict, Invalid, NotFound, Unavailable

MOST_FINDERS = 8  # sales that one thread remembers
_finders = local()


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


class View:
    """Which seats are taken, as far as one can tell: shared by the choices of one batch."""

    def __init__(
        self, sale: Sale, plan: SeatingPlan, stock: Stock, inventory: Inventory, now_us: int
    ) -> None:
        self.stock, self.looked = stock, False  # looked: at the table itself
        self._sale_id, self._inventory, self._now_us = sale.sale_id, inventory, now_us
        self._plan = plan
        self._known = False
        self._chosen = set[str]()

    def best(self, best: Best, categories: frozenset[str]) -> list[str] | None:
        """Return the best seats that are not taken, or None."""
        if not self._known:
            try:
                self._finder.set_taken({*self.stock.taken(), *self._chosen})
                self._known = True
            except Unavailable:  # a cache: without it one looks at the table
                self.look()
        found = self._finder.find(_wish(best, categories))
        return list(found.seat_ids) if found else None

    def look(self) -> None:
        """Look at the table: before a no, and when there is no cache."""
        self._known = self.looked = True
        taken = self._inventory.taken(self._sale_id, self._now_us)
        self._finder.set_taken({*taken, *self._chosen})

    def without(self, seat_ids: Sequence[str]) -> None:
        """Leave these out until the table says otherwise."""
        if self._known:
            self._finder.take(seat_ids)

    def choose(self, seat_ids: Sequence[str]) -> None:
        """Leave these out for good: another order of this batch is to have them."""
        self._chosen.update(seat_ids)
        self.without(seat_ids)

    def give_up(self, seat_ids: Sequence[str], taken: Sequence[str]) -> None:
        """Take back a choice that was refused because of the seats in `taken`."""
        self._chosen.difference_update(seat_ids)
        self.without(taken)
        self.looked = False  # the others may be free: look again before a no

    def claim(self, seat_ids: Sequence[str]) -> Sequence[str]:
        """Return what another worker asks for at this moment; none: all are set aside for us."""
        try:
            return self.stock.claim(seat_ids)
        except Unavailable:  # it only spares refusals: the table decides
            return ()

    @property
    def _finder(self) -> Finder:
        """Return this thread's finder for the sale; it remembers the rows that did not change."""
        finders: dict[str, tuple[str, Finder]] = _finders.__dict__
        plan_id, finder = finders.get(self._sale_id, ("", None))
        if finder is None or plan_id != self._plan.plan_id:  # the organiser may have changed it
            if len(finders) >= MOST_FINDERS:
                finders.clear()
            finder = Finder(self._plan)
            finders[self._sale_id] = self._plan.plan_id, finder
        return finder


class Choice:
    """The seats for one request, chosen again after each refusal."""

    def __init__(self, request: Request, sale: Sale, plan: SeatingPlan, view: View) -> None:
        self._request, self._sale, self._plan, self._view = request, sale, plan, view

    def pick(self) -> tuple[OrderedSeat, ...]:
        """Return the seats with their prices; Rejected says why there are none."""
        if self._request.best:
            return self._priced(self._best(self._request.best))
        return self._priced(self._request.seats or ())

    def _best(self, best: Best) -> Sequence[str]:
        categories, view = self._categories(best.tier), self._view
        while True:
            found = view.best(best, categories)
            if found is None and view.looked:
                raise _none_left(best)
            if found is None:  # cache and claims may be wrong: before a no, look at the table
                view.look()
            elif view.looked or not (busy := view.claim(found)):
                return found
            else:
                view.without(busy)

    def _categories(self, tier: str | None) -> frozenset[str]:
        prices = self._sale.prices.items()
        found = frozenset(c for c, price in prices if tier in (None, price.tier))
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


def _wish(best: Best, categories: frozenset[str]) -> Wish:
    zones = None if best.zone is None else frozenset({best.zone})
    return Wish(best.count, categories, zones, best.accessible, best.parts, best.together)


def _none_left(best: Best) -> Conflict:
    together = " together" if best.together and best.count > 1 else ""
    seats = "1 seat is" if best.count == 1 else f"{best.count} seats{together} are"
    where = f" in tier {best.tier}" if best.tier else ""
    where += f" in {best.zone}" if best.zone else ""
    where += f" with {best.accessible} accessible" if best.accessible else ""
    return Conflict(
        f"no {seats} left{where}",
        field="best",
        value={"count": best.count, "tier": best.tier},
        rule="as many free seats as asked for",
        remedy="ask for fewer seats, for another tier, or for seats apart",
    )
