"""What is stopped after the draw: whoever has a place orders all that one person may, and pays.

The links of the orders, the limits of those who are linked and the transaction of each hold are a
real sale's. Fans shop together, as many at once as the sale lets in: all of them hold seats before
the first has paid. One ticket stands for the limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from redis import Redis

from boxoffice.dynamo import Database
from boxoffice.inventory.store import SeatStore
from boxoffice.orders.linking import over_the_limit, share_limits
from boxoffice.orders.model import Order, OrderedSeat
from boxoffice.orders.store import OrderStore
from console.crowds.people import Person
from console.measuring.screening import (
    PEPPER,
    RULES,
    SALE,
    START_US,
    Screened,
    account,
    fan_of,
    visit,
)
from fairness.clock import SECOND
from fairness.errors import LimitReached
from fairness.line import Line
from fairness.screening import facts
from fairness.screening.linking import Entry
from fairness.screening.model import ADMIT, CHALLENGE
from fairness.screening.sharers import batches
from fairness.screening.tables import Tables, load

HONEST = 150  # people of each honest crowd who order; of attackers all who share things
_TIER, _CENTS = "A", 100


@dataclass(frozen=True, slots=True)
class Ordered:
    """How many orders of each crowd got seats, were refused, and were paid but have to wait."""

    held: Counter[str]
    refused: Counter[str]
    waiting: Counter[str]


def order(
    screened: Screened, crowds: Iterable[str], redis: Redis, database: Database, seed: int
) -> Ordered:
    """Let those who have a place order; attackers of `crowds` only, with some of the honest."""
    shop = _Shop(redis, database, load())
    found = Ordered(Counter(), Counter(), Counter())
    for together in _called(screened, frozenset(crowds), seed):
        shop.open_seats(number for number, _ in together)
        held = [(person, order) for number, person in together
                if (order := shop.hold(number, person, found))]  # fmt: skip
        shop.link([shop.entry(order, person, pays=False) for person, order in held])
        shop.link([shop.entry(order, person, pays=True) for person, order in held])
        late = {o.order_id for o in over_the_limit(database, SALE, [o for _, o in held])}
        found.waiting.update(person.crowd for person, o in held if o.order_id in late)
    return found


def _called(
    screened: Screened, crowds: frozenset[str], seed: int
) -> Iterator[list[tuple[int, Person]]]:
    """Yield who orders of those who shop together, in the order of windows and their draws.

    All are called, but only some order: the others, who share nothing, would change nothing.
    """
    chance = Random(seed)  # noqa: S311 - nobody's place depends on it
    places = [
        (RULES.window_of(START_US + round(person.arrives_s * SECOND) + n), chance.random(), n)
        for n, (person, judged) in enumerate(zip(screened.people, screened.judged, strict=True))
        if judged.verdict in (ADMIT, CHALLENGE)
    ]
    for together in batches(sorted(places), RULES.capacity):
        everybody = ((n, screened.people[n]) for _, _, n in together)
        some = [
            (n, person)
            for n, person in everybody
            if (person.number < HONEST if person.honest else person.crowd in crowds)
        ]
        if some:
            yield some


@dataclass(frozen=True, slots=True)
class _Shop:
    redis: Redis
    database: Database
    tables: Tables

    def open_seats(self, numbers: Iterable[int]) -> None:
        """Put a seat on sale for each of these."""
        SeatStore(self.database).create(
            [
                {"sale_id": SALE, "seat_id": f"{number}", "tier": _TIER, "cents": _CENTS}
                for number in numbers
            ]
        )

    def hold(self, number: int, person: Person, found: Ordered) -> Order | None:
        """Hold a seat, if the person's limit has room; count what came of it."""
        fan = fan_of(number)
        wanted = Order(
            f"ord_{number}", SALE, f"acc_{number}", fan, fan,
            (OrderedSeat(f"{number}", _TIER, _CENTS),), "held", _CENTS, "EUR",
            START_US + 600 * SECOND, START_US, START_US, 1,
        )  # fmt: skip
        try:
            held = OrderStore(self.database).hold(wanted)
        except LimitReached:
            found.refused[person.crowd] += 1
            return None
        found.held[person.crowd] += 1
        return held

    def entry(self, order: Order, person: Person, *, pays: bool) -> Entry:
        """Return what is known of an order before or after its card is."""
        number = int(order.order_id.removeprefix("ord_"))
        known = account(person, with_card=pays or person.card_known)
        seen = facts.of(visit(order.fan, person, number), known, self.tables, PEPPER)
        return Entry(order.fan, 0, seen.entry().attributes)

    def link(self, entries: Sequence[Entry]) -> None:
        """Compare those who ordered with all who came."""
        leads_of = Line(self.redis, SALE).leads_of
        for some in batches(entries, 50):
            share_limits(self.redis, self.database, SALE, some, leads_of)
