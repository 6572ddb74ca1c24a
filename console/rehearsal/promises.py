"""The promises of the design, each with its name and what it says."""

from __future__ import annotations

from dataclasses import dataclass

SAYS = {
    "never_sold_twice": "No seat is ever sold twice",
    "no_place_lost": "No place is ever lost",
    "order_in_range": "Order within the acceptable range",
    "fails_closed": "The store failing lets nobody in unfairly",
    "everything_logged": "Every decision is in the log",
    "limit_per_person": "Limits hold per person",
    "no_silent_refusal": "Nobody is refused silently",
    "twice_is_once": "Doing any step twice is doing it once",
    "mailed_once": "Every order is mailed exactly once",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise, whether it was kept, what was looked at, and what was found."""

    name: str
    kept: bool
    checked: str
    found: str

    @property
    def says(self) -> str:
        """The promise in words."""
        return SAYS[self.name]
