"""How fair the policy is on the crowd model, and how many bytes of log a fan costs."""

from __future__ import annotations

from bench.results import Figure
from console.measuring import modelled
from console.measuring.modelled import TWO_CLOCKS, Run
from fairness.crowdmodel import Line
from fairness.ledger import entries

COMMAND = "python -m bench fairness"
FLOORS = {
    "owi": (0, "promised, exactly"),
    "slips": (0, "promised, exactly"),
    "mtd_us": (TWO_CLOCKS.tie_us + 2 * TWO_CLOCKS.clock_bound_us, "at most, Δ + 2ε"),
    "tau_policy": (1, "promised, exactly"),
    "bar": (1.4, "at most; 10.5 with first come first served"),
    "latency_equity": (0.98, "at least"),
    "draw_p": (0.01, "above"),
}
CALL = 1_000  # fans in an entry


def measure() -> list[Figure]:
    """Return the measures of 105,000 arrivals at two skewed front ends, and of who wins."""
    run = Run()
    found = modelled.measure(run)
    if not found.kept:
        broken = ", ".join(one.name for one in found.figures if one.kept is False)
        raise SystemExit(f"a promise is broken on the model: {broken}")
    return [
        *(
            Figure(f"fair_{one.name}", one.value or 0.0, f"over n = {one.n}", *floor, COMMAND)
            for one in found.figures
            if (floor := FLOORS.get(one.name))
        ),
        _log_bytes(run),
    ]


def _log_bytes(run: Run) -> Figure:
    """Return the bytes of a fan's arrival, place and call in the log, and of their tiles."""
    stamped = modelled.two_front_ends(run)
    places, logged = Line(TWO_CLOCKS, stamped).published(bytes(32))
    places_of = list(enumerate(places, 1))
    calls = [
        entries.encode(entries.admitted("model", 0, [(fan, place) for place, fan in part]))
        for part in entries.in_parts(places_of, CALL)
    ]
    size = sum(len(entry) + 2 + 33 for entry in (*logged, *calls))  # length, hash, nodes above
    least = 22 + 8 + 4  # a name, a time, a place, as bytes
    return Figure(
        "log_bytes_per_arrival", round(size / len(stamped), 1), "bytes", least,
        "name, time and place as bare bytes", COMMAND,
    )  # fmt: skip
