"""How long choosing the best seats takes, in CPU time, beside one look at each seat of the plan."""

from __future__ import annotations

import random
from collections.abc import Callable
from statistics import median, quantiles
from time import thread_time_ns

from bench.results import Figure
from boxoffice.catalogue.plan import PITCH, ROW_PITCH, Seat, SeatingPlan
from boxoffice.inventory.best import Finder, Wish

COMMAND = "python -m bench best"
ROUNDS = 200
SOLD = 0.9
WISHES = {
    "8": Wish(8),
    "2": Wish(2),
    "4_and_4": Wish(8, parts=(4, 4)),
    "8_split": Wish(8, together=False),
}


def measure() -> list[Figure]:
    """Return the ms of a first and of a later question, in plans of 10,000 and of 60,000."""
    return [
        figure
        for name, plan in (("10k", _plan(100, 100)), ("60k", _plan(300, 200)))
        for figure in _measured(name, plan)
    ]


def _measured(size: str, plan: SeatingPlan) -> list[Figure]:
    rng = random.Random(5)
    ids = [seat.seat_id for seat in plan.seats]
    gone = set(rng.sample(ids, int(SOLD * len(ids))))
    # Sold at random there is no run of 8: keep a few, as a sale that went from the front does.
    for row in rng.sample(range(len(ids) // 100), 20):
        gone.difference_update(ids[row * 100 + 30 : row * 100 + 40])
    floor = _ms(lambda: [seat_id not in gone for seat_id in ids])
    found = list[Figure]()
    for name, wish in WISHES.items():
        found += _figures(f"best_{name}_of_{size}_first", _asked_first(plan, gone, wish), floor)
    found += _figures(f"best_8_of_{size}_later", _asked_later(plan, gone, ids), floor)
    return found


def _asked_first(plan: SeatingPlan, gone: set[str], wish: Wish) -> list[float]:
    """Return the ms of questions to finders that know nothing but the plan."""

    def ask() -> None:
        finder = Finder(plan)
        finder.set_taken(gone)
        finder.find(wish)

    ask()  # the plan is cut into blocks once
    return [_ms(ask, 1) for _ in range(ROUNDS // 4)]


def _asked_later(plan: SeatingPlan, gone: set[str], ids: list[str]) -> list[float]:
    """Return the ms of questions while eight seats come and eight go between two of them."""
    finder, rng, found = Finder(plan), random.Random(7), list[float]()
    finder.set_taken(gone)
    finder.find(WISHES["8"])
    taken = set(gone)
    for _ in range(ROUNDS):
        taken = {*taken.difference(rng.sample(sorted(taken)[:400], 8)), *rng.sample(ids, 8)}
        seats = frozenset(taken)

        def ask(seats: frozenset[str] = seats) -> None:
            finder.set_taken(seats)
            finder.find(WISHES["8"])

        found.append(_ms(ask, 1))
    return found


def _figures(name: str, took: list[float], floor: float) -> list[Figure]:
    what = "ms to look at each seat once"
    return [
        Figure(f"{name}_ms", round(median(took), 3), "ms CPU, median", floor, what, COMMAND),
        Figure(f"{name}_p99_ms", round(quantiles(took, n=100)[98], 3), "ms CPU, p99", floor, what,
               COMMAND),
    ]  # fmt: skip


def _ms(act: Callable[[], object], times: int = 20) -> float:
    took = []
    for _ in range(times):
        started = thread_time_ns()
        act()
        took.append((thread_time_ns() - started) / 1e6)
    return round(median(took), 4)


def _plan(rows: int, seats: int) -> SeatingPlan:
    places = [
        Seat(f"r{row}-{n}", f"Block {row // 20}", str(row), str(n), n * PITCH, row * ROW_PITCH, "A")
        for row in range(rows)
        for n in range(seats)
    ]
    return SeatingPlan(f"{rows} by {seats}", tuple(places), ("A",))
