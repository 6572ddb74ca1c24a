"""What a lost line must hold again, as it follows from the log and from the orders. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from fairness.ledger.history import History

KEPT_ONLY = (
    "This was noticed when you joined. The line has been put together again from the public log "
    "since, and that keeps only the name of the rule: {rule}."
)


@dataclass(frozen=True, slots=True)
class Orders:
    """Who ordered in a sale: fans, each by the lead whose place it was."""

    all: Collection[str] = ()  # with an order of any kind: they were called
    held: Collection[str] = ()  # with seats set aside: they are in the shop
    paid: Collection[str] = ()


@dataclass(slots=True)
class Calls:
    """Who was called, and what is left of it."""

    called: dict[str, int]  # fan -> µs of the call, in the order of the calls
    served: int
    found: dict[str, int] = field(default_factory=dict)  # fan -> place: called, but not logged
    passed: dict[str, str] = field(default_factory=dict)  # fan -> why, likewise
    turns: dict[str, int] = field(default_factory=dict)  # fan -> µs of the call
    inside: list[str] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)
    recalled: dict[str, int] = field(default_factory=dict)
    deferred: dict[str, int] = field(default_factory=dict)  # fan -> not to be called before, µs


def calls(past: History, orders: Orders) -> Calls:
    """Return who is called, inside, done, or to be called first.

    Who was called stays called. A call that did not get into the log is known by its order, and
    by one further back in the line: calls go by place. A turn that was over by the newest entry
    of the log is over; of any other nobody knows what was left, so it is given in full.
    """
    known = Calls(dict(past.called), past.served)
    _find_unlogged(known, past, orders)
    for fan, at_us in known.called.items():
        if fan in orders.paid:
            known.done[fan] = "bought"
        elif fan in orders.held:
            known.turns[fan] = at_us
            known.inside.append(fan)
        elif past.held_back(fan) is None:
            if at_us + _turn_us(past) > past.newest_us:
                known.turns[fan] = at_us
            else:
                known.done[fan] = "lapsed"
    for fan in {**past.passed, **known.passed}:
        if _may_come_first(past, fan) and fan not in known.called:
            known.recalled[fan] = past.places[fan]
    known.deferred = {f: at for f, at in past.deferred.items() if at and f not in known.called}
    return known


def verdict_records(verdicts: Mapping[str, tuple[str, Collection[str]]]) -> dict[str, str]:
    """Return fan -> the record of their verdict as a line keeps it (JSON)."""
    return {fan: _record(verdict, rules) for fan, (verdict, rules) in verdicts.items()}


def _find_unlogged(known: Calls, past: History, orders: Orders) -> None:
    ordered = {fan: past.places[fan] for fan in orders.all if fan in past.places}
    known.served = max(known.served, *ordered.values(), 0)
    for fan, place in past.places.items():
        if fan in known.called or not (past.served < place <= known.served or fan in ordered):
            continue
        if fan not in ordered and (why := _why_not_found(past, fan)):
            known.passed[fan] = why
        else:
            known.found[fan] = place
            known.called[fan] = past.newest_us


def _why_passed(past: History, fan: str) -> str | None:
    return "merged" if fan in past.merged else past.held_back(fan)


def _why_not_found(past: History, fan: str) -> str | None:
    """Return why a fan may have been passed over after the newest entry of the log."""
    later = past.deferred.get(fan, 0) > past.newest_us
    return _why_passed(past, fan) or ("deferred" if later else None)


def _may_come_first(past: History, fan: str) -> bool:
    """Whether a fan who was passed over is no longer held back."""
    return fan in past.places and past.passed.get(fan) != "left" and _why_passed(past, fan) is None


def _turn_us(past: History) -> int:
    return past.manifest.turn_us if past.manifest else 0


def _record(verdict: str, rules: Collection[str]) -> str:
    findings = [{"rule": rule, "because": KEPT_ONLY.format(rule=rule)} for rule in rules]
    return json.dumps({"verdict": verdict, "findings": findings}, separators=(",", ":"))
