"""Which act leads from which state to which. Pure."""

from __future__ import annotations

from dataclasses import replace

from boxoffice.sales.model import CLOSED, DRAFT, OPEN, PAUSED, SCHEDULED, Sale
from fairness.errors import Conflict

RUNNING = (SCHEDULED, OPEN, PAUSED)
STEPS = {  # act -> the state it leads to, and from which
    "schedule": (SCHEDULED, (DRAFT,)),
    "open": (OPEN, (SCHEDULED,)),
    "pause": (PAUSED, (OPEN,)),
    "resume": (OPEN, (PAUSED,)),
    "close": (CLOSED, RUNNING),
}


def step(sale: Sale, act: str) -> Sale:
    """Return the sale after `act`, or as it is when it stands there already; Conflict."""
    to, allowed = STEPS[act]
    if sale.state == to:
        return sale
    need_state(sale, act, *allowed)
    return replace(sale, state=to)


def opened(sale: Sale, now_us: int, *, early: bool) -> Sale:
    """Return the open sale; Conflict after its end, and before its time unless `early`."""
    after = step(sale, "open")
    if after is sale:
        return sale
    if sale.manifest.ends_at_us <= now_us:
        raise Conflict(
            "this sale is over",
            field="ends_at_us",
            value=sale.manifest.ends_at_us,
            rule="a sale opens before its end",
            remedy="close it",
        )
    if sale.manifest.opens_at_us <= now_us:
        return after
    if not early:
        raise Conflict(
            "it is not time to open this sale",
            field="opens_at_us",
            value=sale.manifest.opens_at_us,
            rule="the line opens when the manifest says, or by an act of the organiser",
        )
    # Earlier only makes the opening window longer: its draw leaves nobody worse off.
    return replace(after, manifest=replace(sale.manifest, opens_at_us=now_us))


def need_state(sale: Sale, act: str, *allowed: str) -> None:
    """Raise Conflict unless the sale is in one of these states."""
    if sale.state not in allowed:
        raise Conflict(
            f"this sale is {sale.state}; to {act} it must be {' or '.join(allowed)}",
            field="state",
            value=sale.state,
            rule=f"the sale is {' or '.join(allowed)}",
            remedy="look at its present state and choose another act",
        )
