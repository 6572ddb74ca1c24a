"""What may be decided about suspects, as things stand with them."""

from __future__ import annotations

from collections.abc import Sequence

from boxoffice.sales.model import Case
from fairness import keys
from fairness.errors import Conflict, Invalid
from fairness.line import Line
from web import services

STANDING = ("held", "paid")  # orders that count for a limit


def check(sale_id: str, line: Line, act: str, cases: Sequence[Case], lead: str) -> None:
    """Return if this may be decided about these fans; Conflict or Invalid says why not."""
    fans = [case.fan for case in cases]
    if act == "split":
        _need(all(case.lead for case in cases), "not all of these share a place", "choose others")
        nothing_bought(sale_id, fans)
    elif act in ("release", "hold", "merge"):
        alone = not any(case.lead for case in cases)
        _need(alone, "some of these share a place", "split them from their group first")
    if act == "release":
        stand = all(case.verdict != "admit" for case in cases)
        _need(stand, "nothing stands against some of these", "choose others")
    if act == "merge":
        if not fans:
            raise Invalid("one fan is no group", field="fans", rule="two fans or more")
        not_called(sale_id, fans)
        placed = all(line.position(fan).place for fan in (lead, *fans))
        _need(placed, "some of these are not drawn yet", "merge them after the draw")


def _need(holds: bool, what: str, remedy: str) -> None:
    if not holds:
        raise Conflict(what, field="fans", remedy=remedy)


def not_called(sale_id: str, fans: Sequence[str]) -> None:
    """Return if none of these was called; else Conflict."""
    calls = services.redis().zmscore(keys.called(sale_id), list(fans))
    _need(
        all(call is None for call in calls),
        "some of these have been called already",
        "hold them for review instead",
    )


def nothing_bought(sale_id: str, fans: Sequence[str]) -> None:
    """Return if none of these holds or bought seats from a shared place; else Conflict."""
    orders = services.orders().of_sale(sale_id)
    theirs = (o for o in orders if o.fan in fans and o.person != o.fan and o.state in STANDING)
    _need(
        next(theirs, None) is None,
        "some of these have seats from the place that they share",
        "they keep the seats; a limit of their own would come on top",
    )
