"""What the log says of seats: held, sold, given back, passed on, waited for, offered.

As in `entries`, each function returns a plain dict for `Log.append`; `order` is a `commitment`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fairness.ledger.entries import Entry, of_kind


def seats_held(
    sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str], until_us: int
) -> Entry:
    """Return: the seats are set aside for this order until then; `order` is a `commitment`."""
    return of_kind(
        "seats_held",
        sale_id,
        at_us,
        order=order,
        fan=fan,
        seats=list(seats),
        until_us=until_us,
    )


def seats_sold(sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str]) -> Entry:
    """Return: the seats are the fan's; `order` is a `commitment`."""
    return of_kind("seats_sold", sale_id, at_us, order=order, fan=fan, seats=list(seats))


def seats_released(
    sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str], reason: str
) -> Entry:
    """Return: the order gave its seats back: why is a word, such as "expired" or "returned"."""
    return of_kind(
        "seats_released",
        sale_id,
        at_us,
        order=order,
        fan=fan,
        seats=list(seats),
        reason=reason,
    )


def passed_on(
    sale_id: str, at_us: int, giver: tuple[str, str], taker: tuple[str, str], seats: Sequence[str]
) -> Entry:
    """Return: a fan's seats are a friend's now; each is (order's `commitment`, fan). No price."""
    (order, fan), (to_order, to_fan) = giver, taker
    return of_kind(
        "passed_on", sale_id, at_us, order=order, fan=fan, seats=list(seats), to_order=to_order,
        to_fan=to_fan,
    )  # fmt: skip


def wish(
    sale_id: str, at_us: int, fan: str, place: int | None, count: int, tiers: Sequence[str]
) -> Entry:
    """Return: the fan waits for so many seats of these tiers (none: any); 0: no longer waits.

    `place` is theirs in the line, None without one.
    """
    return of_kind("wish", sale_id, at_us, fan=fan, place=place, count=count, tiers=list(tiers))


def offered(
    sale_id: str, at_us: int, order: str, fan: str, seats: Sequence[str], tier: str, until_us: int
) -> Entry:
    """Return: seats that came back are offered to the next fan on the waiting list, until then."""
    return of_kind(
        "offered", sale_id, at_us, order=order, fan=fan, seats=list(seats), tier=tier,
        until_us=until_us,
    )  # fmt: skip
