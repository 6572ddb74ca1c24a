"""What the line says about fans, windows and itself."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Arrival:
    """A fan joined: when, by the store's clock, and in which window."""

    fan: str
    at_us: int
    window: int
    first: bool  # this call made the arrival; False for everybody who had one already


@dataclass(frozen=True, slots=True)
class Position:
    """Where a fan stands.

    `state` is one of unknown, waiting_draw, in_line, called, inside, done, left. `ahead` counts
    the places that come before; `lead` is the fan whose place is shared, if it is another's.
    """

    state: str
    place: int | None = None
    ahead: int | None = None
    window: int | None = None
    turn_ends_us: int | None = None
    lead: str | None = None
    verdict: str = "admit"
    not_before_us: int | None = None  # the fan asked not to be called before


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A window nobody can arrive in any more: (fan, at_us) in the order of arrival."""

    number: int
    arrivals: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class LineStatus:
    """The line in numbers, at one moment of the store's clock."""

    sale_id: str
    status: str  # open, paused or closed
    rate_per_s: int
    capacity: int
    message: str
    now_us: int
    arrived: int
    merged: int
    placed: int
    served_place: int  # the newest place that was called or passed over
    called: int  # ever
    turns: int  # called, and the turn is not over
    inside: int
    done: int
    left: int
    windows_pending: int  # closed but not yet drawn
    first_undrawn: int = 0  # everybody who arrived in an earlier window has their place
    slots: int = 0  # of the shop's capacity that are in use
    holding: int = 0  # called fans whose turn lasts and who hold seats already

    def with_arrived(self, arrived: int) -> LineStatus:
        """Return the same with another number of arrivals."""
        return replace(self, arrived=arrived)
