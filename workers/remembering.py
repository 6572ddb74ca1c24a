"""What a sale that is over says of the accounts that bought in it, for the screening of later ones.

It is counted once, when the books are closed, from what the box office knows anyway: orders,
returns, whom the gates saw, and which tickets were reported to be on offer above their price.
Whose place was whose in the line has no part in it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from boxoffice.accounts.past import NOTHING, Past, PastStore
from boxoffice.orders.model import Order, OrderedSeat
from boxoffice.resales.model import BOUGHT
from boxoffice.resales.service import Resales
from boxoffice.sales.model import Sale
from boxoffice.tickets.store import TicketStore
from workers import clients

SEEN_SHARE = 0.5  # of the tickets that were used, before the others count as missed


def remember(sale: Sale) -> None:
    """Add what the sale says of its buyers to their accounts; twice is once."""
    every = list(clients.orders().of_sale(sale.sale_id))
    orders: dict[str, list[Order]] = defaultdict(list)
    for order in every:
        if order.state in BOUGHT and order.hops == 0:
            orders[order.account_id].append(order)
    missed = _missed(sale.sale_id)
    seen = {
        account_id: _past(sale, theirs, missed.get(account_id, 0))
        for account_id, theirs in orders.items()
    }
    for account_id in _reported(sale.sale_id, every):
        seen[account_id] = replace(seen.get(account_id, NOTHING), reported=1)
    PastStore(clients.database()).add(sale.sale_id, seen, _city(sale))


def _past(sale: Sale, orders: Sequence[Order], missed: int) -> Past:
    tiers = sale.tiers
    dearest = next(iter(tiers), "")
    seats = [seat for order in orders for seat in _bought(order)]
    only = len(tiers) > 1 and all(seat.tier == dearest for seat in seats)
    full = len(seats) >= sale.manifest.limit_per_person > 1
    return Past(
        sales=1,
        full=int(full),
        dearest=int(only),
        bought=len(seats),
        returned=sum(_returned(order) for order in orders if order.returned),
        missed=missed,
    )


def _bought(order: Order) -> tuple[OrderedSeat, ...]:
    return (*order.seats, *order.returned, *order.passed_on)


def _returned(order: Order) -> int:
    back = clients.returns().of_order(order.order_id)
    return sum(one.by == "fan" for one in back)


def _reported(sale_id: str, orders: Sequence[Order]) -> set[str]:
    """Return whose tickets were seen on offer: of those who bought them or got them passed on."""
    reports = Resales(clients.database()).of_sale(sale_id)
    standing = {report.order_id for report in reports if report.stands}
    return {order.account_id for order in orders if order.order_id in standing}


def _missed(sale_id: str) -> Mapping[str, int]:
    """Return account -> tickets that nobody came with, if the gates saw who came."""
    tickets = [t for t in TicketStore(clients.database()).of_sale(sale_id) if t.state == "valid"]
    away = [ticket for ticket in tickets if ticket.entered_us is None]
    if len(away) > (1 - SEEN_SHARE) * len(tickets):
        return {}
    return Counter(ticket.account_id for ticket in away)


def _city(sale: Sale) -> str:
    performance = clients.catalogue().performance(sale.performance_id)
    return clients.catalogue().venue(performance.venue_id).city
