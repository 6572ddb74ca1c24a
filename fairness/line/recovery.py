"""A line that was lost with its store: prepared aside, put into its place at one moment."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from fairness import keys
from fairness.clock import SECOND
from fairness.ledger.entries import in_parts
from fairness.ledger.history import History
from fairness.line.arrivals import state_fields
from fairness.line.model import Arrival
from fairness.line.part import Part
from fairness.line.remains import Calls, verdict_records
from fairness.manifest import Manifest

PART = 1000  # items written in one command
LOCK_MS = 10_000  # a rebuilder that is silent for so long is taken for dead
ASIDE_S = 3600  # what a dead one prepared goes by itself
# So long after the rebuilding no window is closed: a page that was asleep looks again, and its
# receipt gives the fan back their time.
GRACE_US = 60 * SECOND

Rows = Iterable[tuple[Any, ...]]


class Recovery(Part):
    """From nothing back to the line as it was, as far as the log and the orders know it."""

    def is_there(self) -> bool:
        """Return whether the store has this line."""
        (found,) = self._read(("HEXISTS", keys.state(self.sale_id), "manifest"))
        return bool(found)

    def is_noted(self) -> bool:
        """Return whether `note` was called: the log says that this line is there."""
        (found,) = self._read(("HEXISTS", keys.state(self.sale_id), "noted"))
        return bool(found)

    def note(self) -> None:
        """Remember that the log says so."""
        self._run("control", "noted", 1)

    def watch(self) -> None:
        """Let the ticks look after this line."""
        self._read(("SADD", keys.LIVE_SALES, self.sale_id))

    def may_rebuild(self, who: str) -> bool:
        """Take the right to rebuild for `LOCK_MS`, or keep it; False when another one has it.

        It only saves work: two who prepare at once do not meet, and one of them is put in place.
        """
        key = keys.rebuilding(self.sale_id)
        taken, holder = self._read(("SET", key, who, "NX", "PX", LOCK_MS), ("GET", key))
        if not taken and holder == who:
            self._read(("PEXPIRE", key, LOCK_MS))
        return bool(taken) or holder == who

    def prepare(
        self, past: History, known: Calls, rules: Manifest, steered: Mapping[str, Any], size: int
    ) -> str:
        """Write the whole line aside and return its name for `put_in_place`.

        `rules` and `steered` (status, rate_per_s, capacity, message) are as the sale has them;
        `size` is how many entries of the log `past` knows.
        """
        aside = _Aside(self, f":{secrets.token_hex(8)}")
        aside.write_fans(past)
        aside.write_calls(known, rules)
        aside.write_decision(past, known)
        aside.write_state(past, known, rules, steered, size)
        return aside.suffix

    def put_in_place(self, name: str) -> bool:
        """Make the prepared line the line; False, and nothing changes, when there is one."""
        self._manifest = None
        return bool(self._run("rebuilt", name))

    def mend(self) -> None:
        """Make again what a line has beside its first store: nothing, when that is all."""

    def restore(self, fan: str, visit: str, promised_us: int) -> Arrival | None:
        """Give the fan the arrival they were promised, if it was lost and is not too late for it.

        None when the line was never lost, when the window is committed, closed or drawn, and when
        the fan has an arrival as early: `join` then says what holds.
        """
        answer = self._of(fan)._run("restore", fan, visit, promised_us)
        if not answer:
            return None
        at_us, window, first = answer
        return Arrival(fan, at_us, window, first == 1)

    def waits_for_receipts(self) -> tuple[int, bool] | None:
        """Return how many log entries the line was rebuilt from, and whether the grace is over.

        None when the line closes its windows as usual.
        """
        state, (seconds, micros) = self._read(
            ("HMGET", keys.state(self.sale_id), "grace_us", "rebuilt_from"), ("TIME",)
        )
        if state[0] is None:
            return None
        return int(state[1]), int(seconds) * SECOND + int(micros) >= int(state[0])

    def adopt(self, later: History) -> None:
        """Take in windows that somebody committed while the line was lost, then close as usual.

        Doing it again changes nothing.
        """
        aside = _Aside(self, "")
        aside.write_fans(later, "LT")  # who joined again meanwhile has the time that is logged
        fields: list[str | int] = []
        if later.last_window is not None:
            fields = ["closed_us", self.manifest().window_ends_us(later.last_window)]
        state = keys.state(self.sale_id)
        self._read(*([("HSET", state, *fields)] if fields else []), ("HDEL", state, "grace_us"))


class _Aside:
    """Writes the keys of a line under names of their own, in parts."""

    def __init__(self, line: Recovery, suffix: str) -> None:
        self.suffix = suffix
        self._line = line

    def write_fans(self, past: History, *how: str) -> None:
        """Write who arrived, shares a place, is judged, and has a place."""
        undrawn = [(at, fan) for fan, at in past.arrivals if how or fan not in past.places]
        self._write(keys.arrivals, "ZADD", undrawn, *how)
        if not how:
            self._write(keys.roll, "HSET", _roll(past))
        self._write(keys.merged, "HSET", past.merged.items())
        self._write(keys.apart, "HSET", past.apart.items())
        waiting = [(fan, lead) for fan, lead in past.apart.items() if fan not in past.called]
        self._write(keys.behind, "HSET", waiting)
        self._write(keys.verdicts, "HSET", verdict_records(past.verdicts).items())
        self._write(keys.windows, "HSET", ((number, "committed") for number in past.committed))
        self._write(keys.line, "ZADD", ((place, fan) for fan, place in past.places.items()))
        left = [(fan,) for fan, why in past.passed.items() if why == "left"]
        self._write(keys.left, "SADD", left)

    def write_calls(self, known: Calls, rules: Manifest) -> None:
        """Write who is called, inside and done. Turns are full; slots fail towards a full shop."""
        ((seconds, micros),) = self._line._read(("TIME",))
        now = int(seconds) * SECOND + int(micros)
        turn, away = rules.turn_us, min(rules.away_us, rules.turn_us)
        # Who went in before the loss has a pass until the first turn's end: that room is theirs.
        slots = {
            fan: now + turn if fan in known.inside else max(now + away, at + turn)
            for fan, at in known.turns.items()
        }
        self._write(keys.called, "ZADD", ((n, fan) for n, fan in enumerate(known.called, 1)))
        self._write(keys.turns, "ZADD", ((now + turn, fan) for fan in known.turns))
        self._write(keys.slots, "ZADD", ((until, fan) for fan, until in slots.items()))
        self._write(keys.inside, "SADD", ((fan,) for fan in known.inside))
        self._write(keys.done, "HSET", known.done.items())
        self._write(keys.holding, "ZADD", ((now + turn, fan) for fan in known.inside))
        self._write(keys.recalled, "ZADD", ((at, fan) for fan, at in known.recalled.items()))
        self._write(keys.deferred, "ZADD", ((at, fan) for fan, at in known.deferred.items()))

    def write_decision(self, past: History, known: Calls) -> None:
        """Write what the log has to be told: that this happened, and the calls it missed."""
        ((seconds, micros),) = self._line._read(("TIME",))
        at_us = max(int(seconds) * SECOND + int(micros), past.newest_us + 1)
        bought = sum(how == "bought" for how in known.done.values())
        totals = {
            "arrived": len(past.arrivals), "placed": len(past.places),
            "called": len(past.called), "bought": bought,
        }  # fmt: skip
        fields: dict[str, str | int] = {
            "at_us": at_us,
            "fans": ",".join(known.found),
            "places": ",".join(map(str, known.found.values())),
            "passed": ",".join(f"{fan}:{why}" for fan, why in known.passed.items()),
            "rebuilt": json.dumps(totals),
        }
        # Its id names a batch of the log: later than any before, whatever the new clock says.
        number = f"{at_us // 1000 + 1}-0"
        key = keys.decisions(self._line.sale_id) + self.suffix
        self._line._read(("XADD", key, number, *chain.from_iterable(fields.items())))

    def write_state(
        self,
        past: History,
        known: Calls,
        rules: Manifest,
        steered: Mapping[str, Any],
        size: int,
    ) -> None:
        """Write the rules and how far the line had come."""
        closed_us = 0 if past.last_window is None else rules.window_ends_us(past.last_window)
        newest = max((at_us for _, at_us in past.arrivals), default=0)
        ((seconds, micros),) = self._line._read(("TIME",))
        now = int(seconds) * SECOND + int(micros)
        fields = {
            **state_fields(rules),
            **steered,
            "manifest": json.dumps(rules.to_entry(), sort_keys=True),
            "served": known.served,
            "closed_us": closed_us,
            "last_us": max(newest, closed_us - 1, 0),
            "moved": len(past.places),
            "grace_us": now + GRACE_US,
            "rebuilt_from": size,
            "noted": 1,
        }
        self._write(keys.state, "HSET", fields.items())

    def _write(self, spell: Any, command: str, rows: Rows, *how: str) -> None:
        key = spell(self._line.sale_id) + self.suffix
        for part in in_parts(list(rows), PART):
            writes: list[tuple[Any, ...]] = [(command, key, *how, *chain.from_iterable(part))]
            if self.suffix:
                writes.append(("EXPIRE", key, ASIDE_S))
            self._line._read(*writes)


def _roll(past: History) -> list[tuple[int, bytes]]:
    """Return the arrival times of all who have places, as `keys.roll` has them."""
    times = dict(past.arrivals)
    packed = [times.get(fan, 0).to_bytes(7) for fan in past.places]
    return [(n, b"".join(part)) for n, part in enumerate(in_parts(packed, 128))]
