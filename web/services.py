"""The services behind the door: the workers' ones, and those that only the front door needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from redis import Redis

from boxoffice.accounts.passkey_site import Site
from boxoffice.accounts.service import Accounts
from boxoffice.catalogue.service import Catalogue
from boxoffice.gate.service import Gates
from boxoffice.inventory.service import Inventory
from boxoffice.notices.service import Notices
from boxoffice.orders.service import Orders
from boxoffice.payments.service import Payments
from boxoffice.resales.service import Resales
from boxoffice.returns.service import Returns
from boxoffice.sales.appeals import Appeals
from boxoffice.sales.desk import Desk
from boxoffice.sales.editing import Editing
from boxoffice.sales.service import Sales
from boxoffice.sales.tours import Tours
from boxoffice.search.service import Search
from boxoffice.tables import SALES
from boxoffice.tickets.service import Tickets
from boxoffice.transfers.service import Transfers
from boxoffice.waitlist.service import Waitlist
from fairness.direct import Direct
from fairness.errors import NotFound
from fairness.ledger.inclusion import Prover
from fairness.line import Line
from fairness.passes import PassBook
from fairness.receipts import Promises
from fairness.stock import Stock
from workers import clients
from workers.settings import settings

if TYPE_CHECKING:
    from boxoffice.accounts.passkeys import Passkeys


def redis() -> Redis:
    """Return the store of the line."""
    return clients.redis()


@cache
def direct() -> Direct:
    """Return the shortest way to the store of the line."""
    return Direct(redis())


@cache
def line(sale_id: str) -> Line:
    """Return the line of a sale; its scripts take the shortest way."""
    return clients.line_of(sale_id, direct())


def stock(sale_id: str) -> Stock:
    """Return the cache of a sale's taken seats."""
    return clients.stock(sale_id)


def check_database() -> None:
    """Return when the database answers; Unavailable when it does not."""
    clients.database().get(SALES, sale_id="-")


def accounts() -> Accounts:
    """Return the accounts."""
    return clients.accounts()


@cache
def passkeys() -> Passkeys:
    """Return the passkeys of this site; NotFound where browsers have none."""
    site = Site.of(settings().public_url)
    if site is None:
        raise NotFound(
            "this site has no passkeys: it has no name that browsers accept",
            rule="a name with HTTPS, or localhost",
            remedy="use your password, or a code",
        )
    # Takes 150 ms and as much memory as the rest of the accounts; most processes never need it.
    from boxoffice.accounts.passkeys import Passkeys

    return Passkeys(clients.database(), site)


def catalogue() -> Catalogue:
    """Return the catalogue."""
    return clients.catalogue()


def sales() -> Sales:
    """Return the sales."""
    return clients.sales()


def tours() -> Tours:
    """Return the tours."""
    return clients.tours()


def inventory() -> Inventory:
    """Return the seats."""
    return clients.inventory()


def orders() -> Orders:
    """Return the orders."""
    return clients.orders()


def returns() -> Returns:
    """Return what takes tickets back."""
    return clients.returns()


def transfers() -> Transfers:
    """Return what passes tickets on to friends."""
    return Transfers(clients.database())


def payments() -> Payments:
    """Return the payments."""
    return clients.payments()


def waitlist() -> Waitlist:
    """Return the waiting lists."""
    return clients.waitlist()


def notices() -> Notices:
    """Return the notices."""
    return clients.notices()


@cache
def search() -> Search:
    """Return the search over the catalogue."""
    return Search(catalogue())


@cache
def appeals() -> Appeals:
    """Return the appeals."""
    return Appeals(clients.database())


@cache
def desk() -> Desk:
    """Return what was decided about suspects."""
    return Desk(clients.database())


@cache
def resales() -> Resales:
    """Return what organisers report to be on offer above its price."""
    return Resales(clients.database())


@cache
def editing() -> Editing:
    """Return what changes the seats of sales."""
    return Editing(clients.database())


@cache
def tickets() -> Tickets:
    """Return the tickets."""
    return Tickets(clients.database(), settings().ticket_key)


@cache
def gates() -> Gates:
    """Return the gates."""
    return Gates(clients.database(), tickets().codes)


@cache
def passes() -> PassBook:
    """Return the book of passes."""
    return PassBook(settings().pass_key, settings().public_url)


@cache
def promises() -> Promises:
    """Return what signs the receipts of arrivals."""
    return Promises(settings().pass_key)


@cache
def prover() -> Prover:
    """Return what proves that an arrival is in the log."""
    return Prover(clients.log())


_OURS: tuple[Callable[..., Any], ...] = (
    direct, line, passkeys, search, appeals, desk, resales, editing, tickets, gates, passes,
    promises, prover,
)  # fmt: skip


def reset() -> None:
    """Forget every service; the next request makes new ones."""
    for service in _OURS:
        service.cache_clear()  # type: ignore[attr-defined]
    clients.reset()
