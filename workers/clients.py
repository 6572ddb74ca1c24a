"""Clients and services, made on first use: one of each per process, and none at import.

Only tasks and the front door ask here; services are given their clients. A child that a worker
forks forgets its parent's: a connection belongs to one process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from celery import signals
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as StoreUnreachable
from redis.retry import Retry

from boxoffice import dynamo
from boxoffice.accounts.contacts import Contacts
from boxoffice.accounts.service import Accounts
from boxoffice.catalogue.service import Catalogue
from boxoffice.dynamo import Database
from boxoffice.inventory.service import Inventory
from boxoffice.ledger.store import LedgerStore
from boxoffice.notices.devices import Devices
from boxoffice.notices.service import Notices
from boxoffice.notices.unsubscribing import Unsubscribing
from boxoffice.orders.model import Order
from boxoffice.orders.service import Orders
from boxoffice.payments.model import Provider
from boxoffice.payments.service import Payments
from boxoffice.payments.testing import TestProvider
from boxoffice.returns.service import Returns
from boxoffice.reviews.service import Reviews
from boxoffice.sales.service import Sales
from boxoffice.sales.tours import Tours
from boxoffice.tickets.service import Tickets
from boxoffice.waitlist.service import Waitlist
from boxoffice.webhooks.service import Webhooks
from fairness import beacon
from fairness.bucket import Bucket
from fairness.direct import Direct
from fairness.ledger.log import Log
from fairness.line import Line, ShardedLine
from fairness.receipts import Promises
from fairness.screening.tables import Source
from fairness.stock import Stock
from workers import channels, payment_keys
from workers.app import TIMEOUTS
from workers.settings import settings


def _patience() -> dict[str, Any]:
    """Return how long a store is waited for; a lost connection is made anew once, and at once.

    Unless told so the client goes on for eleven seconds, and a fan waits that long to read that
    the store is away.
    """
    return {**TIMEOUTS, "retry": Retry(NoBackoff(), 1, (StoreUnreachable,))}


@cache
def redis() -> Redis:
    """Return the store of the lines."""
    return Redis.from_url(settings().redis_url, decode_responses=True, **_patience())


@cache
def broker() -> Redis:
    """Return the broker's store, to look at the length of its queues."""
    return Redis.from_url(settings().broker_url, decode_responses=True, **_patience())


@cache
def database() -> Database:
    """Return the database."""
    its = settings()
    return dynamo.connect(its.dynamodb_endpoint, its.aws_region, its.table_prefix)


@cache
def line(sale_id: str) -> Line:
    """Return the line of a sale."""
    return line_of(sale_id)


def line_of(sale_id: str, direct: Direct | None = None) -> Line:
    """Return the line of a sale, over as many stores as there are; its scripts go by `direct`."""
    if shards():
        return ShardedLine(redis(), sale_id, shards(), direct)
    return Line(redis(), sale_id, direct)


@cache
def shards() -> tuple[Redis, ...]:
    """Return the further stores at which fans arrive, in the order of the setting."""
    urls = settings().shards
    return tuple(Redis.from_url(url, decode_responses=True, **_patience()) for url in urls)


@cache
def stock(sale_id: str) -> Stock:
    """Return the cache of a sale's taken seats."""
    return Stock(redis(), sale_id)


@cache
def screening_tables() -> Source:
    """Return what is known of addresses and mailboxes."""
    return Source(settings().screening_tables)


@cache
def ledger_store() -> LedgerStore:
    """Return where the log's entries are kept."""
    return LedgerStore(database())


@cache
def log() -> Log:
    """Return the public log."""
    its = settings()
    return Log(
        ledger_store(),
        its.ledger_folder,
        its.ledger_origin,
        its.ledger_key,
        beacon.public_key(its.beacon_key),
        Promises(its.pass_key).public_key(),
    )


@cache
def accounts() -> Accounts:
    """Return the accounts."""
    return Accounts(database(), settings().pepper)


@cache
def contacts() -> Contacts:
    """Return how people are written to."""
    return Contacts(database())


@cache
def devices() -> Devices:
    """Return the browsers that show notices."""
    return Devices(database())


@cache
def catalogue() -> Catalogue:
    """Return the catalogue."""
    return Catalogue(database())


@cache
def sales() -> Sales:
    """Return the sales."""
    return Sales(database())


@cache
def tours() -> Tours:
    """Return the tours."""
    return Tours(database())


@cache
def inventory() -> Inventory:
    """Return the seats."""
    return Inventory(database())


@cache
def payments() -> Payments:
    """Return the payments, with the provider of this deployment."""
    return Payments(database(), _provider())


def _provider() -> Provider:
    its = settings()
    if its.payment_provider == payment_keys.TEST:
        return TestProvider(database(), its.pepper)
    # Here, because its SDK takes half a second to load, and other deployments have no use for it.
    from boxoffice.payments.stripe_provider import StripeProvider

    return StripeProvider(database(), its.stripe_secret_key, its.pepper, its.stripe_url)


@cache
def orders() -> Orders:
    """Return the orders."""
    return Orders(database(), payments(), tickets(), _watch)


@cache
def tickets() -> Tickets:
    """Return the tickets."""
    return Tickets(database(), settings().ticket_key)


@cache
def reviews() -> Reviews:
    """Return what is decided about tickets that wait for a look."""
    return Reviews(database(), payments(), tickets())


def _watch(charged: Sequence[tuple[Order, str]]) -> dict[str, str]:
    from workers import linkage  # it needs the clients itself

    return linkage.watch(charged)


@cache
def returns() -> Returns:
    """Return what takes tickets back."""
    return Returns(database(), payments())


@cache
def waitlist() -> Waitlist:
    """Return the waiting lists."""
    return Waitlist(database(), orders(), payments())


@cache
def notices() -> Notices:
    """Return the notices."""
    its = settings()
    return Notices(
        database(),
        channels.of(its),
        contacts(),
        Bucket(redis()),
        domain=channels.domain_of(its.mail_from),
        site=its.public_url,
        unsubscribing=Unsubscribing(its.pepper),
    )


@cache
def webhooks() -> Webhooks:
    """Return the webhooks of organisers."""
    return Webhooks(database(), anywhere=settings().webhooks_anywhere == 1)


_ALL: tuple[Callable[..., Any], ...] = (
    redis, broker, database, shards, line, stock, screening_tables, ledger_store, log, accounts,
    contacts, catalogue, sales, tours, inventory, payments, orders, tickets, reviews, returns,
    waitlist, notices, devices, webhooks,
)  # fmt: skip


def reset(**_: Any) -> None:
    """Forget every client; the next caller makes new ones."""
    for client in _ALL:
        client.cache_clear()  # type: ignore[attr-defined]


signals.worker_process_init.connect(reset, dispatch_uid="clients.reset")
