"""What a gate is, what it saw of a ticket, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from boxoffice.dynamo import Item

Way = Literal["in", "out"]
Reason = Literal[
    "in", "out",  # yes
    "already", "not-inside", "annulled", "returned", "forged", "old", "picture", "printed",
    "other-date", "unknown",
]  # fmt: skip
YES = frozenset({"in", "out"})


@dataclass(frozen=True, slots=True)
class Gate:
    """One place where tickets are scanned, on one device. `gate_id` is a hash of its token."""

    performance_id: str
    gate_id: str
    name: str
    until_us: int
    made_us: int
    revoked_us: int | None = None

    @classmethod
    def of(cls, item: Item) -> Gate:
        """Return the gate that the table keeps as `item`."""
        return cls(**{name: item[name] for name in cls.__dataclass_fields__ if name in item})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the gates of a performance accept. `names`: their list says who holds each ticket."""

    printed: bool = True
    names: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """Somebody was let in or out. `state` is the ticket's, when it was not valid any more."""

    scan_id: str
    gate: str
    way: Way
    at_us: int
    state: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """All that the gates saw of one ticket, in the order of time."""

    ticket_id: str
    scans: tuple[Scan, ...] = ()
    annulled: str | None = None  # why
    revision: int = 0

    @classmethod
    def of(cls, item: Item) -> Entry:
        """Return the entry that the table keeps as `item`."""
        scans = ordered(Scan(**scan) for scan in item["scans"])
        return cls(item["ticket_id"], scans, item.get("annulled"), item["revision"])

    @property
    def last(self) -> Scan | None:
        """Return the latest scan."""
        return self.scans[-1] if self.scans else None

    @property
    def inside(self) -> bool:
        """Return whether the holder is inside."""
        return self.last is not None and self.last.way == "in"

    @property
    def doubles(self) -> Sequence[tuple[Scan, Scan]]:
        """Return the pairs of entries with no exit between them; the first was there first."""
        pairs = pairwise(self.scans)
        return [(one, two) for one, two in pairs if (one.way, two.way) == ("in", "in")]

    def has(self, scan_id: str) -> bool:
        """Return whether this scan is known."""
        return any(scan.scan_id == scan_id for scan in self.scans)


def ordered(scans: Iterable[Scan]) -> tuple[Scan, ...]:
    """Return scans by time, whatever order they were merged in."""
    return tuple(sorted(scans, key=lambda scan: (scan.at_us, scan.scan_id)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate says. `other` is the scan that speaks against it, or that came first."""

    reason: Reason
    ticket_id: str = ""
    seat_id: str = ""
    because: str = ""
    other: Scan | None = None

    @property
    def yes(self) -> bool:
        """Return whether the person may pass."""
        return self.reason in YES


@dataclass(frozen=True, slots=True)
class Report:
    """What the gates of a performance saw."""

    entered: int
    inside: int
    entries: Sequence[Entry]

    @property
    def doubles(self) -> list[Entry]:
        """Return the tickets with which more than one person went in."""
        return [entry for entry in self.entries if entry.doubles]

    @property
    def stale(self) -> list[Entry]:
        """Return the tickets that were let in although they were no longer valid."""
        return [entry for entry in self.entries if any(scan.state for scan in entry.scans)]
