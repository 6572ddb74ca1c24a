"""Ranks as evidence: how far an actor leans towards the machine's end of what everybody does.

Only traits with a known direction count, so that being unusual is no fault by itself: somebody who
reads slowly is as far out as a program, at the other end. Ranks need no units, no tuning and no
assumption about how many machines there are; a value of 10**300 weighs no more than the largest.

A machine that is fast is a machine; one that is slow is no person. So the human end of a family
counts by its `absence` only, and families meet in the root of their mean square: what stands out in
one of them is not averaged away by what is ordinary in the rest.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Values = Mapping[str, float | None]  # by trait; None or missing: not known

_FULL_TAIL = math.log(200)  # one in 200 is as far out as it gets


@dataclass(frozen=True, slots=True)
class Trait:
    """One thing that can be told of an actor, and which end of it is the machine's."""

    name: str
    family: str  # traits of one family say the same thing, so they share one voice
    weight: float = 1.0  # within the family
    high: bool = True  # whether more is more machine-like
    counted: str = ""  # the count behind it: a rhythm of two actions is no rhythm
    many: float = 0.0  # the count at which it is half believed
    told: str = ""  # "acted {value} times": the reason, when it stands out


@dataclass(frozen=True, slots=True)
class Family:
    """Traits that say the same thing, and how much they say."""

    weight: float
    absence: float = 1.0  # how much the other end says for a person; 0: nothing, 1: as much


class Crowd:
    """Everybody's values, to place one actor among them."""

    def __init__(
        self, everyone: Sequence[Values], traits: Sequence[Trait], families: Mapping[str, Family]
    ) -> None:
        self.size = len(everyone)
        self.families = families
        self._sorted = {t.name: _known(everyone, t.name) for t in traits}
        # What is the same for everybody says nothing.
        self.traits = tuple(t for t in traits if _varies(self._sorted[t.name]))
        self._most: dict[str, float] = defaultdict(float)
        for trait in self.traits:
            self._most[trait.family] += trait.weight

    def lean(self, values: Values) -> float:
        """Return 0 (at the human end of everything known) to 1; 0.5 when nothing is known."""
        voices: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for trait in self.traits:
            if (value := values.get(trait.name)) is not None:
                weight = trait.weight * _belief(trait, values)
                voices[trait.family].append((self._strength(trait, value), weight))
        total = spoken = 0.0
        for family, heard in voices.items():
            share = self.families[family].weight / self._most[family]
            total += share * sum(s * s * weight for s, weight in heard)
            spoken += share * sum(weight for _, weight in heard)
        return math.sqrt(total / spoken) if spoken else 0.5

    def beyond(self, trait: Trait, value: float) -> float:
        """Return the share of actors, of those whose value is known, who go at least as far."""
        known = self._sorted[trait.name]
        if trait.high:
            return (len(known) - bisect_left(known, value)) / len(known)
        return bisect_right(known, value) / len(known)

    def _strength(self, trait: Trait, value: float) -> float:
        known = self._sorted[trait.name]
        below, upto = bisect_left(known, value), bisect_right(known, value)
        rank = (below + upto) / 2 / len(known)
        if not trait.high:
            rank = 1 - rank
        tail = -math.log(max(1 - rank, 0.5 / len(known))) / _FULL_TAIL
        strength = (rank + min(tail, 1.0)) / 2
        missing = max(0.5 - strength, 0.0)
        return strength + missing * (1 - self.families[trait.family].absence)


def _known(everyone: Sequence[Values], name: str) -> list[float]:
    return sorted(v for values in everyone if (v := values.get(name)) is not None)


def _varies(known: Sequence[float]) -> bool:
    return bool(known) and known[0] != known[-1]


def _belief(trait: Trait, values: Values) -> float:
    count = values.get(trait.counted) if trait.counted else None
    return 1.0 if count is None else count / (count + trait.many) if count > 0 else 0.0
