"""A crowd at the start of a sale, drawn by lot, and our own policy let loose on it.

What is modelled is the crowd: how people react, how slow their networks are, what bots do, how
far the clocks of the front ends are off. Windows, leaves, draws and log entries are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from heapq import merge
from itertools import groupby, islice
from math import log, pi, sin
from random import Random

from fairness import beacon, draw
from fairness.clock import SECOND
from fairness.ledger import entries, recompute, window_entries, windows
from fairness.manifest import OPENING_WINDOW, Manifest

SALE = "model"
START_US = 1_800_000_000 * SECOND
MS = SECOND // 1_000
_SWAY_US = 10 * SECOND


@dataclass(frozen=True, slots=True)
class Crowd:
    """Who comes, and how; docs/fairness.md says why these figures."""

    fans: int = 50_000
    bots: int = 2_500
    ready: float = (
        0.7  # the share of fans who wait for the start and react to it; others trickle in
    )
    reaction_us: int = 900 * MS  # median of a log-normal
    reaction_sigma: float = 0.6
    delay_us: int = 40 * MS  # of the network; median of a log-normal
    delay_sigma: float = 0.3
    slow: float = 0.3  # the share of fans on a slow network
    slower_us: int = 120 * MS  # what that adds
    bot_us: tuple[int, int] = (5 * MS, 25 * MS)  # after the start
    trickle_us: int = 60 * SECOND


@dataclass(frozen=True, slots=True)
class Entrant:
    """One arrival: when it truly came, and when the line's clock says it did."""

    fan: str
    came_us: int
    at_us: int
    delay_us: int
    bot: bool


def chance(*of: int) -> Random:
    """Return the source of all chance in a simulation; the same for the same numbers."""
    return Random("/".join(map(str, of)))  # noqa: S311 - nobody's place depends on it


def policy(opening_us: int, tie_us: int, clock_bound_us: int = 0) -> Manifest:
    """Return a manifest with these windows. Exact first come first served is (0, 1)."""
    return Manifest(
        SALE,
        START_US - 600 * SECOND,
        START_US,
        START_US + 3_600 * SECOND,
        opening_us=opening_us,
        tie_us=tie_us,
        clock_bound_us=clock_bound_us,
    )


def rush(crowd: Crowd, rng: Random) -> list[Entrant]:
    """Return everyone in the order in which they arrive at one store; no two at the same µs."""
    came = [(rng.randint(*crowd.bot_us), 0, True) for _ in range(crowd.bots)]
    came += [(*coming(crowd, rng), False) for _ in range(crowd.fans)]
    clock, entrants = 0, []
    for number, (after_us, delay_us, bot) in enumerate(sorted(came)):
        clock = max(clock + 1, START_US + after_us)
        entrants.append(Entrant(f"model{number:017}", clock, clock, delay_us, bot))
    return entrants


def coming(crowd: Crowd, rng: Random) -> tuple[int, int]:
    """Return when a fan arrives, µs after the start, and how much of it is the network."""
    delay = crowd.delay_us * rng.lognormvariate(0, crowd.delay_sigma)
    delay += crowd.slower_us * (rng.random() < crowd.slow)
    if rng.random() < crowd.ready:
        after = rng.lognormvariate(log(crowd.reaction_us), crowd.reaction_sigma)
    else:
        after = rng.random() * crowd.trickle_us
    return round(after + delay), round(delay)


def through_front_ends(
    entrants: Sequence[Entrant], errors: Sequence[Callable[[int], int]], rng: Random
) -> list[Entrant]:
    """Return the arrivals as front ends stamp them by clocks of their own, merged by stamp.

    Each arrival comes to a front end by lot; `errors` tell for each how far its clock is off, µs,
    at a true time. A front end never gives one µs twice, and its clock never runs backwards.
    """
    shards: list[list[Entrant]] = [[] for _ in errors]
    for one in entrants:
        number = rng.randrange(len(shards))
        shard = shards[number]
        at_us = one.came_us + errors[number](one.came_us)
        if shard:
            at_us = max(at_us, shard[-1].at_us + 1)
        shard.append(Entrant(one.fan, one.came_us, at_us, one.delay_us, one.bot))
    return list(merge(*shards, key=lambda one: one.at_us))


def skewed(offset_us: int, sway_us: int) -> Callable[[int], int]:
    """Return a clock's error: an offset, and a sway of ±`sway_us` about it every ten seconds."""

    def error_us(at_us: int) -> int:
        return offset_us + round(sway_us * sin(2 * pi * (at_us % _SWAY_US) / _SWAY_US))

    return error_us


class Line:
    """One policy applied to one crowd, drawn with any number of seeds."""

    def __init__(self, manifest: Manifest, entrants: Iterable[Entrant]) -> None:
        """Put the entrants, in order of their stamps, into the manifest's windows."""
        self.windows = {
            number: list(group)
            for number, group in groupby(entrants, lambda one: manifest.window_of(one.at_us))
        }
        self._leaves: dict[int, list[bytes]] = {}

    def opening(self) -> list[Entrant]:
        """Return the cohort of the opening window."""
        return self.windows.get(OPENING_WINDOW, [])

    def served(self, seed: bytes) -> Iterator[Entrant]:
        """Yield everyone in the order of their places; each window's seed follows from `seed`."""
        for number, group in self.windows.items():
            if number not in self._leaves:
                self._leaves[number] = recompute.leaves(SALE, _arrivals(group))
            own = sha256(seed + number.to_bytes(8)).digest()
            yield from (group[index] for index in draw.order(own, self._leaves[number]))

    def admitted(self, seed: bytes, count: int) -> list[Entrant]:
        """Return the first `count` of them; windows behind those are not drawn."""
        return list(islice(self.served(seed), count))

    def published(self, beacon_seed: bytes) -> tuple[list[str], list[bytes]]:
        """Return the fans as they are served with a real beacon, and the log of it as bytes."""
        places: list[str] = []
        logged: list[bytes] = []
        for number, group in self.windows.items():
            arrived, at_us = _arrivals(group), group[-1].at_us
            batch = windows.entries_of(SALE, number, arrived, {}, {}, at_us)
            logged += map(entries.encode, batch)
            proof = beacon.prove(beacon_seed, logged[-1])
            seed = beacon.draw_seed(beacon.output(proof))
            places += recompute.drawn(SALE, arrived, (), seed)
            logged.append(entries.encode(window_entries.draw(SALE, at_us, number, proof, seed)))
        return places, logged


def _arrivals(group: Iterable[Entrant]) -> list[tuple[str, int]]:
    return [(one.fan, one.at_us) for one in group]
