"""How many seats there are and how many are left, from the cache of taken seats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from boxoffice.sales.model import Sale
from fairness.clock import now_us
from fairness.stock import BLOCKED, SOLD, Tier
from workers import clients


def by_tier(sale: Sale) -> dict[str, Tier]:
    """Return price tier -> its seats and prices, the dearest first."""
    taken = clients.stock(sale.sale_id).taken()
    prices = tuple(sorted((name, price.tier) for name, price in sale.prices.items()))
    tier_of = _tiers(sale.plan_id, prices)
    seats = Counter(tier_of.values())
    counts = {tier: Counter[str]() for tier in sale.tiers}
    for seat, how in taken.items():
        if seat in tier_of:
            counts[tier_of[seat]][how if how in (BLOCKED, SOLD) else "held"] += 1
    return {tier: _tier(sale, tier, seats[tier], counts[tier]) for tier in sale.tiers}


def free_seats(tiers: Mapping[str, Tier]) -> int:
    """Return how many seats could be bought now."""
    return sum(tier.free for tier in tiers.values())


@lru_cache(maxsize=64)
def _tiers(plan_id: str, prices: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Return seat -> tier of the seats that have a price; neither plan nor prices ever change."""
    tiers, seats = dict(prices), clients.catalogue().plan(plan_id).seats
    return {seat.seat_id: tiers[seat.category] for seat in seats if seat.category in tiers}


def _tier(sale: Sale, name: str, seats: int, taken: Counter[str]) -> Tier:
    cents = [price.cents for price in sale.prices.values() if price.tier == name]
    return Tier(
        seats - taken[BLOCKED],
        seats - taken.total(),
        taken["held"],
        min(cents),
        max(cents),
        sale.currency,
    )


def states(sale_id: str) -> dict[str, int]:
    """Return how many seats are held and sold."""
    how = Counter(state.partition(":")[0] for state in clients.stock(sale_id).taken().values())
    return {"held": how["held"], "sold": how["sold"]}


def reconcile(sale_id: str) -> None:
    """Make the cache say what the tables say, without undoing what is sold meanwhile.

    A seat that is held back no more, and was not freed because a release died, is freed.
    """
    clients.sales().settle_released(clients.sales().get(sale_id))
    stock = clients.stock(sale_id)
    listed = stock.listed()
    stock.correct(listed, clients.inventory().taken(sale_id, now_us()))
