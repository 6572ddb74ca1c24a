"""Where gates are kept: DOORS, one item per gate and one (`rules`) per performance; ENTRIES, one
item per ticket that a gate saw or that was annulled.

An entry is written over the revision that was read, so of two gates that scan one ticket at the
same moment one must read again. The ticket learns in the same transaction that it was used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.gate.model import Entry, Gate, Rules, Scan
from boxoffice.tables import DOORS, ENTRIES, TICKETS

# The guard of one entry per ticket.
UNCHANGED = "attribute_not_exists(ticket_id) OR revision = :seen"
RULES = "rules"
STATE = {"#state": "state"}


class GateStore:
    """Reads and writes of DOORS and ENTRIES, and the tickets' state and time of entry."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def put_gate(self, gate: Gate) -> None:
        """Keep a gate."""
        self._db.put(DOORS, asdict(gate))

    def gate(self, performance_id: str, gate_id: str) -> Gate | None:
        """Return the gate, as it is now, or None."""
        item = self._db.get(DOORS, performance_id=performance_id, gate_id=gate_id)
        return Gate.of(item) if item and gate_id != RULES else None

    def gates(self, performance_id: str) -> list[Gate]:
        """Return the gates of a performance, the oldest first."""
        items = self._db.query(DOORS, performance_id=performance_id)
        gates = (Gate.of(item) for item in items if item["gate_id"] != RULES)
        return sorted(gates, key=lambda gate: (gate.made_us, gate.gate_id))

    def revoke(self, performance_id: str, gate_id: str, now_us: int) -> bool:
        """Close a gate for good; False when there is none. Twice is once."""
        key = {"performance_id": performance_id, "gate_id": gate_id}
        change = "SET revoked_us = if_not_exists(revoked_us, :now)"
        try:
            self._db.write(
                self._db.update_(DOORS, key, change, "attribute_exists(until_us)", now=now_us)
            )
        except ConditionFailed:
            return False
        return True

    def rules(self, performance_id: str) -> Rules:
        """Return what the gates accept; the defaults when nobody said otherwise."""
        item = self._db.get(DOORS, performance_id=performance_id, gate_id=RULES)
        return Rules(item["printed"], item["names"]) if item else Rules()

    def put_rules(self, performance_id: str, rules: Rules) -> None:
        """Keep what the gates accept."""
        key = {"performance_id": performance_id, "gate_id": RULES}
        self._db.put(DOORS, {**key, **asdict(rules)})

    def entry(self, performance_id: str, ticket_id: str) -> Entry:
        """Return what the gates saw of a ticket, as it is now."""
        item = self._db.get(ENTRIES, performance_id=performance_id, ticket_id=ticket_id)
        return Entry.of(item) if item else Entry(ticket_id)

    def entries(self, performance_id: str) -> Iterator[Entry]:
        """Yield every ticket that the gates saw, or that was annulled."""
        items = self._db.query(ENTRIES, performance_id=performance_id)
        return (Entry.of(item) for item in items)

    def add(self, performance_id: str, seen: Entry, scan: Scan, *, must_be_valid: bool) -> None:
        """Write `scan` on top of what was seen; ConditionFailed when that has changed meanwhile."""
        valid = " AND #state = :valid" if must_be_valid else ""
        self._db.transact(
            [
                self._entry_(performance_id, replace(seen, scans=(*seen.scans, scan))),
                self._db.update_(
                    TICKETS,
                    {"ticket_id": seen.ticket_id},
                    "SET entered_us = :at",
                    f"attribute_exists(ticket_id){valid}",
                    STATE if valid else None,
                    at=min([scan.at_us, *(s.at_us for s in seen.scans)]),
                    **({"valid": "valid"} if valid else {}),
                ),
            ]
        )

    def annul(self, performance_id: str, seen: Entry, because: str) -> None:
        """Annul a valid ticket; ConditionFailed when it, or what was seen, has changed."""
        self._db.transact(
            [
                self._entry_(performance_id, replace(seen, annulled=because)),
                self._db.update_(
                    TICKETS,
                    {"ticket_id": seen.ticket_id},
                    "SET #state = :annulled",
                    "#state = :valid",
                    STATE,
                    annulled="annulled",
                    valid="valid",
                ),
            ]
        )

    def _entry_(self, performance_id: str, entry: Entry) -> Write:
        item: Item = {
            "performance_id": performance_id,
            "ticket_id": entry.ticket_id,
            "scans": [asdict(scan) for scan in entry.scans],
            "revision": entry.revision + 1,
            **({"annulled": entry.annulled} if entry.annulled is not None else {}),
        }
        return self._db.put_(ENTRIES, item, UNCHANGED, seen=entry.revision)
