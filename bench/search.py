"""How long finding events by words takes, in CPU time, beside one look at each title."""

from __future__ import annotations

from statistics import median
from time import thread_time_ns

from bench.results import Figure
from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.search import index
from boxoffice.search.words import words

COMMAND = "python -m bench search"
EVENTS = 3_000
ROUNDS = 20
CITIES = ("Boston Garden", "Lahti Hall", "Wien Stadthalle", "Leipzig Gewandhaus", "Tampere Dome")
DAY_US = 86_400_000_000


def measure() -> list[Figure]:
    """Return the ms of one search among 3,000 events, each with a date."""
    events = [Event(f"e{n}", "acc", f"{CITIES[n % 5]} night {n}", "Band") for n in range(EVENTS)]
    dates = [Performance(f"p{n}", f"e{n}", "v", "plan", n * DAY_US) for n in range(EVENTS)]
    documents = index.build(events, dates, [Venue("v", "Hall", "Town")])
    wanted = words("Boston garden")
    found, looked = list[float](), list[float]()
    for _ in range(ROUNDS):
        started = thread_time_ns()
        hits = index.find(documents.values(), wanted, "", None, None)
        ended = thread_time_ns()
        alike = [event for event in events if "boston" in event.title.casefold()]
        looked.append((thread_time_ns() - ended) / 1e6)
        found.append((ended - started) / 1e6)
        if len(hits) < len(alike):
            raise SystemExit("the search has missed some events")
    return [
        Figure(
            "search_3000_ms",
            round(median(found), 3),
            "ms CPU, median",
            round(median(looked), 3),
            "ms to look at each title once",
            COMMAND,
        )
    ]
