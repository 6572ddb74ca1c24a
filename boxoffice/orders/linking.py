"""Which orders come from one buyer: what they came with joins the graph of the sale's fans."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from redis import Redis

from boxoffice.dynamo import Database
from boxoffice.orders.groups import Groups
from boxoffice.orders.model import Order
from fairness.screening import evidence
from fairness.screening.linking import Entry, Links

Leads = Callable[[Collection[str]], Mapping[str, str]]


def share_limits(
    redis: Redis, db: Database, sale_id: str, entries: Sequence[Entry], leads_of: Leads
) -> None:
    """Compare these fans with all of the sale; who is one buyer shares one limit from now on.

    `leads_of` says whose place fans share who were linked before the draw: they are one person
    already. Twice is once; Contention or Unavailable when it is worth another try.
    """
    groups = Links(redis, sale_id).join(entries)
    leads = leads_of({fan for group in groups for fan in group.fans})
    for group in groups:
        people = {leads.get(fan, fan) for fan in group.fans}
        if len(people) > 1:
            Groups(db).join(sale_id, people)
    if groups:
        evidence.keep(redis, sale_id, groups)


def over_the_limit(db: Database, sale_id: str, orders: Collection[Order]) -> list[Order]:
    """Return those whose person shares a limit with others and has more with them than one may."""
    groups = Groups(db).of_many(sale_id, {order.person for order in orders})
    return [o for o in orders if o.person in groups and groups[o.person].tickets > o.limit]
