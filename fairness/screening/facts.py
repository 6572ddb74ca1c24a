"""What is looked up or computed once about an arrival, before any rule runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fairness.clock import SECOND
from fairness.identity import keyed_hash
from fairness.screening import bonds
from fairness.screening.bonds import Attribute
from fairness.screening.linking import Entry
from fairness.screening.model import Account, Visit
from fairness.screening.tables import RELAY, Address, Tables, is_inside, parse_address

_RUN_US = 6 * 3_600 * SECOND  # sign-ups that may be one sitting's


@dataclass(frozen=True, slots=True)
class Arrival:
    """A visit and its account, with their network and what they may share with others."""

    visit: Visit
    account: Account
    network: str  # "relay", "vpn", "datacenter" or ""
    prefix: str  # what counts as one address; empty when it says nothing
    disposable: bool
    attributes: Mapping[str, tuple[Attribute, ...]]  # by kind

    def entry(self) -> Entry:
        """Return what linking needs of the arrival."""
        every = tuple(a for found in self.attributes.values() for a in found)
        return Entry(self.visit.fan, self.visit.at_us, every)


def of(visit: Visit, account: Account, tables: Tables, pepper: str) -> Arrival:
    """Return the facts of one arrival; whatever is shared is kept as a keyed hash only."""
    address = parse_address(visit.address)
    network = tables.network_of(address) if address else ""
    prefix = _prefix(address)
    disposable = tables.is_disposable(account.email_domain)
    # A relay's address says nothing about a fan, so nothing is linked by it.
    home = "" if network == RELAY else prefix
    run = str(account.created_us // _RUN_US) if account.created_us else ""
    values = {
        bonds.MAILBOX: [account.email_hash],
        bonds.CARD: list(dict.fromkeys(account.cards)),
        bonds.PHONE: [account.phone],
        bonds.DEVICE: [visit.device],
        bonds.ADDRESS: [home],
        bonds.DOMAIN: [account.email_domain] if disposable else [],
        bonds.BATCH: [_batch(account)],
        bonds.RUN: [run],
        bonds.SITTING: [f"{home} {run}" if home and run else ""],
    }
    attributes = {
        kind: tuple((kind, keyed_hash(pepper, kind, value)) for value in found if value)
        for kind, found in values.items()
    }
    return Arrival(visit, account, network, prefix, disposable, attributes)


def _prefix(address: Address | None) -> str:
    """Return the IPv4 address or the IPv6 /64, which is one home; "" inside a private network.

    A private address is a proxy's, not the fan's.
    """
    if address is None or is_inside(address):
        return ""
    return str(address) if address.version == 4 else f"{int(address) >> 64:016x}/64"


def _batch(account: Account) -> str:
    """Return the hour in which the account was made, with its mail provider."""
    if not account.created_us:
        return ""
    return f"{account.created_us // (3_600 * SECOND)} {account.email_domain}"
