"""What a rehearsal needs before anyone comes: an organiser, a hall, an event, a sale, accounts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from boxoffice.accounts.model import ORGANISER, Account, NewAccount
from boxoffice.accounts.service import Accounts, hash_password
from boxoffice.catalogue import plans
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.catalogue.service import Catalogue
from boxoffice.dynamo import Database
from boxoffice.sales.model import Price, Sale
from boxoffice.sales.service import Sales
from console import stack
from console.rehearsal.actors import Actor
from fairness.clock import SECOND, now_us
from fairness.errors import Invalid
from fairness.identity import keyed_hash

DAY_US = 24 * 3_600 * SECOND
OPENS_IN_US = 2 * SECOND
PRICES_CENTS = (8_900, 6_400, 4_200, 2_900, 1_900)  # front category first
ORGANISER_EMAIL = "organiser@rehearsal.example"


@dataclass(frozen=True, slots=True)
class Tempo:
    """How the minutes of a real sale are squeezed into a rehearsal's seconds."""

    before_s: float = 12.0  # from the opening of the line to the start of the sale
    arrivals_s: float = 30.0  # from the start until the last fan has come
    ends_s: float = 160.0  # from the start to the end of the sale at the latest
    opening_s: float = 3.0
    turn_s: float = 25.0
    hold_s: float = 20.0
    away_s: float = 8.0
    capacity: int = 80
    rate_per_s: int = 40
    looks_s: float = 5.0  # between two looks of a waiting page at the board

    @classmethod
    def of(cls, fans: int) -> Tempo:
        """Return the tempo for so many fans: a larger crowd gets the time and room it needs.

        All fans live on this machine too: more of them look less often each, and get longer turns.
        """
        looks_s = max(5.0, fans / 500)
        return cls(
            arrivals_s=max(30.0, fans / 100),
            ends_s=max(160.0, fans / 15),
            turn_s=max(25.0, 3 * looks_s),
            hold_s=max(20.0, 2 * looks_s),
            away_s=max(8.0, 2 * looks_s),
            capacity=max(80, fans // 30),
            looks_s=looks_s,
        )


# A sale to try by hand: a minute until the start, a day until the end, human times in between.
UNHURRIED = Tempo(before_s=60, ends_s=86_400, turn_s=600, hold_s=600, away_s=30)


def read_plan(path: Path | None) -> SeatingPlan:
    """Return the seating plan of a CSV or pretix JSON file; our own concert hall without one."""
    if path is None:
        folder = resources.files("console.rehearsal").joinpath("plans")
        return plans.from_csv(
            folder.joinpath("concert-hall.csv").read_text("utf-8"), "Concert Hall"
        )
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(
            f"{path}: {error}",
            field="plan",
            value=str(path),
            rule="a readable CSV or JSON file",
            remedy="name another file, or leave --plan out",
        ) from error
    if path.suffix == ".json":
        return plans.from_pretix(text, path.stem)
    return plans.from_csv(text, path.stem)


def prices_of(plan: SeatingPlan) -> dict[str, Price]:
    """Return a price tier for each category of the plan: A for the front one, and so on."""
    return {
        category: Price(chr(ord("A") + min(n, 25)), PRICES_CENTS[min(n, len(PRICES_CENTS) - 1)])
        for n, category in enumerate(plan.categories)
    }


def set_sale(
    db: Database,
    pepper: str,
    plan: SeatingPlan,
    tempo: Tempo,
    title: str = "A loved show",
    clock_bound_us: int = 0,
) -> Sale:
    """Return a new scheduled sale whose line opens within seconds.

    `clock_bound_us` is how far the clocks of several stores may be off, as the settings say.
    """
    catalogue, sales, now = Catalogue(db), Sales(db), now_us()
    organiser = _organiser(Accounts(db, pepper))
    venue = catalogue.add_venue(plan.name, "Rehearsal City")
    event = catalogue.add_event(organiser.account_id, title, "The Loved", "pop")
    performance = catalogue.add_performance(
        event.event_id, organiser.account_id, venue.venue_id, catalogue.add_plan(plan),
        now + 30 * DAY_US,
    )  # fmt: skip
    opens = now + OPENS_IN_US
    starts = opens + round(tempo.before_s * SECOND)
    rules = {
        "opens_at_us": opens,
        "starts_at_us": starts,
        "ends_at_us": starts + round(tempo.ends_s * SECOND),
        "opening_us": round(tempo.opening_s * SECOND),
        "turn_us": round(tempo.turn_s * SECOND),
        "hold_us": round(tempo.hold_s * SECOND),
        "away_us": round(tempo.away_s * SECOND),
        "capacity": tempo.capacity,
        "rate_per_s": tempo.rate_per_s,
        "clock_bound_us": clock_bound_us,
    }
    sale = sales.create(
        performance.performance_id, organiser.account_id, rules, prices_of(plan), now_us=now
    )
    return sales.schedule(sale.sale_id, organiser.account_id, now_us())


def _organiser(accounts: Accounts) -> Account:
    """Return the stack's own organiser, whose console then shows the sale, or else one for it."""
    known = accounts.find(stack.ORGANISER) or accounts.find(ORGANISER_EMAIL)
    return known or accounts.sign_up(
        ORGANISER_EMAIL, secrets.token_urlsafe(16), "Rehearsal", ORGANISER, now_us=now_us()
    )


def enrol(db: Database, pepper: str, actors: list[Actor]) -> None:
    """Give every actor who is no newcomer an account, as old as its crowd's are."""
    regulars = [actor for actor in actors if not actor.newcomer]
    now, secret = now_us(), hash_password(secrets.token_urlsafe(16))
    accounts = [
        NewAccount(
            actor.email,
            actor.name,
            created_us=now - round(actor.age_s * SECOND),
            cards=tuple(
                keyed_hash(pepper, "card", card) for card in actor.cards if actor.card_known
            ),
            phone=actor.phone,
        )
        for actor in regulars
    ]
    for actor, account in zip(
        regulars, Accounts(db, pepper).import_accounts(accounts, secret), strict=True
    ):
        actor.account_id = account.account_id


def close(db: Database, sale: Sale) -> None:
    """Close the sale as its organiser would."""
    Sales(db).close(sale.sale_id, sale.organiser_id, now_us())
