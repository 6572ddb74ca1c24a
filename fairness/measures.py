"""How fair an order was. Each measure takes (arrival µs, served position) of every fan served."""

from __future__ import annotations

from collections.abc import Sequence

Served = Sequence[tuple[int, int]]


def out_of_window_inversions(served: Served, delta_us: int) -> int:
    """Return the number of pairs that arrived more than `delta_us` apart and are in wrong order.

    `delta_us` is Δ + 2ε. Nought is the promise. O(n log n).
    """
    by_time = sorted(served)
    rank = {position: i for i, position in enumerate(sorted(pos for _, pos in served), start=1)}
    earlier = _Counts(len(rank))
    inversions = count = 0
    for at_us, position in by_time:
        while by_time[count][0] < at_us - delta_us:
            earlier.add(rank[by_time[count][1]])
            count += 1
        inversions += count - earlier.up_to(rank[position])
    return inversions


def max_displacement_us(served: Served) -> int:
    """Return the longest time, µs, by which anybody served earlier had come later."""
    worst = newest = 0
    for at_us, _ in sorted(served, key=lambda pair: pair[1]):
        worst = max(worst, newest - at_us)
        newest = max(newest, at_us)
    return worst


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
