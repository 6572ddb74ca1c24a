"""What a machine's clock looks like in the times of its joins."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

FEWEST = 10  # joins, before their rhythm says anything
# Below this the store's own queue sets the rhythm, whoever is joining.
SHORTEST_GAP_US = 5_000
_NEAR, _SHARE = 0.1, 0.8


def is_regular(times_us: Sequence[int]) -> bool:
    """Return whether most gaps between the joins are within a tenth of the median gap.

    Among people arriving independently about 7 in 100 gaps are. A few gaps that are off, such as
    a retry, do not hide the rhythm.
    """
    if len(times_us) < FEWEST:
        return False
    gaps = [later - earlier for earlier, later in pairwise(sorted(times_us))]
    middle = median(gaps)
    if middle < SHORTEST_GAP_US:
        return False
    near = sum(abs(gap - middle) <= _NEAR * middle for gap in gaps)
    return near >= _SHARE * len(gaps)
