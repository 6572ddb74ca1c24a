"""What a sale is: one on-sale window of one performance; the thing that has a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fairness.manifest import Manifest

DRAFT, SCHEDULED, OPEN, PAUSED, CLOSED = "draft", "scheduled", "open", "paused", "closed"
STATES = (DRAFT, SCHEDULED, OPEN, PAUSED, CLOSED)


@dataclass(frozen=True, slots=True)
class Price:
    """What a seat of one category costs: its price tier, and minor units of the currency."""

    tier: str
    cents: int


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale as it stands. The manifest is what was promised, the rest is what is steered."""

    sale_id: str
    performance_id: str
    event_id: str
    plan_id: str
    organiser_id: str
    manifest: Manifest
    prices: Mapping[str, Price]  # category -> price
    currency: str
    state: str
    # 32 secret bytes, what turns accounts into fans; none once the books are closed
    key: bytes = field(repr=False)
    rate_per_s: int  # as steered now; the manifest has what was promised
    capacity: int
    message: str = ""
    held_back: Mapping[str, str] = field(default_factory=dict)  # seat -> reason, until released
    releases: Mapping[str, int] = field(default_factory=dict)  # reason -> when the clock does it
    created_us: int = 0
    version: int = 0  # counts the changes

    @property
    def tiers(self) -> dict[str, int]:
        """Return tier -> cents, the dearest first."""
        prices = {price.tier: price.cents for price in self.prices.values()}
        return dict(sorted(prices.items(), key=lambda tier: (-tier[1], tier[0])))


@dataclass(frozen=True, slots=True)
class Tour:
    """Several performances whose lines are joined in one step, under one limit if it has one."""

    tour_id: str
    organiser_id: str
    title: str
    performance_ids: tuple[str, ...]  # in the order in which they were added
    key: bytes = field(repr=False)  # 32 secret bytes: what turns accounts into names in the tour
    limit_per_person: int = 0  # tickets over all its dates; 0: no limit
    created_us: int = 0
    version: int = 0  # counts the changes


@dataclass(frozen=True, slots=True)
class Due:
    """What the clock asks for: sales whose line should open, and sales that should close."""

    to_open: tuple[Sale, ...]
    to_close: tuple[Sale, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """How things stood with a suspect when something was decided. The fan, never an account."""

    fan: str
    verdict: str
    rules: tuple[str, ...] = ()
    score_milli: int = 0  # the sum of the weights of what was found, in thousandths
    lead: str = ""  # whose place they shared
    findings: str = "[]"  # what the fan was told, as JSON


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided at the desk about some suspects. `applied`: the line has it so."""

    sale_id: str
    choice_id: str
    act: str  # release, hold, merge, split or confirm
    fans: tuple[str, ...]
    lead: str  # of a merge: whose place they share
    reason: str  # a code
    made_by: str  # account; for the audit, not for the log
    made_us: int
    cases: tuple[Case, ...] = ()
    applied: bool = False
    undone_us: int | None = None
    undone_by: str | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """A fan's objection to a verdict. States: open, then granted or declined."""

    sale_id: str
    fan: str
    account_id: str
    text: str
    verdict: str
    state: str = "open"
    created_us: int = 0
    decided_us: int | None = None
    answer: str = ""
