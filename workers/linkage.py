"""Which orders are one buyer's: looked at when they are made, when they are paid, and once more.

What a wish came with, and later its card, joins the graph of the sale's fans. Accounts that turn
out to be one buyer's then share one limit, inside the transactions of their orders. Nobody waits
for this but a payment, whose card is new: that is a millisecond, and if the store of the links is
away the payment goes on without it, which is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby

from redis.exceptions import RedisError

from boxoffice.orders.groups import Group, Groups
from boxoffice.orders.linking import over_the_limit, share_limits
from boxoffice.orders.model import Order
from boxoffice.orders.reviewing import is_waiting
from boxoffice.orders.store import OrderStore
from fairness import keys
from fairness.errors import Unavailable
from fairness.screening import facts
from fairness.screening.linking import Entry
from fairness.screening.model import Account, Visit
from fairness.screening.sharers import batches
from workers import clients, lanes, logs, pipeline, steps
from workers.lanes import Outcome, Work
from workers.settings import settings

SHARED_LIMIT = "shared_limit"  # accounts of one buyer have more tickets than one may have
SWEPT_S = 300  # between two looks over the orders of a sale
AT_ONCE = 250  # orders
log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Late:
    """A buyer's accounts that have more tickets than one person may, and their orders."""

    group: Group
    limit: int
    orders: tuple[Order, ...]

    @property
    def waiting(self) -> tuple[Order, ...]:
        """The orders whose tickets wait for the organiser."""
        return tuple(order for order in self.orders if is_waiting(order))


def marks(fan: str, seen: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return (kind, keyed hash) of what a wish came with; nothing if that cannot be said."""
    visit = Visit(fan, address=seen.get("address", ""), device=seen.get("device", ""))
    try:
        return _attributes(visit, Account())
    except Exception:
        log.exception("what an order came with is not looked at")
        return ()


def ask(sale_id: str, orders: Sequence[Order]) -> None:
    """Have the senders of these orders compared with others, some time soon."""
    if held := [order.order_id for order in orders if order.state == "held"]:
        with suppress(Unavailable, RedisError):  # the look over all orders finds them
            lanes.put(steps.LINK, sale_id, lanes.LINKS, {"orders": held})


def of_work(sale_id: str, works: Sequence[Work]) -> list[Outcome]:
    """Compare the senders of the orders that wait for it."""
    ids = [order_id for work in works for order_id in work["orders"]]
    found = OrderStore(clients.database()).get_many(ids)
    link(sale_id, list(found.values()))
    return [None] * len(works)


def watch(charged: Sequence[tuple[Order, str]]) -> dict[str, str]:
    """Return order id -> code of the rule, for orders whose tickets are to wait for a look.

    `charged` are orders with the fingerprints of their cards, which their accounts are known by
    from now on. Unavailable when it cannot be told who shares a limit.
    """
    waiting: dict[str, str] = {}
    for sale_id, same in groupby(sorted(charged, key=_sale_of), key=_sale_of):
        pairs = list(same)
        orders = [order for order, _ in pairs]
        prints = {order.order_id: fingerprint for order, fingerprint in pairs}
        try:
            link(sale_id, orders, prints, with_accounts=False)
        except Unavailable:
            raise
        except Exception:
            _failed(sale_id)
        for order in over_the_limit(clients.database(), sale_id, orders):
            waiting[order.order_id] = SHARED_LIMIT
    prints_of = {(order.account_id, fingerprint) for order, fingerprint in charged if fingerprint}
    clients.accounts().add_cards(sorted(prints_of))
    return waiting


def link(
    sale_id: str,
    orders: Sequence[Order],
    prints: Mapping[str, str] | None = None,
    *,
    with_accounts: bool = True,
) -> None:
    """Compare these orders' senders with all fans of the sale; one buyer's are joined.

    `prints` is order id -> fingerprint of the card. Twice is once.
    """
    known = (
        clients.accounts().get_many([order.account_id for order in orders]) if with_accounts else {}
    )
    entries = [
        _entry(
            order,
            pipeline.facts_of(known[order.account_id]) if order.account_id in known else Account(),
            (prints or {}).get(order.order_id, ""),
        )
        for order in orders
    ]
    leads_of = clients.line(sale_id).leads_of
    share_limits(clients.redis(), clients.database(), sale_id, entries, leads_of)


def sweep(sale_id: str) -> list[Late]:
    """Compare the senders of all standing orders of a sale; return who has too many tickets.

    Nobody is compared any more when the books of the sale are closed.
    """
    orders = _standing(sale_id) if clients.sales().get(sale_id).key else []
    payments = clients.payments().of_orders([order.order_id for order in orders])
    prints = {payment.order_id: payment.fingerprint for payment in payments}
    for batch in batches(orders, AT_ONCE):
        link(sale_id, batch, prints)
    return late(sale_id)


def late(sale_id: str) -> list[Late]:
    """Return the buyers who have more tickets than one may have, the most tickets first."""
    orders = _standing(sale_id)
    theirs = Groups(clients.database()).of_many(sale_id, {order.person for order in orders})
    found: dict[str, list[Order]] = {}
    for order in orders:
        group = theirs.get(order.person)
        if group and group.tickets > order.limit:
            found.setdefault(group.name, []).append(order)
    groups = {group.name: group for group in theirs.values()}
    every = (Late(groups[name], some[0].limit, tuple(some)) for name, some in found.items())
    return sorted(every, key=lambda one: (-one.group.tickets, one.group.name))


def is_due(sale_id: str) -> bool:
    """Return whether the orders of a sale have not been looked over of late, and note it."""
    return bool(clients.redis().set(keys.swept(sale_id), 1, nx=True, ex=SWEPT_S))


def resting() -> list[str]:
    """Return the sales whose lines are closed, and whose orders are still looked after."""
    return clients.waitlist().watched()


def _standing(sale_id: str) -> list[Order]:
    found = (o for o in clients.orders().of_sale(sale_id) if o.state in ("held", "paid"))
    return sorted(found, key=lambda order: (order.created_us, order.order_id))


def _entry(order: Order, account: Account, fingerprint: str) -> Entry:
    cards = tuple(dict.fromkeys((*account.cards, *((fingerprint,) if fingerprint else ()))))
    known = _attributes(Visit(order.fan), replace(account, cards=cards))
    return Entry(order.fan, 0, tuple(dict.fromkeys((*known, *order.marks))))


def _attributes(visit: Visit, account: Account) -> tuple[tuple[str, str], ...]:
    tables, pepper = clients.screening_tables().current(), settings().pepper
    return facts.of(visit, account, tables, pepper).entry().attributes


def _failed(sale_id: str) -> None:
    log.exception("paid orders were not compared with others")
    with suppress(RedisError):
        clients.redis().hincrby(keys.screening_faults(sale_id), "order_links", 1)


def _sale_of(charged: tuple[Order, str]) -> str:
    return charged[0].sale_id


def shares(sale_id: str, fan: str) -> bool:
    """Return whether the fan shares a limit with accounts that were linked by their orders."""
    person = clients.line(sale_id).lead_of(fan)
    return Groups(clients.database()).of(sale_id, person) is not None


def part(sale_id: str, fan: str) -> None:
    """Give the fan a limit of their own: they are somebody else than those they were linked to."""
    if shares(sale_id, fan):
        Groups(clients.database()).part(sale_id, clients.line(sale_id).lead_of(fan))
