"""Seats held back go on sale in stages: at once, or at a time that is planned. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from boxoffice.checks import whole
from boxoffice.sales import acts
from boxoffice.sales.model import Sale
from fairness.errors import Invalid

MOST_PLANNED = 50


def released(sale: Sale, reason: str, seat_ids: Sequence[str] = ()) -> Sale:
    """Return the sale with these seats (none named: all) of a reason on sale; Invalid, Conflict.

    Seats that were released before stay so.
    """
    acts.need_state(sale, "release seats", *acts.RUNNING)
    _check_reason(sale, reason)
    for seat_id in seat_ids:
        if sale.held_back.get(seat_id, reason) != reason:
            raise Invalid(
                f"{seat_id} is held back for another reason",
                field="seats",
                value=seat_id,
                rule=f"seats held back for {reason}",
                remedy="release it under its own reason",
            )
    going = set(seat_ids) or {seat for seat, why in sale.held_back.items() if why == reason}
    kept = {seat: why for seat, why in sale.held_back.items() if seat not in going}
    plans = {r: at for r, at in sale.releases.items() if r in set(kept.values())}
    return replace(sale, held_back=kept, releases=plans)


def planned(sale: Sale, reason: str, at_us: int | None, now_us: int) -> Sale:
    """Return the sale with a time for the seats of a reason; None: they wait for an act."""
    acts.need_state(sale, "plan a release", *acts.RUNNING)
    _check_reason(sale, reason)
    plans = {r: at for r, at in sale.releases.items() if r != reason}
    if at_us is not None:
        plans[reason] = whole("at", at_us, now_us, sale.manifest.ends_at_us)
    whole("releases", len(plans), 0, MOST_PLANNED)
    return replace(sale, releases=plans)


def changes(before: Sale, after: Sale) -> dict[str, Any]:
    """Return what the log says of seats that were released or planned: reasons and numbers."""
    said: dict[str, Any] = {}
    gone = {s: why for s, why in before.held_back.items() if s not in after.held_back}
    if gone:
        said["released"] = dict(sorted(Counter(gone.values()).items()))
    if before.releases != after.releases:
        said["planned"] = dict(sorted(after.releases.items()))
    return said


def reasons(sale: Sale) -> list[str]:
    """Return why seats of the sale are held back: as it promised, and those blocked since."""
    return sorted({*sale.manifest.held_back, *sale.held_back.values()})


def _check_reason(sale: Sale, reason: str) -> None:
    known = reasons(sale)
    if reason not in known:
        raise Invalid(
            f"no seats are held back for {reason!r:.60}",
            field="reason",
            value=reason[:60],
            rule=f"one of {', '.join(known) or 'none: nothing is held back'}",
            remedy="choose a reason that seats of the sale are held back for",
        )
