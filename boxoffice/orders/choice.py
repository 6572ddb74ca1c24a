"""Which seats an order is for: those named, or the best left as far as one can tell.

The cache of taken seats may be behind; the transaction that follows decides. What it refused is
left out of the next choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from threading import local
from typing import Any, Protocol

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.inventory.best import Finder, Found, Wish
from boxoffice.inventory.nearest import nearest
from boxoffice.inventory.service import Inventory
from boxoffice.orders.model import Best, OrderedSeat, Request
from boxoffice.sales.model import Sale
from fairness.errors import Conflict, Invalid, NotFound, Rejected, SeatsTaken, Unavailable

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

    def best(self, best: Best, categories: frozenset[str]) -> Found | None:
        """Return the best seats that are not taken, or None."""
        self._know()
        return self._finder.find(_wish(best, categories))

    def nearest(self, seat_ids: Sequence[str], categories: frozenset[str]) -> list[str] | None:
        """Return as many free seats near these, together if there are, or None."""
        self._know()
        found = nearest(self._plan, self._finder.taken, seat_ids, categories)
        if found is None and self.free >= len(seat_ids):
            apart = self._finder.find(Wish(len(seat_ids), categories, together=False))
            found = list(apart.seat_ids) if apart else None
        return found

    @property
    def free(self) -> int:
        """Return how many seats are free at most."""
        self._know()
        return len(self._plan.by_id.keys() - self._finder.taken)

    def _know(self) -> None:
        if not self._known:
            try:
                self._finder.set_taken({*self.stock.taken(), *self._chosen})
                self._known = True
            except Unavailable:  # a cache: without it one looks at the table
                self.look()

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
        self.why = ""  # why these, as `Found.why` says; nothing for seats that were named

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
            elif view.looked or not (busy := view.claim(found.seat_ids)):
                self.why = found.why
                return found.seat_ids
            else:
                view.without(busy)

    def next_best(self, refusal: Rejected) -> dict[str, Any] | None:
        """Return what is offered instead of what was refused: seats, and how they differ.

        near: as many in the same tier; apart; another: in another tier or zone; fewer. None when
        it was refused for something else than seats, or when there is nothing to offer.
        """
        best, view = self._request.best, self._view
        if best is None:
            if not isinstance(refusal, SeatsTaken):
                return None
            asked = [self._plan.by_id[seat_id] for seat_id in self._request.seats or ()]
            tiers = {self._sale.prices[seat.category].tier for seat in asked}
            alike = frozenset(c for c, price in self._sale.prices.items() if price.tier in tiers)
            view.without(refusal.seat_ids)
            found = view.nearest([seat.seat_id for seat in asked], alike)
            return {"how": "near", "seats": found} if found else None
        if not isinstance(refusal, Conflict) or refusal.field != "best" or not view.free:
            return None
        for how, other in _instead(best):
            if other.count <= view.free and (
                seen := view.best(other, self._categories(other.tier))
            ):
                return {"how": how, "seats": list(seen.seat_ids)}
        return None

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


def _instead(best: Best) -> Iterator[tuple[str, Best]]:
    """Yield what comes nearest to a wish that cannot be met, the nearest first."""
    if best.count > 1 and best.together and not best.parts:
        yield "apart", replace(best, together=False)
    if best.tier or best.zone:
        yield "another", replace(best, tier=None, zone=None)
    for count in range(best.count - 1, 0, -1):
        if best.accessible <= count:
            yield "fewer", replace(best, count=count, parts=())


def _none_left(best: Best) -> Conflict:
    return Conflict(
        "not as many such seats are left as were asked for",
        field="best",
        value={"count": best.count, "tier": best.tier},
        rule="as many free seats as asked for",
        remedy="ask for fewer seats, for another tier, or for seats apart",
    )
