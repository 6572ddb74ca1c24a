"""What a sale must be before it is one: the plan and what was asked for come in, a draft out."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace

from boxoffice.catalogue.model import Performance
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.checks import text, whole
from boxoffice.sales.model import DRAFT, Price, Sale
from fairness.errors import Invalid
from fairness.manifest import Manifest

MAX_CENTS = 100_000_000
MAX_HELD_BACK = 5_000  # seats; they share the sale's item
MAX_CAPACITY = 1_000_000
MAX_RATE = 100_000
LATEST_US = 32_503_680_000_000_000  # the year 3000
_BEYOND = {"capacity": MAX_CAPACITY, "rate_per_s": MAX_RATE, "limit_per_person": 100}
_DERIVED = (
    "sale_id", "seats", "held_back", "tour", "limit_per_tour", "rule_weights_milli", "screening"
)  # fmt: skip
_NAMES = ("beacon", "beacon_fallback")  # the manifest knows which there are
_RULES = {f.name: f for f in fields(Manifest) if f.name not in _DERIVED}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an organiser asks for, unchecked; `Sales.create` says what each is."""

    rules: Mapping[str, object]
    prices: Mapping[str, Price]
    currency: str
    held_back: Mapping[str, str]
    weights: Mapping[str, int]


def sale_of(
    performance: Performance, organiser_id: str, plan: SeatingPlan, wishes: Wishes, now_us: int
) -> Sale:
    """Return the draft of a new sale, with an id and a key of its own; Invalid names the field."""
    of_plan = {seat.seat_id: seat.held for seat in plan.seats if seat.held}
    held = checked_held_back({**of_plan, **wishes.held_back}, plan)
    sale_id = f"sale_{secrets.token_urlsafe(12)}"
    manifest = replace(
        manifest_of(sale_id, wishes.rules, held, now_us),
        seats=len(plan.seats),
        rule_weights_milli=dict(wishes.weights),
    )
    return Sale(
        sale_id=sale_id,
        performance_id=performance.performance_id,
        event_id=performance.event_id,
        plan_id=performance.plan_id,
        organiser_id=organiser_id,
        manifest=manifest,
        prices=checked_prices(wishes.prices, plan),
        currency=checked_currency(wishes.currency),
        state=DRAFT,
        key=secrets.token_bytes(32),
        rate_per_s=manifest.rate_per_s,
        capacity=manifest.capacity,
        held_back=held,
        created_us=now_us,
    )


def manifest_of(
    sale_id: str, rules: Mapping[str, object], held_back: Mapping[str, str], now_us: int
) -> Manifest:
    """Return the manifest; Invalid names the rule that is unknown, missing or broken."""
    for name in rules:
        if name not in _RULES:
            raise Invalid(
                f"unknown rule {name}",
                field=name,
                rule=f"one of {', '.join(_RULES)}",
                remedy="leave it out",
            )
    for name, rule in _RULES.items():
        if name not in rules and rule.default is MISSING:
            raise Invalid(f"{name} is missing", field=name, rule="is needed", remedy=f"give {name}")
    clean = {
        n: v if n in _NAMES else whole(n, v, 0, _BEYOND.get(n, LATEST_US)) for n, v in rules.items()
    }
    counts = dict(sorted(Counter(held_back.values()).items()))
    manifest = Manifest.from_entry({"sale_id": sale_id, **clean, "held_back": counts})
    if manifest.ends_at_us <= now_us:
        raise Invalid(
            "the sale would be over already",
            field="ends_at_us",
            value=manifest.ends_at_us,
            rule="the end lies in the future",
            remedy="choose a later end",
        )
    return manifest


def checked_prices(prices: Mapping[str, Price], plan: SeatingPlan) -> dict[str, Price]:
    """Return the prices in the order of the plan: each of its categories has one, a tier too."""
    for category, price in prices.items():
        if category not in plan.categories:
            raise Invalid(
                f"the plan has no category {category!r}",
                field="prices",
                value=category,
                rule=f"a category of the plan: {', '.join(plan.categories)}",
                remedy="remove it or correct its spelling",
            )
        whole(f"prices.{category}", price.cents, 0, MAX_CENTS)
        text(f"prices.{category}.tier", price.tier, 60)
    for category in plan.categories:
        if category not in prices:
            raise Invalid(
                f"the category {category!r} has no price",
                field="prices",
                value=category,
                rule="every category of the plan has a price",
                remedy=f"add a price for {category!r}",
            )
    _check_tiers(prices)
    return {category: prices[category] for category in plan.categories}


def _check_tiers(prices: Mapping[str, Price]) -> None:
    cents = dict[str, int]()
    for category, price in prices.items():
        if cents.setdefault(price.tier, price.cents) != price.cents:
            raise Invalid(
                f"the tier {price.tier!r} has two prices",
                field=f"prices.{category}",
                value=price.cents,
                rule="a tier has one price",
                remedy="give the categories the same price, or a tier each",
            )


def checked_currency(currency: object) -> str:
    """Return the currency; Invalid unless it is written as three capital letters."""
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise Invalid(
            f"{currency!r:.40} is not a currency",
            field="currency",
            value=str(currency)[:40],
            rule="three capital letters (ISO 4217)",
            remedy="write for example EUR",
        )
    return currency


def checked_held_back(held_back: Mapping[str, str], plan: SeatingPlan) -> dict[str, str]:
    """Return seat -> reason; Invalid lists the seats that the plan does not have."""
    unknown = sorted(set(held_back) - set(plan.by_id))
    if unknown:
        raise Invalid(
            f"{len(unknown)} seats to hold back are not in the plan",
            field="held_back",
            value=unknown,
            rule="seats of the plan",
            remedy="correct or remove them",
        )
    whole("held_back", len(held_back), 0, MAX_HELD_BACK)
    return {seat: text(f"held_back.{seat}", why, 60) for seat, why in held_back.items()}
