"""How many seats there are and how many are left, from the cache of taken seats."""

from __future__ import annotations

from collections import Counter

from boxoffice.sales.model import Sale
from fairness.clock import now_us
from workers import clients


def by_tier(sale: Sale) -> dict[str, tuple[int, int]]:
    """Return price tier -> (seats on sale, of these free), the dearest first."""
    taken = clients.stock(sale.sale_id).taken()
    seats, free = Counter[str](), Counter[str]()
    for seat in clients.catalogue().plan(sale.plan_id).seats:
        price = sale.prices.get(seat.category)
        how = taken.get(seat.seat_id)
        if price is not None and how != "blocked":
            seats[price.tier] += 1
            free[price.tier] += how is None
    return {tier: (seats[tier], free[tier]) for tier in sale.tiers}


def free_seats(sale: Sale) -> int:
    """Return how many seats could be bought now."""
    return sum(free for _, free in by_tier(sale).values())


def states(sale_id: str) -> dict[str, int]:
    """Return how many seats are held and sold."""
    how = Counter(state.partition(":")[0] for state in clients.stock(sale_id).taken().values())
    return {"held": how["held"], "sold": how["sold"]}


def reconcile(sale_id: str) -> None:
    """Make the cache say what the tables say."""
    taken = clients.inventory().taken(sale_id, now_us())
    clients.stock(sale_id).replace(taken)
