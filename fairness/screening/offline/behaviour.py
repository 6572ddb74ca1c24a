"""What makes an actor of a table a machine: `derive` completes the columns, METHOD judges.

A machine is fast, even, everywhere, and does not tire. The limits below are of people, not of any
data: a hand needs a fifth of a second to answer a signal and about one to choose something.
"""

from __future__ import annotations

import math

from fairness.screening.model import Finding
from fairness.screening.offline.evidence import Family, Trait, Values
from fairness.screening.offline.judging import Method, number
from fairness.screening.offline.rhythm import steadiness

COLUMNS = (
    "attempts", "targets", "pages", "devices", "countries", "addresses",
    "gap_mean_s", "gap_median_s", "gap_std_s", "first_gap_s",
)  # fmt: skip
_COUNTS = COLUMNS[:6]
COARSE = "gaps_in_seconds"  # 1 where times were kept in whole seconds

FEWEST_FOR_SPEED = 5  # attempts
_FEW_GAPS = 4.0  # where they differ, and nothing says how many there were
FEWEST_FOR_RHYTHM = 10

_SPEED = ((0.05, 0.85), (0.2, 0.7), (0.5, 0.5), (1.0, 0.3))  # under this gap, this weight
_RHYTHM = ((0.05, 0.8), (0.15, 0.6), (0.3, 0.3))  # under this std/mean, this weight
_PLACES = {  # column: "many" and "very many", for a person
    "countries": (10, 40),
    "addresses": (100, 1000),
    "devices": (50, 300),
}


def derive(row: Values) -> dict[str, float | None]:
    """Return the columns of `row` (each ≥ 0 or None) and what follows from them."""
    values = {name: row.get(name) for name in (*COLUMNS, COARSE)}
    if values["attempts"] is not None and values["attempts"] < 2:  # there was no gap
        values |= {"gap_mean_s": None, "gap_median_s": None, "gap_std_s": None}
    gaps = _gaps(values)
    return values | {"gaps": gaps} | _of_times(values, gaps) | _of_counts(values, gaps)


def _gaps(values: Values) -> float | None:
    """Return how many gaps there were, or at least were: each different thing took an attempt."""
    counts = [count for name in _COUNTS if (count := values[name]) is not None]
    least = max(max(counts) - 1, 0.0) if counts else None
    if values["attempts"] is not None or values["gap_std_s"] is None:
        return least
    if values["gap_std_s"] == 0:
        return 1.0  # far more often one gap than many equal ones
    return max(least or 0.0, _FEW_GAPS)


def _of_times(values: Values, gaps: float | None) -> dict[str, float | None]:
    mean, middle, spread = values["gap_mean_s"], values["gap_median_s"], values["gap_std_s"]
    usual = middle if mean is None else mean
    span = mean * gaps if mean is not None and gaps else None
    uneven = _ratio(spread, usual)
    return {
        "gap_s": mean if middle is None else middle,
        "targets_per_hour": _ratio(values["targets"], None if span is None else span / 3600),
        "unevenness": uneven,
        # A long pause makes any rhythm uneven, and who acts often has one: beyond what chance
        # alone would do, more unevenness says no more.
        "steadiness": steadiness(uneven, gaps),
        "evenness": _ratio(middle, mean),
        "lopsidedness": None
        if mean is None or middle is None
        else _ratio(max(mean - middle, 0.0), spread),
    }


def _of_counts(values: Values, gaps: float | None) -> dict[str, float | None]:
    attempts = values["attempts"]
    acted = None if gaps is None else gaps + 1
    fresh = {f"new_{name}": _newness(values[name], acted) for name in _COUNTS[1:]}
    return fresh | {
        "attempts_per_target": _ratio(attempts, values["targets"]),
        "pages_per_device": _ratio(values["pages"], values["devices"]),
        "pages_per_address": _ratio(values["pages"], values["addresses"]),
        "addresses_per_device": _ratio(values["addresses"], values["devices"]),
        "targets_per_page": _ratio(values["targets"], values["pages"]),
    }


def _newness(different: float | None, acted: float | None) -> float | None:
    """Return 0 (always the same) to 1 (a new one each time), however often somebody acts.

    The number of different ones grows as a power of the number seen (Heaps): this is the exponent.
    """
    if different is None or acted is None or acted < 2:
        return None
    return math.log(max(different, 1.0)) / math.log(acted)


def superhuman_speed(values: Values) -> Finding | None:
    """Strong below 0.05 s, weak at a second: hands do not go faster, for long."""
    gap, attempts = values["gap_s"], values["attempts"]
    if gap is None or (FEWEST_FOR_SPEED if attempts is None else attempts) < FEWEST_FOR_SPEED:
        return None
    if attempts is None and not values["gap_std_s"]:
        return None  # it may be one double click
    weight = _under(gap, _SPEED)
    if values.get(COARSE) and weight:
        weight = 0.3  # "0" then means anything below a second
    if attempts is None or attempts < 2 * FEWEST_FOR_SPEED:
        weight = min(weight, 0.5)
    told = f"gaps between actions are {number(gap)} s in the middle; people need longer"
    return Finding("superhuman_speed", weight, told) if weight else None


def clockwork(values: Values) -> Finding | None:
    """Strong when all gaps are the same: what people do spreads at least as chance does."""
    uneven, attempts, mean = values["unevenness"], values["attempts"], values["gap_mean_s"]
    if not uneven and attempts is None:
        return None  # one gap is like itself
    if uneven is None or (attempts is not None and attempts < FEWEST_FOR_RHYTHM):
        return None
    if values.get(COARSE) and (mean or 0) < 3:
        return None  # rounding to seconds alone makes short gaps look the same
    weight = _under(uneven, _RHYTHM) * (0.3 if attempts is None else 1.0)
    told = f"gaps between actions differ by only {uneven:.0%} of their length, as a clock's do"
    return Finding("clockwork", weight, told) if weight else None


def instant_start(values: Values) -> Finding | None:
    """Weak: nobody reacts in a tenth of a second, but a click can fall there."""
    first = values["first_gap_s"]
    if first is None or first >= 0.1 or values.get(COARSE):
        return None
    told = f"began {number(first)} s after it could; people take longer to react"
    return Finding("instant_start", 0.2, told)


def many_places(values: Values) -> Finding | None:
    """Weak: travellers, relays and phone networks change addresses too, if not as often."""
    weight, named = 0.0, []
    for column, (many, very_many) in _PLACES.items():
        value = values[column]
        if value is not None and value >= many:
            weight = max(weight, 0.3 if value >= very_many else 0.15)
            named.append(f"{number(value)} {column}")
    told = f"came from {', '.join(named)}: more than one person has"
    return Finding("many_places", weight, told) if named else None


def everywhere_at_once(values: Values) -> Finding | None:
    """Up to firm: more different targets in an hour than a person can look at."""
    rate, targets = values["targets_per_hour"], values["targets"]
    if rate is None or targets is None or targets < 20 or rate < 600:
        return None
    told = f"went for {number(targets)} targets, at a rate of {number(rate)} an hour"
    return Finding("everywhere_at_once", 0.5 if rate >= 3600 else 0.3, told)


METHOD = Method(
    traits=(
        Trait("attempts", "volume", told="acted {value} times"),
        Trait("targets", "volume", 0.5, told="went for {value} targets"),
        Trait("addresses", "spread", told="used {value} addresses"),
        Trait("devices", "spread", told="used {value} devices"),
        Trait("countries", "spread", told="came from {value} countries"),
        Trait("pages", "spread", 0.3, told="came through {value} pages"),
        Trait("new_addresses", "newness", counted="gaps", many=10,
              told="comes from new addresses again and again"),
        Trait("new_countries", "newness", 0.7, counted="gaps", many=10),
        Trait("new_devices", "newness", 0.5, counted="gaps", many=10),
        Trait("gap_s", "speed", high=False, counted="gaps", many=4,
              told="waits {value} s between actions"),
        Trait("gap_mean_s", "speed", 0.7, high=False, counted="gaps", many=4),
        Trait("targets_per_hour", "speed", 0.3, counted="gaps", many=10,
              told="reaches {value} targets an hour"),
        Trait("steadiness", "rhythm", told="pauses more evenly than people do"),
        Trait("first_gap_s", "reaction", high=False, told="began after {value} s"),
    ),
    families={
        "volume": Family(1.0, 0.5), "spread": Family(0.8, 0.2), "newness": Family(0.5, 0.0),
        "speed": Family(1.0, 0.3), "rhythm": Family(0.6), "reaction": Family(0.2, 0.35),
    },
    rules=(superhuman_speed, clockwork, instant_start, many_places, everywhere_at_once),
)  # fmt: skip


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _under(value: float, steps: tuple[tuple[float, float], ...]) -> float:
    return next((weight for limit, weight in steps if value < limit), 0.0)
