"""`python -m bench [NAME …]`: measure, print, and write build/bench.json."""

from __future__ import annotations

import subprocess
import sys

from bench import (
    admission,
    arrivals,
    best,
    fairness,
    ledger,
    line,
    linking,
    offline,
    orders,
    polling,
    results,
    search,
)

BENCHES = {
    "admission": admission.measure,
    "arrivals": arrivals.measure,
    "best": best.measure,
    "fairness": fairness.measure,
    "ledger": ledger.measure,
    "line": line.measure,
    "linking": linking.measure,
    "offline": offline.measure,
    "orders": orders.measure,
    "polling": polling.measure,
    "search": search.measure,
}


def main(names: list[str]) -> None:
    """Measure what is named; or all, each in a process of its own with engines of its own."""
    unknown = set(names) - BENCHES.keys()
    if unknown:
        raise SystemExit(f"no benchmark {min(unknown)}; there are {', '.join(BENCHES)}")
    if len(names) == 1:
        figures = BENCHES[names[0]]()
        results.show(figures)
        results.write(figures)
        return
    for name in names or BENCHES:
        subprocess.run([sys.executable, "-m", "bench", name], check=True)
    print(f"written to {results.FILE}")


main(sys.argv[1:])
