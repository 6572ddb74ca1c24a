"""What a benchmark waits for before it measures."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOKS_S = 0.1


def until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Return when `condition` is true; SystemExit with `what` when it is not in so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"not within {seconds:g} s: {what}")
        time.sleep(LOOKS_S)
