"""Accounts that their owners want removed: what is in the way, and their removal after a week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from boxoffice.accounts.leaving import SIGN_IN_S, Going
from boxoffice.orders.model import Order
from boxoffice.sales.model import OPEN, PAUSED, Sale
from boxoffice.waitlist.store import WaitStore
from fairness import keys
from fairness.clock import SECOND, now_us
from fairness.errors import FairTicketError, NoLine, Rebuilding
from fairness.identity import fan_of
from workers import clients, journal, logs, retry
from workers.about import about
from workers.app import app

EVENING_US = 12 * 3600 * SECOND  # after its beginning somebody may still be at the door
IN_LINE = ("waiting_draw", "in_line", "called", "inside")

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why an account cannot be removed now: what its owner would lose by it."""

    kind: Literal["ticket", "hold", "look", "money", "place", "wish"]
    about: str
    page: str  # where they see to it


def in_the_way(account_id: str, now_us: int) -> list[Hindrance]:
    """Return what is in the way of an account's removal.

    Rebuilding when a line cannot say whether the account has a place in it.
    """
    return [
        *(h for o in clients.orders().of_account(account_id) for h in _of_order(o, now_us)),
        *_places(account_id),
        *_wishes(account_id),
    ]


def _of_order(order: Order, now_us: int) -> Iterator[Hindrance]:
    page = f"/orders/{order.order_id}"
    if order.state == "held" and order.held_until_us > now_us:
        yield Hindrance("hold", order.about, page)
    if order.state == "paid" and order.review:
        yield Hindrance("look", order.about, page)
    elif order.state == "paid" and order.seats:
        begins_us = clients.catalogue().performance(order.performance_id).starts_at_us
        if begins_us + EVENING_US > now_us:
            yield Hindrance("ticket", order.about, page)
    if order.returned:
        returns = clients.returns().of_order(order.order_id)
        if any(one.state != "refunded" for one in returns):
            yield Hindrance("money", order.about, page)


def _places(account_id: str) -> Iterator[Hindrance]:
    running = {sale.sale_id: sale for sale in clients.sales().in_state(OPEN, PAUSED)}
    for sale_id in sorted({*running, *journal.live_sales()}):
        sale = running.get(sale_id) or clients.sales().get(sale_id)
        if sale.key and _is_in_line(account_id, sale):
            yield Hindrance("place", about(sale), f"/sales/{sale_id}/line")


def _is_in_line(account_id: str, sale: Sale) -> bool:
    try:
        found = clients.line(sale.sale_id).position(fan_of(sale.key, account_id))
    except NoLine as error:
        raise Rebuilding from error
    return found.state in IN_LINE


def _wishes(account_id: str) -> Iterator[Hindrance]:
    wishes = WaitStore(clients.database())
    for sale_id in clients.waitlist().watched():
        sale = clients.sales().get(sale_id)
        wish = wishes.get(sale_id, fan_of(sale.key, account_id)) if sale.key else None
        if wish and wish.state in ("waiting", "offered"):
            yield Hindrance("wish", about(sale), f"/sales/{sale_id}/waiting-list")


def end_sign_ins(account_id: str, now_us: int) -> int:
    """Have the front doors refuse the sign-ins that an account has; return the second."""
    at_s, redis = now_us // SECOND, clients.redis()
    redis.zadd(keys.signed_out(), {account_id: at_s}, gt=True)
    redis.zremrangebyscore(keys.signed_out(), "-inf", at_s - SIGN_IN_S)
    return at_s


@app.task(name="orders.leaving", **retry.NEXT_TICK)
def leaving() -> None:
    """Do for all who leave what is due; what is in the way of one is looked at again later."""
    now = now_us()
    for going in clients.accounts().leaving.all():
        try:
            see_to(going, now)
        except FairTicketError as error:  # what holds one up holds up no other
            log.warning("an account could not be removed yet", error=str(error))


def see_to(going: Going, now_us: int) -> None:
    """Do what is due for one who leaves; twice is once."""
    them, who = clients.accounts().leaving, going.account_id
    if going.asked_us + SIGN_IN_S * SECOND > now_us:
        end_sign_ins(who, going.asked_us)  # again: the store of the lines may have lost it
    elif going.is_past:
        them.forget(who)
    if going.state == "leaving" and going.due_us <= now_us and not in_the_way(who, now_us):
        if them.remove(going):
            them.clear(who)
            log.info("an account was removed, as its owner asked")
    elif going.state == "gone":
        them.clear(who)
