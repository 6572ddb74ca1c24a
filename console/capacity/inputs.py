"""What the model starts from: the sale, what was measured, and what things cost."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from fairness.errors import Invalid


def given(default: float, text: str, bench: str = "") -> Any:
    """Return a field with its default, what it means, and the benchmark that measures it."""
    return field(default=default, metadata={"text": text, "bench": bench})


@dataclass(frozen=True, slots=True)
class Demand:
    """The sale."""

    fans: float = given(14e6, "people who join a line")
    seats: float = given(2e6, "seats on sale")
    requests: float = given(3.5e9, "requests of all kinds, bots included, while it lasts")
    lines: float = given(52, "sales with a line of their own (dates)")
    busiest: float = given(2, "how much larger the busiest line is than the mean")
    join_s: float = given(1800, "seconds in which nine fans of ten join")
    peak: float = given(5, "the busiest second of joins, over the mean of that time")
    sell_s: float = given(28_800, "seconds until the seats are sold")
    seats_per_order: float = given(2.4, "seats in an order")
    tried: float = given(1.5, "holds for every order that is paid in the end")
    new: float = given(0.5, "share of fans who sign up for it")
    burst_seats: float = given(60_000, "seats of one sale that go at once")
    burst_s: float = given(60, "seconds in which these go")


@dataclass(frozen=True, slots=True)
class Measured:
    """What this software does on one core. Benchmarks replace these where they were run."""

    joins: float = given(9_000, "joins a second and core of a front end", "arrivals_per_s_per_core")
    places: float = given(
        15_000, "own places looked up a second and core", "place_lookups_per_s_per_core"
    )
    places_per_minute: float = given(
        0.55, "requests that reach Python per waiting fan and minute", "requests_per_fan_minute"
    )
    store_joins: float = given(20_000, "joins a second of one store (44 µs of its CPU each)")
    fan_bytes: float = given(
        700, "bytes per fan in the store, all keys, before the draw", "line_peak_bytes_per_fan"
    )
    draw_s: float = given(25, "CPU s to close and draw 1,000,000 fans", "window_close_draw_s")
    orders: float = given(80, "orders a second, held and paid, on two cores", "orders_per_s")
    log_bytes_fan: float = given(
        80, "bytes in the log per fan: arrival, place, call, tiles", "log_bytes_per_arrival"
    )
    log_bytes_order: float = given(900, "bytes in the log per order: held, sold, tiles")
    task_ms: float = given(2.1, "ms of CPU per task, sender and worker together")
    load: float = given(0.7, "how busy a core may be at the peak")
    static_bytes: float = given(45_000, "bytes of a first visit: page, style, scripts, packed")
    board_bytes: float = given(700, "bytes of a board, packed")
    edge_places: float = given(20, "caches at the edge that ask the origin, once a second and line")
    store_gb: float = given(12, "GB of a store that its lines may fill")


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost, in one currency. The defaults are list prices of 2026; change them."""

    core_hour: float = given(0.045, "one core for an hour")
    store_hour: float = given(0.35, "one store with its replica for an hour")
    write_million: float = given(0.625, "a million write units, on demand")
    read_million: float = given(0.125, "a million read units, on demand")
    edge_gb: float = given(0.05, "a GB from the edge")
    edge_million: float = given(0.75, "a million requests at the edge")
    mail_thousand: float = given(0.10, "a thousand mails")
    log_gb: float = given(0.03, "a GB of log kept for a month")


T = TypeVar("T", Demand, Measured, Prices)


def measured(base: Measured, bench: Path) -> tuple[Measured, list[str]]:
    """Return `base` with what is in the benchmarks' file, and the names of what was taken from it.

    Invalid when the file is there and is not one of ours.
    """
    if not bench.is_file():
        return base, []
    try:
        rows = {row["name"]: float(row["value"]) for row in json.loads(bench.read_text())}
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(
            f"{bench} is not a file of figures",
            field="--bench",
            value=str(bench),
            rule="what `python -m bench` writes",
            remedy="run it again, or name another file",
        ) from error
    known = {f.name: rows[b] for f in fields(base) if (b := f.metadata["bench"]) in rows}
    return replace(base, **known), sorted(known)


def changed(base: T, values: dict[str, float | None]) -> T:
    """Return `base` with the values that are given; Invalid unless each is above nought."""
    mine = {f.name for f in fields(base)}
    chosen = {name: value for name, value in values.items() if name in mine and value is not None}
    for name, value in chosen.items():
        if value <= 0:
            raise Invalid(
                f"{name} is {value:g}",
                field=f"--{name.replace('_', '-')}",
                value=value,
                rule="above nought",
                remedy="leave it out to take the default",
            )
    return replace(base, **chosen)
