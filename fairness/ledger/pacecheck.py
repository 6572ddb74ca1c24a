"""Checks one sale's pace from its entries: when fans came and were called, and by which rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

from fairness.clock import SECOND
from fairness.ledger.entries import Entry
from fairness.manifest import Manifest

Report = Callable[[str, str, int | None], None]  # check, what is wrong, index of the entry

# What the organiser decides reaches the line with its next tick, and two clocks are involved.
GRACE_US = 10 * SECOND
STILL = ("paused", "closed")
FIXED = frozenset(f.name for f in fields(Manifest)) - {"opens_at_us", "rate_per_s", "capacity"}
STEERED = ("opens_at_us", "rate_per_s", "capacity", "state")  # what an act may change


@dataclass(slots=True)
class _Call:
    at_us: int
    index: int
    fans: int


@dataclass(slots=True)
class _Rules:
    """What the organiser's acts say that holds from some time on."""

    from_us: int
    rate_per_s: int
    capacity: int
    state: str = ""


class PaceCheck:
    """When a sale's fans came and were called. `take` its entries in order, then `finish`.

    An act and the calls after it may be logged in either order within a second, so all is
    compared at the end.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._calls: list[_Call] = []
        self._rebuilt_us: set[int] = set()  # calls of that moment had been made before
        self._acts: list[tuple[int, dict[str, object]]] = []
        self._first: tuple[int, int] | None = None  # µs, index
        self._last: tuple[int, int] | None = None

    def take(self, index: int, entry: Entry) -> None:
        """Learn from one entry; those about other things change nothing."""
        match entry["type"]:
            case "admitted" if entry["fans"]:
                self._take_call(index, entry["at_us"], len(entry["fans"]))
            case "arrivals" if entry["fans"]:
                first, last = entry["fans"][0][1], entry["fans"][-1][1]
                if self._first is None or first < self._first[0]:
                    self._first = (first, index)
                if self._last is None or last > self._last[0]:
                    self._last = (last, index)
            case "organiser":
                self._check_act(index, entry["detail"])
                told = {name: entry["detail"][name] for name in STEERED if name in entry["detail"]}
                if told:
                    self._acts.append((entry["at_us"], told))
            case "rebuilt":
                self._rebuilt_us.add(entry["at_us"])

    def finish(self, manifest: Manifest | None) -> None:
        """Compare with the rules; without a manifest there are none, which others report."""
        if manifest is None:
            return
        self._check_arrivals(manifest)
        self._check_calls(manifest)

    def _check_act(self, index: int, detail: dict[str, object]) -> None:
        """An act may steer a sale; what else its manifest promised stands."""
        for name in sorted(FIXED.intersection(detail)):
            self._report("amendment", f"{name} was promised and cannot be changed", index)

    def _take_call(self, index: int, at_us: int, fans: int) -> None:
        if self._calls and self._calls[-1].at_us == at_us:
            self._calls[-1].fans += fans  # one decision, in several entries
        else:
            self._calls.append(_Call(at_us, index, fans))

    def _check_arrivals(self, manifest: Manifest) -> None:
        opens = [manifest.opens_at_us, *self._told("opens_at_us")]
        if max(opens) > manifest.opens_at_us:
            self._report("amendment", f"the line opened later, at {max(opens)}", None)
        if self._first and self._first[0] < min(opens):
            what = f"somebody arrived at {self._first[0]}, the line opened at {min(opens)}"
            self._report("opening", what, self._first[1])
        if self._last and self._last[0] >= manifest.ends_at_us:
            what = f"somebody arrived at {self._last[0]}, the line ended at {manifest.ends_at_us}"
            self._report("opening", what, self._last[1])

    def _check_calls(self, manifest: Manifest) -> None:
        rules, bucket_us = self._rules(manifest), 0.0
        for call in self._calls:
            if call.at_us in self._rebuilt_us:
                bucket_us = 0.0
                continue
            known = _around(rules, call.at_us)
            if call.at_us < manifest.starts_at_us:
                self._report("early call", f"{call.fans} called before the sale", call.index)
            if all(one.state in STILL for one in known):
                what = f"{call.fans} called while the sale was {known[-1].state}"
                self._report("called while still", what, call.index)
            bucket_us = self._check_rate(call, max(one.rate_per_s for one in known), bucket_us)
            capacity = max(one.capacity for one in known)
            if call.fans > capacity:
                what = f"{call.fans} called at once, the shop holds {capacity}"
                self._report("capacity", what, call.index)

    def _check_rate(self, call: _Call, rate: int, bucket_us: float) -> float:
        """Check against a bucket that fills in one second; it is kept as the time since when.

        A clock that steps back finds it empty, as the line does.
        """
        price = SECOND / rate
        bucket_us = min(max(bucket_us, call.at_us - SECOND), call.at_us)
        room = (call.at_us - bucket_us) / price
        if call.fans > room + 1:
            what = f"{call.fans} called where the rate of {rate} a second left {room:.0f}"
            self._report("rate", what, call.index)
        return min(bucket_us + call.fans * price, call.at_us)

    def _rules(self, manifest: Manifest) -> list[_Rules]:
        """Return the rules as they follow each other, the manifest's first."""
        rules = [_Rules(0, manifest.rate_per_s, manifest.capacity)]
        for at_us, told in sorted(self._acts, key=lambda act: act[0]):
            last = rules[-1]
            rate, room, state = (told.get(name) for name in ("rate_per_s", "capacity", "state"))
            rules.append(
                _Rules(
                    at_us,
                    rate if isinstance(rate, int) and rate > 0 else last.rate_per_s,
                    room if isinstance(room, int) and room > 0 else last.capacity,
                    state if isinstance(state, str) else last.state,
                )
            )
        return rules

    def _told(self, name: str) -> list[int]:
        return [value for _, told in self._acts if isinstance(value := told.get(name), int)]


def _around(rules: list[_Rules], at_us: int) -> list[_Rules]:
    """Return the rules that were in force within the grace before or after."""
    starts = [one.from_us for one in rules]
    ends = [*starts[1:], at_us + 2 * GRACE_US]
    near = zip(rules, starts, ends, strict=True)
    return [
        one for one, start, end in near if start <= at_us + GRACE_US and end >= at_us - GRACE_US
    ]
