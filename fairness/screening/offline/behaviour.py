"""What makes an actor of a table a machine: `derive` completes the columns, METHOD judges.

A machine is fast, even, everywhere, and does not tire. The limits below are of people, not of any
data: a hand needs a fifth of a second to answer a signal and about one to choose something.
"""

from __future__ import annotations

from fairness.screening.model import Finding
from fairness.screening.offline.evidence import Trait, Values
from fairness.screening.offline.judging import Method, number

COLUMNS = (
    "attempts", "targets", "pages", "devices", "countries", "addresses",
    "gap_mean_s", "gap_median_s", "gap_std_s", "first_gap_s",
)  # fmt: skip
COARSE = "gaps_in_seconds"  # 1 where times were kept in whole seconds

FEWEST_FOR_SPEED = 5  # attempts
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
    attempts = values["attempts"]
    if attempts is not None and attempts < 2:  # whatever stands there, there was no gap
        values |= {"gap_mean_s": None, "gap_median_s": None, "gap_std_s": None}
    mean = values["gap_mean_s"]
    gaps = None if attempts is None else max(attempts - 1, 0.0)
    span = mean * gaps if mean is not None and gaps else None
    gap = values["gap_median_s"]
    return values | {
        "gaps": gaps,
        "gap_s": mean if gap is None else gap,
        "attempts_per_target": _ratio(attempts, values["targets"]),
        "pages_per_device": _ratio(values["pages"], values["devices"]),
        "pages_per_address": _ratio(values["pages"], values["addresses"]),
        "targets_per_hour": _ratio(values["targets"], None if span is None else span / 3600),
        "unevenness": (uneven := _ratio(values["gap_std_s"], mean)),
        # A long pause makes any rhythm uneven, and who acts often has one: beyond what chance
        # alone would do (1, and 0.69), more unevenness says no more.
        "rhythm": None if uneven is None else min(uneven, 1.0),
        "evenness": None if (even := _ratio(gap, mean)) is None else max(even, 0.69),
    }


def superhuman_speed(values: Values) -> Finding | None:
    """Strong below 0.05 s, weak at a second: hands do not go faster, for long."""
    gap, attempts = values["gap_s"], values["attempts"]
    if gap is None or (attempts is not None and attempts < FEWEST_FOR_SPEED):
        return None
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
    if uneven is None or (attempts is not None and attempts < FEWEST_FOR_RHYTHM):
        return None
    if values.get(COARSE) and (mean or 0) < 3:
        return None  # rounding to seconds alone makes short gaps look the same
    weight = _under(uneven, _RHYTHM) * (0.5 if attempts is None else 1.0)
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
        Trait("attempts_per_target", "volume", 0.5, told="tried each target {value} times"),
        Trait("addresses", "spread", told="used {value} addresses"),
        Trait("devices", "spread", told="used {value} devices"),
        Trait("countries", "spread", told="came from {value} countries"),
        Trait("pages", "spread", 0.3, told="came through {value} pages"),
        Trait("pages_per_device", "sweep", 0.5, told="came through {value} pages per device"),
        Trait("pages_per_address", "sweep", 0.5, told="came through {value} pages per address"),
        Trait("gap_s", "speed", high=False, counted="gaps", many=4,
              told="waits {value} s between actions"),
        Trait("gap_mean_s", "speed", 0.7, high=False, counted="gaps", many=4),
        Trait("targets_per_hour", "speed", 0.3, counted="gaps", many=10,
              told="reaches {value} targets an hour"),
        Trait("rhythm", "rhythm", high=False, counted="gaps", many=10),
        Trait("evenness", "rhythm", 0.5, counted="gaps", many=10),
        Trait("first_gap_s", "reaction", high=False, told="began after {value} s"),
    ),
    families={
        "volume": 1.0, "spread": 0.8, "speed": 1.0, "rhythm": 0.3, "reaction": 0.2, "sweep": 0.1,
    },
    rules=(superhuman_speed, clockwork, instant_start, many_places, everywhere_at_once),
)  # fmt: skip


def _ratio(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else part / whole


def _under(value: float, steps: tuple[tuple[float, float], ...]) -> float:
    return next((weight for limit, weight in steps if value < limit), 0.0)
