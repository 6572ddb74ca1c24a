"""Into the line and out of it: the fan's side, and the organiser's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from fairness import keys
from fairness.clock import SECOND, iso
from fairness.errors import Conflict, Invalid, LineClosed
from fairness.ledger import entries
from fairness.line.model import Arrival, LineStatus, Position
from fairness.line.part import CHUNK, Part
from fairness.manifest import Manifest
from fairness.store import Steps, wait

STATUSES = ("open", "paused", "closed")


class Arrivals(Part):
    """Who came, when, and where they stand now."""

    def open(self, manifest: Manifest) -> None:
        """Make the line exist under these rules. Opening it again changes nothing.

        Fans can join from `opens_at_us` on. Conflict when it exists under other rules.
        """
        rules = json.dumps(manifest.to_entry(), sort_keys=True)
        if self._run("open", rules, *flat(state_fields(manifest))) != rules:
            raise Conflict(
                "this line was opened under other rules",
                field="manifest",
                rule="the rules of a line do not change once it is open",
                remedy="change its rate, capacity or message; or start another sale",
            )
        self._read(("SADD", keys.LIVE_SALES, self.sale_id))

    def control(
        self,
        *,
        status: str | None = None,
        rate_per_s: int | None = None,
        capacity: int | None = None,
        message: str | None = None,
    ) -> None:
        """Change what is given, at once and for everybody.

        A paused line takes arrivals but calls nobody; a closed one takes and calls nobody.
        Nobody who was called is sent away by any of this. NotFound, or Invalid by field.
        """
        _check("status", status, status in STATUSES, f"one of {', '.join(STATUSES)}")
        _check("rate_per_s", rate_per_s, (rate_per_s or 0) >= 1, "at least 1")
        _check("capacity", capacity, (capacity or 0) >= 1, "at least 1")
        changes = {
            "status": status, "rate_per_s": rate_per_s, "capacity": capacity, "message": message,
        }  # fmt: skip
        given = {name: value for name, value in changes.items() if value is not None}
        if given and not self._run("control", *flat(given)):
            raise self._never_opened()

    def join(self, fan: str, visit: str) -> Arrival:
        """Return the fan's arrival; joining again returns the first one.

        One round trip. Who left gets their place back, unless it has been passed over meanwhile.
        LineClosed before the line opens and after it closes; NotFound when there is none.
        """
        return wait(self.joining(fan, visit))

    def joining(self, fan: str, visit: str) -> Steps[Arrival]:
        """Do what `join` does, in steps."""
        answer = yield self._of(fan)._call("join", fan, visit)
        if isinstance(answer, str):
            raise self._not_open() if answer != "unknown" else self._never_opened()
        at_us, window, first = answer
        return Arrival(fan, at_us, window, first == 1)

    def leave(self, fan: str) -> bool:
        """Take the fan out of the line, and out of the shop; return whether they were in it.

        NoLine when there is none.
        """
        answer = self._run("leave", fan, *(1 for _ in self._elsewhere(fan)))
        if answer == "no line":
            raise self._never_opened()
        return bool(answer)

    def position(self, fan: str) -> Position:
        """Return where the fan stands, in one round trip; state "unknown" before they join.

        NoLine when there is none.
        """
        return wait(self.positioning(fan))

    def positioning(self, fan: str) -> Steps[Position]:
        """Do what `position` does, in steps."""
        elsewhere = yield from self._stamped(fan)
        state, *rest = yield self._call("position", fan, *elsewhere)
        if state == "no line":
            raise self._never_opened()
        if not rest:
            return Position(state)
        verdict, lead, window, place_text, served, ends, not_before = rest
        place = int(place_text) if place_text else None
        return Position(
            state=state,
            place=place,
            ahead=max(0, place - int(served) - 1) if place and state == "in_line" else None,
            window=window,
            turn_ends_us=int(ends) if ends else None,
            lead=lead,
            verdict=verdict,
            not_before_us=int(not_before) if not_before else None,
        )

    def arrived(self, fan: str) -> int | None:
        """Return when the fan first joined, µs; None when they never did."""
        (at_us,) = self._run("came", fan)
        return None if at_us is None else int(at_us)

    def arrivals(self) -> list[tuple[str, int]]:
        """Return (fan, at_us) of everybody who ever joined, in the order of arrival."""
        found = list(self._scored(keys.arrivals(self.sale_id)))
        placed = [fan for fan, _ in self._scored(keys.line(self.sale_id))]
        for part in entries.in_parts(placed, CHUNK):
            times = self._run("came", *part)
            found += [(fan, int(at)) for fan, at in zip(part, times, strict=True) if at is not None]
        return sorted(set(found), key=lambda arrival: arrival[1])

    def visits(self, window: int, fans: Iterable[str]) -> dict[str, str]:
        """Return what `join` was told about these fans, who arrived in this window.

        Who did not is left out, and everybody once the window is committed.
        """
        return self._fields(self._visits(window), fans)

    def drop_visits(self, window: int) -> None:
        """Forget what `join` was told about the fans of a window: nobody will ask for it again."""
        cursor = "0"
        while (cursor := str(self._run("drop", window, cursor, CHUNK))) != "0":
            pass

    def status(self) -> LineStatus:
        """Return the line in numbers, all of one moment; NotFound when it was never opened."""
        of = self.sale_id
        state, *counts, (seconds, micros) = self._read(
            ("HGETALL", keys.state(of)),
            ("ZCARD", keys.arrivals(of)), ("HLEN", keys.merged(of)), ("ZCARD", keys.line(of)),
            ("ZCARD", keys.called(of)), ("ZCARD", keys.turns(of)), ("SCARD", keys.inside(of)),
            ("HLEN", keys.done(of)), ("SCARD", keys.left(of)), ("HKEYS", keys.windows(of)),
            ("ZCARD", keys.slots(of)), ("ZCARD", keys.holding(of)), ("TIME",),
        )  # fmt: skip
        if not state:
            raise self._never_opened()
        arrived, merged, placed, called, turns, inside, done, left, pending, slots, holding = counts
        return LineStatus(
            sale_id=of, status=state["status"], rate_per_s=int(state["rate_per_s"]),
            capacity=int(state["capacity"]), message=state["message"],
            now_us=int(seconds) * SECOND + int(micros),
            arrived=arrived + int(state.get("moved", 0)), merged=merged, placed=placed,
            served_place=int(state["served"]), called=called, turns=turns,
            inside=inside, done=done, left=left,
            windows_pending=len(pending), first_undrawn=_first_undrawn(state, pending),
            slots=slots, holding=holding,
        )  # fmt: skip

    def retire(self) -> None:
        """Let the ticks look after this line no longer; everything in it stays readable."""
        self._read(("SREM", keys.LIVE_SALES, self.sale_id))

    def forget(self) -> None:
        """Remove every trace of this line from the store; its log stays."""
        self.retire()
        every = list(self._redis.scan_iter(match=keys.everything(self.sale_id), count=1000))
        if every:
            self._read(("UNLINK", *every))
        self._manifest = None

    def _not_open(self) -> LineClosed:
        rules = self.manifest()
        return LineClosed(
            f"this line is open from {iso(rules.opens_at_us)} to {iso(rules.ends_at_us)}, "
            "unless the organiser closes it earlier",
            field="sale",
            value=self.sale_id,
            rule="joining needs an open line",
            remedy="come back when it is open; joining early gives no advantage",
        )


def state_fields(manifest: Manifest) -> dict[str, str | int]:
    """Return the fields of a new line's state under these rules, all but the rules themselves."""
    return {
        "status": "open", "message": "",
        "rate_per_s": manifest.rate_per_s, "capacity": manifest.capacity,
        "opens_at_us": manifest.opens_at_us, "ends_at_us": manifest.ends_at_us,
        "shut_us": manifest.window_ends_us(0), "tie_us": manifest.tie_us,
        "turn_us": manifest.turn_us, "away_us": manifest.away_us,
        "last_us": 0, "closed_us": 0, "served": 0, "bucket_us": 0, "moved": 0,
    }  # fmt: skip


def _first_undrawn(state: dict[str, str], pending: list[str]) -> int:
    """Return the first window that waits for its draw, or else the first that is still open."""
    if pending:
        return min(map(int, pending))
    since_us = int(state["closed_us"]) - int(state["shut_us"])
    return 0 if since_us < 0 else 1 + since_us // int(state["tie_us"])


def flat(fields: Mapping[str, str | int]) -> list[str | int]:
    """Return name, value, name, value …"""
    return [part for pair in fields.items() for part in pair]


def _check(field: str, value: object, holds: bool, rule: str) -> None:
    if value is not None and not holds:
        raise Invalid(
            f"{field} is {value}",
            field=field,
            value=value,
            rule=rule,
            remedy=f"set {field} to {rule}",
        )
