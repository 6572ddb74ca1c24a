"""From values to a score, a verdict and reasons, without any label.

Two kinds of evidence meet. What no person does (a rule of `behaviour` or `browsing`) counts whoever
else is in the file. How far an actor leans to the machine's end of the crowd is softer: alone it
leads to "please confirm" at most, for somebody is always the busiest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from fairness.screening.model import ADMIT, CHALLENGE, REFUSE, REVIEW, Finding
from fairness.screening.offline.evidence import Crowd, Family, Trait, Values
from fairness.screening.scoring import CHALLENGE_AT, FIRM, REVIEW_AT, STRONG

REFUSE_AT = 0.95
ASKED_BY_RANK = 0.01  # of all: the budget for people asked, unless an organiser sets another
_MOST_BY_RANK = 0.6  # of the score
_FEW = 20  # actors; among fewer than this, ranks say little
_RARE = 0.02  # further out than this share is worth telling
_MOST_REASONS = 3  # of those by rank

Rule = Callable[[Values], Finding | None]


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever is scored: the name in the file, and what is known of them."""

    name: str
    values: Values


@dataclass(frozen=True, slots=True)
class Method:
    """What is looked at in one kind of file."""

    traits: Sequence[Trait]
    families: Mapping[str, Family]
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Scored:
    """One actor's outcome. `score` is from 0 to 1, more being more like a machine."""

    actor: str
    score: float
    verdict: str
    findings: tuple[Finding, ...]

    def by_rank(self) -> bool:
        """Return whether nothing speaks against the actor but being ahead of others."""
        return not any(finding.weight for finding in self.findings)

    def reasons(self) -> str:
        """Return why, in words; empty when there is nothing to tell."""
        return "; ".join(finding.because for finding in self.findings)


def judge(actors: Sequence[Actor], method: Method) -> list[Scored]:
    """Return the outcome of every actor, in their order."""
    crowd = Crowd([actor.values for actor in actors], method.traits, method.families)
    return within_budget([_judge(actor, crowd, method.rules) for actor in actors])


def within_budget(scored: Sequence[Scored]) -> list[Scored]:
    """Return the same, with no more asked by their rank alone than the budget for people allows.

    Who they are nobody knows here: all of them may be people.
    """
    ranked = [i for i, one in enumerate(scored) if one.verdict == CHALLENGE and one.by_rank()]
    ranked.sort(key=lambda i: -scored[i].score)
    bounded = list(scored)
    for i in ranked[int(ASKED_BY_RANK * len(scored)) :]:
        bounded[i] = replace(scored[i], verdict=ADMIT)
    return bounded


def _judge(actor: Actor, crowd: Crowd, rules: Sequence[Rule]) -> Scored:
    found = tuple(f for rule in rules if (f := rule(actor.values)) is not None)
    human = 1 - _MOST_BY_RANK * crowd.size / (crowd.size + _FEW) * crowd.lean(actor.values) ** 2
    for finding in found:
        human *= 1 - finding.weight
    score = 1 - human
    decided = verdict(score, found)
    told = found + _standing_out(actor.values, crowd)
    if decided != ADMIT and not told:
        told = (Finding("all_together", 0.0, "a little of everything points to a program"),)
    return Scored(actor.name, score, decided, told)


def verdict(score: float, found: Sequence[Finding]) -> str:
    """Return admit, challenge, review or refuse.

    As in a sale: review needs one firm finding; refusing a strong one and something besides it.
    """
    strongest = max((finding.weight for finding in found), default=0.0)
    if score >= REFUSE_AT and strongest >= STRONG and len(found) > 1:
        return REFUSE
    if score >= REVIEW_AT and strongest >= FIRM:
        return REVIEW
    return CHALLENGE if score >= CHALLENGE_AT else ADMIT


def _standing_out(values: Values, crowd: Crowd) -> tuple[Finding, ...]:
    """Return reasons for the traits in which the actor is ahead of nearly everybody.

    They weigh nothing: the score has them already.
    """
    if crowd.size < _FEW:
        return ()
    far = []
    for trait in crowd.traits:
        value = values.get(trait.name)
        if value is None or not trait.told:
            continue
        if (share := crowd.beyond(trait, value)) <= _RARE:
            far.append((share, trait, value))
    far.sort(key=lambda one: one[0])
    return tuple(
        Finding(f"top_{t.name}", 0.0, f"{t.told.format(value=number(value))}, {_place(share)}")
        for share, t, value in far[:_MOST_REASONS]
    )


def _place(share: float) -> str:
    return f"which at most {max(share * 100, 0.01):.2g} % of all do"


def number(value: float) -> str:
    """Return `value` as people write it: whole if it is large, with two digits if it is small."""
    if value >= 1e15:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2g}"
