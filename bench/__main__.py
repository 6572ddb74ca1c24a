"""`python -m bench [NAME …]`: measure, print, and write build/bench.json."""

from __future__ import annotations

import sys

from bench import arrivals, orders, results

BENCHES = {"arrivals": arrivals.measure, "orders": orders.measure}


def main(names: list[str]) -> None:
    """Measure what is named, or all."""
    unknown = set(names) - BENCHES.keys()
    if unknown:
        raise SystemExit(f"no benchmark {min(unknown)}; there are {', '.join(BENCHES)}")
    for name in names or BENCHES:
        figures = BENCHES[name]()
        results.show(figures)
        results.write(figures)
    print(f"written to {results.FILE}")


main(sys.argv[1:])
