"""How fair an order was: measures over what was served, and over how a draw falls.

An order is given as (arrival µs, position) of every fan served, each position once. A `cohort`
names the positions of the opening window: those fans are equal however far apart they came, so
pairs within it are left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, groupby, permutations
from math import erfc, exp, lgamma, log, sqrt

from fairness import draw

Served = Sequence[tuple[int, int]]
NOBODY: frozenset[int] = frozenset()


def slips(served: Served, delta_us: int, cohort: Collection[int] = NOBODY) -> list[int]:
    """Return for each fan how many came more than `delta_us` later and were served earlier.

    `delta_us` is Δ + 2ε. Nought for everybody is the promise. O(n log n).
    """
    counts = _overtaken(served, delta_us)
    equals = [index for index, (_, position) in enumerate(served) if position in cohort]
    among = _overtaken([served[index] for index in equals], delta_us)
    for index, count in zip(equals, among, strict=True):
        counts[index] -= count
    return counts


def out_of_window_inversions(
    served: Served, delta_us: int, cohort: Collection[int] = NOBODY
) -> int:
    """Return the number of pairs that arrived more than `delta_us` apart and are in wrong order.

    `delta_us` is Δ + 2ε. Nought is the promise. O(n log n).
    """
    return sum(slips(served, delta_us, cohort))


def max_displacement_us(served: Served, cohort: Collection[int] = NOBODY) -> int:
    """Return the longest time, µs, by which anybody served earlier had come later."""
    worst = newest = newest_outside = 0
    for at_us, position in sorted(served, key=lambda pair: pair[1]):
        equal = position in cohort
        worst = max(worst, (newest_outside if equal else newest) - at_us)
        newest = max(newest, at_us)
        if not equal:
            newest_outside = max(newest_outside, at_us)
    return worst


def kendall_tau_b(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return how far two rankings of the same fans agree, as τ-b: 1 is the same, −1 reversed.

    None when either ranks nobody before another. O(n log n), after Knight (1966).
    """
    ordered = sorted(pairs)
    all_pairs = _pairs(len(pairs))
    tied_first = sum(_pairs(n) for n in Counter(x for x, _ in pairs).values())
    tied_second = sum(_pairs(n) for n in Counter(y for _, y in pairs).values())
    tied_both = sum(_pairs(n) for n in Counter(pairs).values())
    most = (all_pairs - tied_first) * (all_pairs - tied_second)
    if not most:
        return None
    against = _falls([y for _, y in ordered])
    return (all_pairs - tied_first - tied_second + tied_both - 2 * against) / sqrt(most)


def unrelated_p(tau: float, count: int) -> float:
    """Return the chance of so large a τ, either way, between unrelated rankings without ties."""
    z = 3 * tau * sqrt(count * (count - 1)) / sqrt(2 * (2 * count + 5))
    return erfc(abs(z) / sqrt(2))


def bot_advantage_ratio(
    bots_admitted: int, admitted: int, bots: int, entrants: int
) -> float | None:
    """Return BAR: the bots' share of admissions over their share of entrants. 1 is no advantage.

    None when nobody was admitted or there were no bots.
    """
    return bots_admitted * entrants / (admitted * bots) if admitted and bots else None


def latency_equity(fans: Sequence[tuple[float, int]]) -> float | None:
    """Return LE: the admission chance of the slowest network quartile over that of the fastest.

    `fans` are (network delay, times admitted), only of those who entered in the opening window.
    None for fewer than four fans, or when nobody of the fastest quartile was admitted.
    """
    ordered = sorted(fans, key=lambda fan: fan[0])
    quartile = len(ordered) // 4
    fastest = sum(times for _, times in ordered[:quartile])
    slowest = sum(times for _, times in ordered[len(ordered) - quartile :])
    return slowest / fastest if fastest else None


def draw_p(leaves: Sequence[bytes], seeds: Iterable[bytes]) -> float:
    """Return the χ² p-value of every order of `leaves` being drawn equally often over `seeds`.

    For a few leaves only: k of them have k! orders, and each order should be expected five times.
    """
    drawn = Counter(tuple(draw.order(seed, leaves)) for seed in seeds)
    orders = list(permutations(range(len(leaves))))
    expected = drawn.total() / len(orders)
    statistic = sum((drawn[order] - expected) ** 2 / expected for order in orders)
    return chi_square_p(statistic, len(orders) - 1)


def chi_square_p(statistic: float, freedom: int) -> float:
    """Return the chance that χ² with `freedom` degrees is at least `statistic`. Exact."""
    if statistic <= 0:
        return 1.0
    half = statistic / 2
    odd = freedom % 2
    tail = erfc(sqrt(half)) if odd else 0.0
    for n in range(freedom // 2):
        power = n + odd / 2
        tail += exp(power * log(half) - half - lgamma(power + 1))
    return min(1.0, tail)


def _overtaken(served: Served, delta_us: int) -> list[int]:
    times = sorted(at_us for at_us, _ in served)
    before, counts = _Counts(len(times)), [0] * len(served)
    by_position = sorted(range(len(served)), key=lambda index: served[index][1])
    for seen, index in enumerate(by_position):
        at_us = served[index][0]
        counts[index] = seen - before.up_to(bisect_right(times, at_us + delta_us))
        before.add(bisect_left(times, at_us) + 1)
    return counts


def _falls(values: Sequence[float]) -> int:
    """Return the pairs of which the first is greater."""
    sizes = [len(list(same)) for _, same in groupby(sorted(values))]
    ends = dict(zip(sorted(set(values)), accumulate(sizes), strict=True))
    before, falls = _Counts(len(values)), 0
    for seen, value in enumerate(values):
        falls += seen - before.up_to(ends[value])
        before.add(ends[value])
    return falls


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


class _Counts:
    """A Fenwick tree: how many of 1 … n have been added, up to any number."""

    def __init__(self, size: int) -> None:
        self._tree = [0] * (size + 1)

    def add(self, number: int) -> None:
        while number < len(self._tree):
            self._tree[number] += 1
            number += number & -number

    def up_to(self, number: int) -> int:
        total = 0
        while number:
            total += self._tree[number]
            number &= number - 1
        return total
