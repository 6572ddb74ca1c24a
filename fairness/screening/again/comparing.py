"""How two screenings of one sale differ: verdicts, old by new, and the rules that moved them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fairness.screening.again.rows import Found
from fairness.screening.model import ADMIT, VERDICTS, Finding, Judgement

_NOTHING = Found()


@dataclass(frozen=True, slots=True)
class Changed:
    """A fan whose verdict is another, or whose place is shared with another, and why."""

    fan: str
    window: int
    was: Found
    now: Judgement

    def to_dict(self) -> dict[str, Any]:
        """Return the change as plain JSON values; the words of then are not kept."""
        return {
            "fan": self.fan,
            "window": self.window,
            "was": self.was.verdict,
            "now": self.now.verdict,
            "was_score": self.was.score,
            "now_score": self.now.score,
            "was_lead": self.was.lead,
            "now_lead": self.now.lead,
            "was_found": [{"rule": rule, "weight": weight} for rule, weight in self.was.findings],
            "now_found": [finding.to_dict() for finding in self.now.findings],
        }


@dataclass(slots=True)
class Moved:
    """How often a rule has a part in the changes: what it says of those who changed."""

    gained: int = 0  # it says something now, and said nothing then
    lost: int = 0
    heavier: int = 0
    lighter: int = 0


@dataclass(slots=True)
class Comparison:
    """All windows together. `take` them in order."""

    verdicts: Counter[tuple[str, str]] = field(default_factory=Counter)  # (then, now)
    rates: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    windows: Counter[str] = field(default_factory=Counter)  # by version
    moved: dict[str, Moved] = field(default_factory=lambda: defaultdict(Moved))
    changed: list[Changed] = field(default_factory=list)
    same: Counter[str] = field(default_factory=Counter)  # by version: fans judged exactly alike

    def take(
        self,
        number: int,
        version: str,
        fans: Sequence[str],
        then: Mapping[str, Found],
        now: Mapping[str, Judgement],
    ) -> None:
        """Add one window; `version` judged it then."""
        self.windows[version] += 1
        for fan in fans:
            was, is_now = then.get(fan, _NOTHING), now[fan]
            self.verdicts[was.verdict, is_now.verdict] += 1
            self.rates[version][was.verdict] += 1
            self.same[version] += was == Found.of(is_now)
            if (was.verdict, was.lead) != (is_now.verdict, is_now.lead):
                self.changed.append(Changed(fan, number, was, is_now))
                self._move(dict(was.findings), is_now.findings)

    def _move(self, was: Mapping[str, float], now: Sequence[Finding]) -> None:
        weights = {finding.rule: finding.weight for finding in now}
        for rule in was.keys() | weights.keys():
            before, after = was.get(rule), weights.get(rule)
            if before == after:
                continue
            moved = self.moved[rule]
            if before is None or after is None:
                moved.gained += before is None
                moved.lost += after is None
            else:
                moved.heavier += after > before
                moved.lighter += after < before

    @property
    def fans(self) -> int:
        """Return how many were compared."""
        return self.verdicts.total()

    def now(self) -> Counter[str]:
        """Return how many have each verdict now."""
        found: Counter[str] = Counter()
        for (_, verdict), count in self.verdicts.items():
            found[verdict] += count
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain JSON values."""
        order = {verdict: n for n, verdict in enumerate(VERDICTS)}
        pairs = sorted(self.verdicts, key=lambda pair: (order[pair[0]], order[pair[1]]))
        return {
            "fans": self.fans,
            "changed": len(self.changed),
            "stopped_now": self.fans - self.now()[ADMIT],
            "verdicts": [
                {"was": was, "now": now, "fans": self.verdicts[was, now]} for was, now in pairs
            ],
            "then": {
                version: {
                    "windows": self.windows[version],
                    "exactly_alike": self.same[version],
                    **_shares(counts),
                }
                for version, counts in self.rates.items()
            },
            "now": _shares(self.now()),
            "rules": {
                rule: {"gained": m.gained, "lost": m.lost, "heavier": m.heavier,
                       "lighter": m.lighter}
                for rule, m in sorted(self.moved.items())
            },
            "changes": [one.to_dict() for one in self.changed],
        }  # fmt: skip


def _shares(counts: Mapping[str, int]) -> dict[str, Any]:
    everybody = sum(counts.values())
    return {
        "fans": everybody,
        "verdicts": {
            verdict: {"fans": counts[verdict], "share": round(counts[verdict] / everybody, 6)}
            for verdict in VERDICTS
            if counts.get(verdict)
        },
    }
