"""What is known about the waiting in a sale, kept from tick to tick."""

from __future__ import annotations

from fairness import keys
from fairness.clock import SECOND
from fairness.eta import Estimator, Seen, Told
from fairness.line import LineStatus
from workers import clients


def look(status: LineStatus, turn_us: int) -> Told:
    """Learn from the line as it is now; return what fans are told about their waiting.

    Two ticks at once may lose what one of them saw; the next look makes up for it.
    """
    store, key = clients.redis(), keys.eta(status.sale_id)
    estimator = _known(store.get(key)) or Estimator(turn_us / SECOND)  # type: ignore[arg-type]
    estimator.look(seen(status))
    store.set(key, estimator.to_json())
    return estimator.told()


def seen(status: LineStatus) -> Seen:
    """Return the line as far as the waiting depends on it."""
    return Seen(
        status.now_us,
        status.status == "open",
        status.served_place,
        status.placed,
        status.called,
        status.slots,
        status.capacity,
        status.rate_per_s,
    )


def _known(text: str | None) -> Estimator | None:
    try:
        return Estimator.from_json(text) if text else None
    except (TypeError, ValueError):  # of another version: what it learned is learned again
        return None
