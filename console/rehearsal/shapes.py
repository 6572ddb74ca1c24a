"""When a crowd arrives: seconds from the start of the sale, before it as negative numbers."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

from fairness.errors import Invalid

WAITING_AT_START = 0.7  # the share of a flash crowd that is there before the start
REACTION_MEDIAN_S, REACTION_SIGMA = 0.9, 0.6  # log-normal human reaction to a start


def flash_crowd(count: int, before_s: float, after_s: float, rng: Random) -> list[float]:
    """Return `count` sorted arrival times: most wait for the start, the rest stream in after it.

    Those who wait come thicker as the start nears; of those who come later most react to the
    start within a second or two, and the others trickle until `after_s`.
    """
    times = []
    for _ in range(count):
        if rng.random() < WAITING_AT_START:
            times.append(-before_s * (1 - rng.random() ** 0.5))
        elif rng.random() < 0.6:
            reaction = REACTION_MEDIAN_S * rng.lognormvariate(0, REACTION_SIGMA)
            times.append(min(reaction, after_s))
        else:
            times.append(after_s * rng.random() ** 1.5)
    return sorted(times)


def from_trace(path: Path, count: int, before_s: float, after_s: float, rng: Random) -> list[float]:
    """Return `count` sorted arrival times shaped as the steepest hour of a trace.

    The trace is CSV with a header and rows `minute, requests`; its 60 minutes with the largest
    rise are compressed to the run. Invalid names a row that is not a number of requests.
    """
    minutes = [requests for _, requests in read_trace(path)]
    hour = steepest_hour(minutes)
    length = before_s + after_s
    times = []
    for minute in rng.choices(range(len(hour)), weights=[max(r, 0.001) for r in hour], k=count):
        times.append((minute + rng.random()) / len(hour) * length - before_s)
    return sorted(times)


def steepest_hour(minutes: list[float]) -> list[float]:
    """Return the 60 consecutive values whose second half exceeds the first by the most."""
    if len(minutes) <= 60:
        return minutes
    sums = [0.0]
    for value in minutes:
        sums.append(sums[-1] + value)

    def rise(start: int) -> float:
        return sums[start + 60] - 2 * sums[start + 30] + sums[start]

    best = max(range(len(minutes) - 59), key=rise)
    return minutes[best : best + 60]


def read_trace(path: Path) -> list[tuple[str, float]]:
    """Return (minute as it is written, requests) of every row; Invalid names a wrong one."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))[1:]
        minutes = [(row[0], float(row[-1])) for row in rows if row]
    except ValueError as error:
        raise Invalid(
            f"{path.name}: {error}",
            field="trace",
            rule="rows of a time and a number of requests",
            remedy="correct the row, or leave --trace out",
        ) from error
    if sum(requests for _, requests in minutes) <= 0:
        raise Invalid(
            f"{path.name} holds no requests",
            field="trace",
            rule="at least one row with requests",
            remedy="name another file, or leave --trace out",
        )
    return minutes
