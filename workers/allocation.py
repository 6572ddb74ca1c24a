"""Tasks of the seats: who gets which, and whether what is shown is what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from boxoffice.orders.model import Best, Order, Request
from boxoffice.sales.model import Sale
from fairness import keys
from fairness.clock import now_us
from fairness.errors import Rejected, Unavailable
from workers import clients, journal, lanes, linkage, retry, standing, steps, stocktaking, tours
from workers.about import about, recent_sale
from workers.app import app
from workers.lanes import Outcome, Work


@app.task(name=steps.ALLOCATE, **retry.TRANSIENT)
def allocate(sale_id: str, lane: str, token: str) -> None:
    """Hold seats for the fans whose wishes wait in a lane; their orders say which, or why not."""
    lanes.drain(steps.ALLOCATE, sale_id, lane, token, partial(hold, sale_id))


def hold(sale_id: str, wishes: Sequence[Work]) -> list[Outcome]:
    """Hold seats for these wishes, the first called first; return what each came to."""
    sale, outcomes = recent_sale(sale_id), dict[int, Outcome]()
    people = clients.line(sale_id).leads_now({wish["fan"] for wish in wishes})
    requests = dict[int, Request]()
    for number in _by_call(sale_id, wishes):
        try:
            requests[number] = _request(sale, wishes[number], people)
        except (Rejected, Unavailable) as error:
            outcomes[number] = error
    plan = clients.catalogue().plan(sale.plan_id)
    found = clients.orders().allocate_all(
        list(requests.values()), sale, plan, clients.stock(sale_id), now_us()
    )
    orders = [order for order in found if isinstance(order, Order)]
    standing.show(orders)
    held = {order.fan: order.held_until_us for order in orders if order.state == "held"}
    clients.line(sale_id).seated_all(held)
    linkage.ask(sale_id, orders)
    for number, came_to in zip(requests, found, strict=True):
        outcomes[number] = None if isinstance(came_to, Order) else came_to
    return [outcomes[number] for number in range(len(wishes))]


@app.task(name="allocation.reconcile", **retry.NEXT_TICK)
def reconcile() -> None:
    """Make the cache of taken seats say what the tables say."""
    for sale_id in journal.live_sales():
        stocktaking.reconcile(sale_id)


def _by_call(sale_id: str, wishes: Sequence[Work]) -> list[int]:
    """Return the numbers of the wishes, those of fans who were called earlier first."""
    calls = clients.redis().zmscore(keys.called(sale_id), [wish["fan"] for wish in wishes])
    return sorted(range(len(wishes)), key=lambda n: (calls[n] is None, calls[n] or 0, n))


def _request(sale: Sale, wish: Work, people: Mapping[str, str]) -> Request:
    return Request(
        wish["order_id"],
        sale.sale_id,
        wish["account_id"],
        wish["fan"],
        people[wish["fan"]],
        tuple(wish["seats"]) if wish["seats"] is not None else None,
        Best(**wish["best"]) if wish["best"] is not None else None,
        about(sale),
        tours.share(sale, wish["account_id"]),
        linkage.marks(wish["fan"], wish.get("seen") or {}),
    )
