"""What no rule names: visits unlike the rest of their own sale, learned from it without labels.

A sale's first visits, without those that rules have firm findings about, say what is usual there:
which headers, machine, screen and clock go with a browser's name and language, and how old accounts
are. An isolation forest (Liu, Ting and Zhou, 2008) then says
who is far from all of them. Being unusual is no fault: it is a weak finding, told in words, about
one visit in 200 at most, and what a rule has named already is not held against anybody twice.
"""

from __future__ import annotations

import json
import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any

from redis import Redis

from fairness import keys
from fairness.clock import SECOND
from fairness.screening import agents
from fairness.screening.model import Account, Finding, Visit

RULE = "unusual"
WEIGHT = 0.25  # weak: with another weak finding a code is asked for, never more
FEWEST, SAMPLE = 1_000, 2_048  # visits, before a sale has something usual; that are kept
KEPT_S = 30 * 24 * 3_600
SHARE = 0.005  # of the sample that may lie past the bar
_FAR = 4.0  # and so many robust standard deviations from the middle
_AT_ONCE = 256  # records in one call of the store
_CANDIDATES = 20_000  # visits of a window out of which the sample is taken, evenly
_SCORED = 20_000  # rows that are scored at once
_NEVER = 12  # bits: how surprising a claim is that not one of SAMPLE makes
_MARK = "learned"  # the field that names what was learned from
MOST_ROWS = 100_000  # different ones in a window; beyond them nobody is looked at
_HOUR_US = 3_600 * SECOND

Row = tuple[str, str, str, str, str, str, str, int]
Told = tuple[float, ...]

# What is looked at: in words, and the rules that have named it when they have found something.
ASPECTS: Sequence[tuple[str, frozenset[str]]] = (
    ("what your browser sends with a request",
     frozenset({"wrong_headers", "missing_hints", "contradicting_hints", "script_agent"})),
    ("the machine that your browser names",
     frozenset({"contradicting_page", "contradicting_worker", "untouchable_phone"})),
    ("the size of your screen", frozenset({"bare_machine"})),
    ("your clock's time zone", frozenset({"bare_machine", "contradicting_language"})),
    ("when your account was made", frozenset({"young_account"})),
)  # fmt: skip
_GIVEN = ((0, 1), (0, 2), (3, 4), (5, 6))  # columns of a row: what, given what it is asked


def row(visit: Visit, account: Account) -> Row:
    """Return what is looked at of one visit: short texts, and an age in steps of magnitude."""
    agent = agents.read(visit.ua)
    hours = (visit.at_us - account.created_us) // _HOUR_US if account.created_us else -1
    return (
        f"{agent.engine} {agent.major} {agent.system} {agent.mobile:d}",
        _short(visit.headers),
        visit.platform[:40],
        f"{agent.system} {agent.mobile:d}",
        visit.screen[:16],
        visit.lang.partition(",")[0].partition("-")[0][:8].lower(),
        visit.tz[:40],
        max(hours + 1, 0).bit_length(),
    )


class Crowd:
    """A window's visits, four bytes each: the same rows come again and again."""

    def __init__(self) -> None:
        self._rows: dict[Row, int] = {}
        self._of = array("i")
        self._fans: dict[int, str] = {}  # those to learn from: as many as come first, and are few
        self._usual: _Usual | None = None

    def add(self, fan: str, seen: Row, *, plain: bool) -> None:
        """Note the next visit; `plain` says that no rule has a firm finding about it."""
        known = seen in self._rows or len(self._rows) < MOST_ROWS
        self._of.append(self._rows.setdefault(seen, len(self._rows)) if known else -1)
        if plain and len(self._fans) < _CANDIDATES:
            self._fans[len(self._of) - 1] = fan

    def far(self, redis: Redis, sale_id: str) -> set[int]:
        """Return the numbers of the visits that are unlike the sale's, in the order of `add`.

        A sale learns from its first visits. What it has learned from stays, so that a window which
        is screened again is judged alike; with fewer than FEWEST nobody is far.
        """
        rows = list(self._rows)
        self._usual = _usual_in(redis, sale_id, self._plain(rows))
        if self._usual is None:
            return set()
        far = self._usual.far(rows)
        return {n for n, at in enumerate(self._of) if at in far}

    def _plain(self, rows: Sequence[Row]) -> dict[str, Row]:
        known = ((fan, self._of[n]) for n, fan in self._fans.items())
        return {fan: rows[at] for fan, at in known if at >= 0}

    def finding(self, seen: Row, found: Iterable[Finding]) -> Finding | None:
        """Return what to say of one visit, given what rules have found about it."""
        rules = frozenset(finding.rule for finding in found)
        return None if self._usual is None else self._usual.finding(seen, rules)


_LEARNED: dict[str, _Usual] = {}  # by what it was learned from; of the latest few sales


def _usual_in(redis: Redis, sale_id: str, here: Mapping[str, Row]) -> _Usual | None:
    """Return what is usual in the sale; None while it has too little to learn from."""
    key = keys.screening_sample(sale_id)
    mark = redis.hget(key, _MARK)
    if mark is None and not (mark := _gather(redis, key, here)):
        return None
    known = _LEARNED.get(str(mark))
    if known is None:
        while len(_LEARNED) >= 4:
            _LEARNED.pop(next(iter(_LEARNED)))
        sample = [tuple(json.loads(text)) for _, text in _kept(redis, key)]
        seed = int.from_bytes(sha256(sale_id.encode()).digest()[:4])
        known = _LEARNED[str(mark)] = _Usual.of(sample, seed)
    return known


def _gather(redis: Redis, key: str, here: Mapping[str, Row]) -> str:
    """Keep some of these to learn from; return the mark of all that is kept if it is enough."""
    if here:
        step = -(-len(here) // (SAMPLE - int(redis.hlen(key))))
        rest = islice(here.items(), 0, None, step)
        while batch := [
            part for fan, seen in islice(rest, _AT_ONCE) for part in (fan, _text(seen))
        ]:
            redis.hset(key, items=batch)
        redis.expire(key, KEPT_S)
    kept = _kept(redis, key)
    if len(kept) < FEWEST:
        return ""
    mark = sha256(repr(kept).encode()).hexdigest()
    redis.hset(key, _MARK, mark)
    return mark


def _kept(redis: Redis, key: str) -> list[tuple[str, str]]:
    """Return fan and row of each, in an order that does not depend on the store's."""
    found = redis.hscan_iter(key, count=_AT_ONCE)
    return sorted((str(fan), str(text)) for fan, text in found if fan != _MARK)


def _text(seen: Row) -> str:
    return json.dumps(seen, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Usual:
    """How often each claim goes with each other one, a forest of that, and where the bar is."""

    together: Sequence[Counter[tuple[str, str]]]
    alone: Sequence[Counter[str]]
    forest: Any
    middle: Told
    bar: float
    is_far: dict[Row, bool]
    said: dict[tuple[Row, frozenset[str]], Finding | None]

    @classmethod
    def of(cls, sample: Sequence[Row], seed: int) -> _Usual:
        """Learn it. Only the process that screens needs the library, and only here."""
        import numpy
        from sklearn.ensemble import IsolationForest

        together = [Counter((str(r[g]), str(r[w])) for r in sample) for g, w in _GIVEN]
        alone = [Counter(str(r[g]) for r in sample) for g, _ in _GIVEN]
        told = numpy.array([_told(r, together, alone) for r in sample])
        middle = tuple(numpy.median(told, axis=0).tolist())
        # A forest parts only what it has seen to differ: show it claims that nobody here makes.
        never = [
            [float(_NEVER) if n == claim else usual for n, usual in enumerate(middle)]
            for claim in range(len(_GIVEN))
        ] * (len(sample) // 256)
        forest = IsolationForest(n_estimators=100, max_samples=256, random_state=seed)
        forest.fit(numpy.concatenate([told, never]))
        scores = -forest.score_samples(told)
        centre = float(numpy.median(scores))
        spread = 1.4826 * float(numpy.median(numpy.abs(scores - centre)))
        bar = max(float(numpy.quantile(scores, 1 - SHARE)), centre + _FAR * spread)
        return cls(together, alone, forest, middle, bar, {}, {})

    def far(self, rows: Sequence[Row]) -> set[int]:
        """Return the numbers of those past the bar."""
        if len(self.is_far) > MOST_ROWS:
            self.is_far.clear()
        new = [seen for seen in rows if seen not in self.is_far]
        for start in range(0, len(new), _SCORED):
            part = new[start : start + _SCORED]
            scores = self._scores([self._told(seen) for seen in part])
            self.is_far.update((s, score > self.bar) for s, score in zip(part, scores, strict=True))
        return {n for n, seen in enumerate(rows) if self.is_far[seen]}

    def finding(self, seen: Row, rules: frozenset[str]) -> Finding | None:
        """Return a finding for whoever is past the bar also without what rules have named."""
        named = {n for n, (_, by) in enumerate(ASPECTS) if by & rules}
        if (seen, rules) not in self.said:
            values = self._without(self._told(seen), named)
            far = self._scores([values])[0] > self.bar
            self.said[seen, rules] = self._finding(values) if far else None
        return self.said[seen, rules]

    def _finding(self, values: Told) -> Finding:
        """Return it with the aspects that count most: those without which the score drops most."""
        without = self._scores([self._without(values, {n}) for n in range(len(values))])
        most = sorted(range(len(values)), key=lambda n: without[n])[:2]
        first, second = (ASPECTS[n][0] for n in most)
        because = (
            f"Some things are rarely seen together in this line: above all {first}, then {second}. "
            "That is fine on its own."
        )
        return Finding(RULE, WEIGHT, because)

    def _without(self, values: Told, aspects: Iterable[int]) -> Told:
        usual = set(aspects)
        return tuple(self.middle[n] if n in usual else v for n, v in enumerate(values))

    def _told(self, seen: Row) -> Told:
        return _told(seen, self.together, self.alone)

    def _scores(self, told: Sequence[Told]) -> list[float]:
        import numpy

        different, places = numpy.unique(numpy.array(told), axis=0, return_inverse=True)
        scores: list[float] = (-self.forest.score_samples(different))[places.ravel()].tolist()
        return scores


def _told(
    seen: Row, together: Sequence[Counter[tuple[str, str]]], alone: Sequence[Counter[str]]
) -> Told:
    """Return how surprising each claim is, given the other, in bits; then the counts.

    Of a browser that hardly anybody has nothing is known, so nothing about it surprises.
    """
    bits = (
        math.log2((alone[n][str(seen[g])] + 1) / (together[n][str(seen[g]), str(seen[w])] + 0.5))
        for n, (g, w) in enumerate(_GIVEN)
    )
    return (*(float(max(round(b), 0)) for b in bits), float(seen[-1]))


@lru_cache(maxsize=4096)
def _short(headers: tuple[str, ...]) -> str:
    return sha256("\n".join(headers).encode("utf-8", "replace")).hexdigest()[:8]
