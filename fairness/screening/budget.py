"""The false positives that a sale's rules allow: past them, the weakest verdicts soften.

Whoever sells says beforehand how many people may be held or asked in error. Nobody knows during a
sale who of the stopped is a person, so all count who are stopped without a finding that is strong,
as shares of all who joined so far. Past the share, the lowest scores of a window are held no more
but asked, and asked no more but let in. Strong findings, which only machines show, are outside, and
a firm one is asked at least. The same window with the same past gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from redis import Redis

from fairness import keys
from fairness.manifest import Manifest
from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW, Finding, Judgement
from fairness.screening.scoring import FIRM, STRONG

LEAST = 5  # fans of a sale who may be held, and asked, however few joined
MILLION = 1_000_000
_SOFTER = Finding(
    "budget", 0.0, "More people than this sale's rules allow would have been stopped."
)


@dataclass(frozen=True, slots=True)
class Spent:
    """How many joined and were held or asked, without a strong finding, so far."""

    arrived: int = 0
    held: int = 0
    asked: int = 0


def soften(
    judgements: Mapping[str, Judgement], rules: Manifest, before: Spent
) -> tuple[dict[str, Judgement], Spent]:
    """Return one window's judgements within the budget, and what is spent after it."""
    arrived, softer = before.arrived + len(judgements), dict(judgements)
    held = _within(softer, _is_held, CHALLENGE, _most(rules.held_most_ppm, arrived) - before.held)
    room = _most(rules.challenged_most_ppm, arrived) - before.asked
    firm = sum(_is_asked(one) and _has(one, FIRM) for one in softer.values())
    weak = _within(softer, _is_weakly_asked, ADMIT, room - firm)
    return softer, Spent(arrived, before.held + held, before.asked + firm + weak)


def keep_within(
    redis: Redis, sale_id: str, window: int, judgements: Mapping[str, Judgement], rules: Manifest
) -> dict[str, Judgement]:
    """Do so with what the sale's windows before this one have spent, and remember it.

    A window that is judged again has the same past.
    """
    key = keys.screening_spent(sale_id)
    known = {str(name): str(value) for name, value in redis.hgetall(key).items()}
    before = _read(known.get("before" if known.get("window") == str(window) else "after"))
    softer, after = soften(judgements, rules, before)
    redis.hset(key, mapping={"window": window, "before": _text(before), "after": _text(after)})
    return softer


@dataclass(frozen=True, slots=True)
class Use:
    """One half of a declared budget: how many fans it allows so far, and how many it stopped."""

    most_ppm: int
    most: int
    used: int

    @property
    def left(self) -> int:
        """Return how many more may be stopped now; more as more join."""
        return max(self.most - self.used, 0)


def use(rules: Manifest, spent: Spent) -> dict[str, Use]:
    """Return "held" and "asked": the budget against what is spent.

    `used` may pass `most`: whoever shows firm evidence is asked at least.
    """
    return {
        "held": Use(rules.held_most_ppm, _most(rules.held_most_ppm, spent.arrived), spent.held),
        "asked": Use(
            rules.challenged_most_ppm, _most(rules.challenged_most_ppm, spent.arrived), spent.asked
        ),
    }


def spent_so_far(redis: Redis, sale_id: str) -> Spent:
    """Return what the windows of a sale that were judged have spent."""
    found = redis.hget(keys.screening_spent(sale_id), "after")
    return _read(None if found is None else str(found))


def is_softer(judgement: Judgement) -> bool:
    """Return whether the budget has softened this verdict."""
    return bool(judgement.findings) and judgement.findings[-1] is _SOFTER


def _most(ppm: int, arrived: int) -> int:
    return max(LEAST if ppm else 0, ppm * arrived // MILLION)


def _within(
    judgements: dict[str, Judgement], stops: Callable[[Judgement], bool], else_: str, room: int
) -> int:
    """Soften whom `stops` names beyond `room`, the lowest scores; return how many stay."""
    stopped = sorted(
        (fan for fan, one in judgements.items() if stops(one)),
        key=lambda fan: (-judgements[fan].score, fan),
    )
    stay = max(room, 0)
    for fan in stopped[stay:]:
        found = tuple(f for f in judgements[fan].findings if f is not _SOFTER)
        judgements[fan] = replace(judgements[fan], verdict=else_, findings=(*found, _SOFTER))
    return min(stay, len(stopped))


def _has(judgement: Judgement, weight: float) -> bool:
    return any(finding.weight >= weight for finding in judgement.findings)


def _is_held(judgement: Judgement) -> bool:
    return judgement.verdict in (REVIEW, REFUSE) and not _has(judgement, STRONG)


def _is_asked(judgement: Judgement) -> bool:
    return judgement.verdict == CHALLENGE and not _has(judgement, STRONG)


def _is_weakly_asked(judgement: Judgement) -> bool:
    return _is_asked(judgement) and not _has(judgement, FIRM)


def _text(spent: Spent) -> str:
    return f"{spent.arrived},{spent.held},{spent.asked}"


def _read(text: str | None) -> Spent:
    return Spent(*map(int, text.split(","))) if text else Spent()
