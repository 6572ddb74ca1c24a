"""People who were found to be one buyer after each of them had a place: they share one limit.

Each person's row in LIMITS names the group, and the group's own row has its people and counts its
turns. A hold is decided from the counts of all of them as they were read, and takes the next turn
in its transaction, so two holds that were decided on the same counts cannot both go through. Who
is not in a group pays nothing for it: the row that counts their tickets says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boxoffice.dynamo import ConditionFailed, Database, Item, Write
from boxoffice.tables import LIMITS
from fairness.errors import Contention

TRIES = 5  # how often a group is read again when others changed it meanwhile
AT_ONCE = 90  # people who are joined in one transaction


@dataclass(frozen=True, slots=True)
class Group:
    """People with one limit as they were read: `tickets` is what they hold and bought together."""

    name: str
    people: frozenset[str]
    turn: int
    tickets: int

    def has_room(self, more: int, limit: int) -> bool:
        """Return whether they may have so many more."""
        return self.tickets + more <= limit


class Groups:
    """The groups of sales. People are the `person` of orders."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of(self, sale_id: str, person: str) -> Group | None:
        """Return the group that the person is in, as it is now, or None."""
        return self.of_many(sale_id, [person]).get(person)

    def of_many(self, sale_id: str, people: Collection[str]) -> dict[str, Group]:
        """Return person -> group, for those of these people who are in one."""
        theirs = {
            person: row["grouped"]
            for person, row in self._rows(sale_id, people).items()
            if "grouped" in row
        }
        names = set(theirs.values())
        groups = {name: self._read(sale_id, name) for name in names}
        return {person: groups[name] for person, name in theirs.items()}

    def turn_(self, sale_id: str, group: Group) -> Write:
        """Return the write that takes the group's next turn; it fails if another was faster."""
        return self._db.update_(
            LIMITS,
            {"person": _row(sale_id, group.name)},
            "SET turn = :next",
            "turn = :turn",
            next=group.turn + 1,
            turn=group.turn,
        )

    def join(self, sale_id: str, people: Iterable[str]) -> int:
        """Make these people one group, with the groups that they are in; return how many are new.

        Who was set apart by hand stays apart. Twice is once. Contention when it is worth another
        try.
        """
        wanted, joined = set(people), 0
        for _ in range(TRIES):
            name, new = self._to_join(sale_id, wanted)
            try:
                for start in range(0, len(new), AT_ONCE):
                    part = dict(new[start : start + AT_ONCE])
                    self._join(sale_id, name, part)
                    joined += len(part)
            except ConditionFailed:
                continue
            return joined
        raise Contention

    def _to_join(self, sale_id: str, wanted: Collection[str]) -> tuple[str, list[tuple[str, str]]]:
        """Return the name of the group to be, and who is to move there: (person, from where)."""
        rows = self._rows(sale_id, wanted)
        here = {p: rows.get(p, {}) for p in wanted if not rows.get(p, {}).get("apart")}
        known = {row["grouped"] for row in here.values() if "grouped" in row}
        if len(here) < 2:
            return "", []
        # All who are in one of these groups come along.
        along = {p for name in known for p in self._read(sale_id, name).people} - here.keys()
        here |= {p: row for p, row in self._rows(sale_id, along).items() if "grouped" in row}
        name = min(known, default=min(here))
        before = [(person, row.get("grouped", "")) for person, row in sorted(here.items())]
        return name, [(person, group) for person, group in before if group != name]

    def part(self, sale_id: str, person: str) -> None:
        """Give the person a limit of their own, for good: no group takes them in any more."""
        for _ in range(TRIES):
            group = self.of(sale_id, person)
            mine = {"person": _key(sale_id, person)}
            writes = [
                self._db.update_(
                    LIMITS,
                    mine,
                    "SET apart = :yes, tickets = if_not_exists(tickets, :none) REMOVE grouped",
                    "grouped = :before" if group else "attribute_not_exists(grouped)",
                    yes=True,
                    none=0,
                    **(dict[str, Any](before=group.name) if group else {}),
                ),
                *([self._people_(sale_id, group.name, "DELETE", [person])] if group else []),
            ]
            try:
                return self._db.transact(writes)
            except ConditionFailed:
                continue
        raise Contention

    def _join(self, sale_id: str, name: str, before: Mapping[str, str]) -> None:
        """Move these people (person -> group, "": none) into a group, all or nothing."""
        writes = [self._member_(sale_id, p, name, group) for p, group in before.items()]
        writes.append(self._people_(sale_id, name, "ADD", list(before)))
        for other in sorted({group for group in before.values() if group}):
            gone = [p for p, group in before.items() if group == other]
            writes.append(self._people_(sale_id, other, "DELETE", gone))
        self._db.transact(writes)

    def _member_(self, sale_id: str, person: str, name: str, before: str) -> Write:
        still = "grouped = :before" if before else "attribute_not_exists(grouped)"
        return self._db.update_(
            LIMITS,
            {"person": _key(sale_id, person)},
            "SET grouped = :name, tickets = if_not_exists(tickets, :none)",
            f"{still} AND attribute_not_exists(apart)",
            name=name,
            none=0,
            **(dict[str, Any](before=before) if before else {}),
        )

    def _people_(self, sale_id: str, name: str, act: str, people: Sequence[str]) -> Write:
        return self._db.update_(
            LIMITS,
            {"person": _row(sale_id, name)},
            f"SET turn = if_not_exists(turn, :none) + :one {act} people :people",
            none=0,
            one=1,
            people=set(people),
        )

    def _read(self, sale_id: str, name: str) -> Group:
        # First the turn, then the counts: whoever changes a count in between takes a turn.
        row = self._db.get(LIMITS, person=_row(sale_id, name)) or {}
        people = frozenset(row.get("people", ()))
        counts = self._rows(sale_id, people)
        tickets = sum(int(counted.get("tickets", 0)) for counted in counts.values())
        return Group(name, people, int(row.get("turn", 0)), tickets)

    def _rows(self, sale_id: str, people: Iterable[str]) -> dict[str, Item]:
        keys = {_key(sale_id, person): person for person in people}
        found = self._db.get_many(LIMITS, [{"person": key} for key in keys])
        return {keys[row["person"]]: row for row in found}


def _key(sale_id: str, person: str) -> str:
    return f"{sale_id}#{person}"


def _row(sale_id: str, name: str) -> str:
    return f"{sale_id}#group#{name}"
