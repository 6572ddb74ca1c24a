"""From wishes to holds: each order alone, or many in one transaction where that is cheaper.

A batch is chosen in its order, so who comes first has the first choice. Its orders share
transactions of up to 100 writes. When one is refused, the orders that it was refused for are tried
alone and the others together again, in the same order; so a batch gives what its orders would get
one after the other. The table's conditions are the guard, never the choice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import TypeAlias

from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.dynamo import ConditionFailed
from boxoffice.inventory.service import Inventory
from boxoffice.orders.choice import Choice, Stock, View
from boxoffice.orders.model import Order, Request
from boxoffice.orders.problems import problem_of
from boxoffice.orders.store import OrderStore
from boxoffice.orders.writes import limit_reached, tour_limit_reached
from boxoffice.sales.model import Sale
from fairness.errors import (
    Contention,
    FairTicketError,
    LimitReached,
    Rejected,
    SeatsTaken,
    Unavailable,
)

TRIES = 5  # how often one call tries again when others were faster
WRITES = 100  # in one transaction

Outcome: TypeAlias = Order | FairTicketError


@dataclass(frozen=True, slots=True)
class Chosen:
    """A request, what it is to get, and how to choose again."""

    request: Request
    choice: Choice
    order: Order


class Holding:
    """Holds for the requests of one sale at one moment."""

    def __init__(
        self,
        store: OrderStore,
        inventory: Inventory,
        sale: Sale,
        plan: SeatingPlan,
        stock: Stock,
        now_us: int,
    ) -> None:
        self._store, self._sale, self._plan, self._now_us = store, sale, plan, now_us
        self._stock, self._view = stock, View(sale, plan, stock, inventory, now_us)

    def one(self, request: Request) -> Order:
        """Return the order under the request's id, "held" or "refused"; Unavailable."""
        choice = Choice(request, self._sale, self._plan, self._view)
        try:
            order = self._hold(request, choice, None)
        except Rejected as refusal:
            return self._refused(choice, request, refusal)
        self._mark([order])
        return order

    def all(self, requests: Sequence[Request]) -> dict[str, Outcome]:
        """Return order id -> its order, or the Unavailable that it met."""
        outcomes: dict[str, Outcome] = {}
        chosen: list[Chosen] = []
        for request in requests:
            one = self._chosen(request)
            if isinstance(one, Rejected) and request.best and chosen:
                # What others of this batch chose and do not get may be left for this one.
                self._in_groups(chosen, outcomes)
                chosen, one = [], self._chosen(request)
            if isinstance(one, Chosen):
                chosen.append(one)
            elif isinstance(one, Rejected):
                choice = Choice(request, self._sale, self._plan, self._view)
                refuse = partial(self._refused, choice, request, one)
                outcomes[request.order_id] = self._attempt(refuse)
            else:
                outcomes[request.order_id] = one
        self._in_groups(chosen, outcomes)
        self._mark([order for order in outcomes.values() if isinstance(order, Order)])
        return outcomes

    def _chosen(self, request: Request) -> Chosen | FairTicketError:
        choice = Choice(request, self._sale, self._plan, self._view)
        try:
            return Chosen(request, choice, self._wanted(request, choice))
        except (Rejected, Unavailable) as error:
            return error

    def _in_groups(self, chosen: Sequence[Chosen], outcomes: dict[str, Outcome]) -> None:
        for group in _groups(chosen):
            self._together(group, outcomes)

    def _together(self, group: Sequence[Chosen], outcomes: dict[str, Outcome]) -> None:
        orders = [one.order for one in group]
        if len(group) == 1:
            return self._alone(group[0], outcomes)
        try:
            self._store.hold_all(orders)
        except ConditionFailed as refused:
            bad = self._store.refused_for(orders, refused)
            for is_bad, run in groupby(group, key=lambda one: one.order.order_id in bad):
                if is_bad:
                    for one in run:
                        self._alone(one, outcomes, bad[one.order.order_id])
                else:
                    self._together(list(run), outcomes)
        except Contention:
            for one in group:
                self._alone(one, outcomes)
        except Unavailable as error:  # it may have happened: the next try finds out
            outcomes |= dict.fromkeys((order.order_id for order in orders), error)
        else:
            outcomes |= {order.order_id: order for order in orders}
        return None

    def _alone(self, one: Chosen, outcomes: dict[str, Outcome], taken: Sequence[str] = ()) -> None:
        """Hold for one request; chosen anew when it is known that its choice is `taken`."""
        wanted: Order | None = one.order
        if taken and one.request.best:
            self._view.give_up(one.order.seat_ids, taken)
            wanted = None

        def attempt() -> Order:
            try:
                return self._hold(one.request, one.choice, wanted)
            except Rejected as refusal:
                return self._refused(one.choice, one.request, refusal)

        outcomes[one.request.order_id] = self._attempt(attempt)

    def _attempt(self, attempt: Callable[[], Order]) -> Outcome:
        try:
            return attempt()
        except Unavailable as error:
            return error

    def _hold(self, request: Request, choice: Choice, wanted: Order | None) -> Order:
        for _ in range(TRIES):
            try:
                wanted = wanted or self._wanted(request, choice)
                return self._store.hold(wanted)
            except LimitReached:
                self._view.give_up(wanted.seat_ids if wanted else (), ())
                raise
            except SeatsTaken as refusal:
                self._view.give_up(wanted.seat_ids if wanted else (), refusal.seat_ids)
                if request.best is None:
                    raise
                wanted = None
            except Contention:
                continue
        raise Contention

    def _wanted(self, request: Request, choice: Choice) -> Order:
        limit = self._sale.manifest.limit_per_person
        if request.count > limit:
            raise limit_reached(limit)
        if request.tour and request.count > request.tour.limit:
            raise tour_limit_reached(request.tour.limit)
        order = Order.asked(request, self._sale, choice.pick(), "held", self._now_us)
        order = replace(order, why=choice.why)
        self._view.choose(order.seat_ids)
        return order

    def _refused(self, choice: Choice, request: Request, refusal: Rejected) -> Order:
        problem = problem_of(refusal)
        if offer := choice.next_best(refusal):
            problem["next_best"] = offer
        return self._store.refuse(
            Order.asked(request, self._sale, (), "refused", self._now_us, problem)
        )

    def _mark(self, orders: Sequence[Order]) -> None:
        held = [order for order in orders if order.state == "held"]
        with suppress(Unavailable):  # a cache: the orders stand without it
            for until_us, same in groupby(held, key=lambda order: order.held_until_us):
                self._stock.mark_held([s for order in same for s in order.seat_ids], until_us)


def _groups(chosen: Sequence[Chosen]) -> Iterator[list[Chosen]]:
    """Yield runs of orders that fit into one transaction, which writes no item twice."""
    group, touched, writes = list[Chosen](), set[str](), 1
    for one in chosen:
        items = _items(one.order)
        if group and (writes + len(items) > WRITES or touched & items):
            yield group
            group, touched, writes = [], set(), 1
        group.append(one)
        touched |= items
        writes += len(items)
    if group:
        yield group


def _items(order: Order) -> set[str]:
    people = {f"person {person}" for person in (order.person, *order.tour_people)}
    return {f"order {order.order_id}", *people, *(f"seat {seat}" for seat in order.seat_ids)}
