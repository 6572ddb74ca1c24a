"""Everything a rule may look at about one arrival: the rules themselves do no counting, no I/O."""

from __future__ import annotations

from dataclasses import dataclass

from fairness.screening.agents import Agent
from fairness.screening.model import Account, Visit


@dataclass(frozen=True, slots=True)
class Case:
    """One arrival with what the tables and the other arrivals say about it.

    The `on_…` counts are fans of this sale, so far, who share the thing; the fan counts too. 0
    when the visit does not have the thing.
    """

    visit: Visit
    account: Account
    agent: Agent
    headers: frozenset[str]
    network: str = ""  # "relay", "vpn", "datacenter" or ""
    disposable: bool = False
    regular: bool = False  # the joins from this address come like a clock
    since_opening_us: int | None = None  # since the line opened; None when it does not matter
    on_address: int = 0
    on_device: int = 0
    on_card: int = 0
    on_mailbox: int = 0
    in_group: int = 0  # accounts that were found to be this fan's, this one among them
