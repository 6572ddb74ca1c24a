"""The figures of one measurement: each with its n, what is promised, and whether it was kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fairness import measures

SEEDS = 12_000
BAR_MOST, LE_LEAST, P_LEAST = 1.4, 0.98, 0.01
_DRAWN_TOGETHER = 5  # fans whose 120 orders must come equally often


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; without a value, `because` says why there is none."""

    name: str
    text: str
    value: float | None
    n: int = 0
    of: str = ""  # what n counts
    promise: str = ""
    kept: bool | None = None
    because: str = ""


def told(figures: Sequence[Figure]) -> dict[str, Any]:
    """Return the values by name, and under `figures` each with all that belongs to it."""
    each = [{name: getattr(figure, name) for name in Figure.__slots__} for figure in figures]
    return {**{figure.name: figure.value for figure in figures}, "figures": each}


@dataclass(frozen=True, slots=True)
class Fairness:
    """All figures of one source, and the points of its plot."""

    source: str
    figures: Sequence[Figure]
    arrivals: int
    points: Sequence[tuple[float, int]]  # arrival in seconds after the start, position
    borders: Sequence[float]  # where windows end, in seconds after the start
    bots: frozenset[int] = frozenset()  # positions

    @property
    def kept(self) -> bool:
        """Whether every figure that there is keeps its promise."""
        return all(figure.kept is not False for figure in self.figures)

    def to_json(self) -> dict[str, Any]:
        """Return the figures by name, and once more with all that belongs to them."""
        return {
            "source": self.source,
            "kept": self.kept,
            **told(self.figures),
            "n": self.arrivals,
        }


def order(
    served: measures.Served, cohort: Collection[int], bound_us: int, places: Sequence[int]
) -> list[Figure]:
    """Return OWI, slips, MTD and τ of an order. `bound_us` is Δ + 2ε.

    `cohort` are the positions of the opening window; `places` are the recomputed places of the
    fans in `served`, in the same sequence.
    """
    n = len(served)
    slips = measures.slips(served, bound_us, cohort)
    late = measures.max_displacement_us(served, cohort)
    pairs = [(place, position) for place, (_, position) in zip(places, served, strict=True)]
    tau = measures.kendall_tau_b(pairs)
    return [
        Figure("owi", "pairs out of order beyond the window", sum(slips), n, "fans served",
               "0", sum(slips) == 0),
        Figure("slips", "most who overtook one fan beyond it", max(slips, default=0), n,
               "fans served", "0", not any(slips)),
        Figure("mtd_us", "longest overtaking, µs", late, n, "fans served",
               f"<= {bound_us:,}", late <= bound_us),
        Figure("tau_policy", "served order against the log's", tau, n, "fans served", "= 1",
               None if tau is None else tau == 1, "" if tau is not None else "fewer than two fans"),
    ]  # fmt: skip


def bar(bots_admitted: int, admitted: int, bots: int, entrants: int) -> Figure:
    """Return the bot advantage ratio."""
    value = measures.bot_advantage_ratio(bots_admitted, admitted, bots, entrants)
    return Figure(
        "bar", "bots' share of admissions over theirs of entrants", value, admitted, "admissions",
        f"<= {BAR_MOST}", None if value is None else value <= BAR_MOST,
        "" if value is not None else "no bots are known, or nobody was admitted",
    )  # fmt: skip


def latency_equity(fans: Sequence[tuple[float, int]]) -> Figure:
    """Return the latency equity of fans of the opening window: (network delay, times admitted)."""
    value = measures.latency_equity(fans)
    return Figure(
        "latency_equity", "chance on the slowest networks over the fastest", value,
        sum(times for _, times in fans), "admissions of fans", f">= {LE_LEAST}",
        None if value is None else value >= LE_LEAST,
        "" if value is not None else "nobody was admitted",
    )  # fmt: skip


def draw(leaves: Sequence[bytes], seed: bytes) -> Figure:
    """Return the p-value of all orders of the first five leaves, over seeds that follow `seed`."""
    text, leaves = "chance of a draw as uneven as this", leaves[:_DRAWN_TOGETHER]
    if len(leaves) < 2:
        return Figure("draw_p", text, None, because="fewer than two fans in one window")
    seeds = (sha256(seed + number.to_bytes(4)).digest() for number in range(SEEDS))
    p = measures.draw_p(leaves, seeds)
    return Figure("draw_p", text, p, SEEDS, "seeds", f"> {P_LEAST}", p > P_LEAST)
