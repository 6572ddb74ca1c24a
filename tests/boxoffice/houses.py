"""A small house with everything that a sale needs, for tests."""

from __future__ import annotations

from dataclasses import dataclass

from boxoffice.catalogue import plans
from boxoffice.catalogue.model import Performance
from boxoffice.catalogue.plan import SeatingPlan
from boxoffice.catalogue.service import Catalogue
from boxoffice.dynamo import Database
from boxoffice.sales.model import Price, Sale
from boxoffice.sales.service import Sales
from fairness.clock import SECOND

NOW = 1_795_000_000 * SECOND
OWNER = "acc_owner"
PLAN = "zone,row,first,last,category\nStalls,A,1,6,front\nStalls,B,1,8,back\n"
PRICES = {"front": Price("A", 9_000), "back": Price("B", 4_500)}
RULES = {
    "opens_at_us": NOW + 60 * SECOND,
    "starts_at_us": NOW + 120 * SECOND,
    "ends_at_us": NOW + 3600 * SECOND,
}


OTHER = "acc_other"


@dataclass(frozen=True)
class House:
    """A performance that may have a sale."""

    catalogue: Catalogue
    sales: Sales
    plan: SeatingPlan
    performance: Performance

    def dates(self, count: int) -> list[str]:
        """Return so many new performances of the same event."""
        first = self.performance
        made = [
            self.catalogue.add_performance(
                first.event_id, OWNER, first.venue_id, first.plan_id, first.starts_at_us + n
            )
            for n in range(1, count + 1)
        ]
        return [performance.performance_id for performance in made]

    def draft(self, **changes: object) -> Sale:
        """Return a new draft; `changes` are other arguments of `Sales.create`."""
        arguments = {"rules": RULES, "prices": PRICES, "now_us": NOW, **changes}
        return self.sales.create(self.performance.performance_id, OWNER, **arguments)

    def scheduled(self) -> Sale:
        """Return a new scheduled sale."""
        return self.sales.schedule(self.draft().sale_id, OWNER, NOW)


def house(db: Database) -> House:
    """Return a house with one performance."""
    catalogue = Catalogue(db)
    plan = plans.from_csv(PLAN, "Small house")
    venue = catalogue.add_venue("Small house", "Lahti", "Finland")
    event = catalogue.add_event(OWNER, "Kullervo", "Sinfonia Lahti", "classical")
    performance = catalogue.add_performance(
        event.event_id, OWNER, venue.venue_id, catalogue.add_plan(plan), NOW + 86_400 * SECOND
    )
    return House(catalogue, Sales(db), plan, performance)
