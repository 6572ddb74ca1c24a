"""Screening a past sale once more, in a store of its own: nothing of the sale is read or changed.

The windows go by in their order, each with what was seen of it then; what happened between them,
such as orders that linked fans, or a person's decision, is told in between. The rules, weights and
tables are those that are given: with those of then the answer is the one of then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from redis import Redis

from fairness import keys
from fairness.ledger.entries import in_parts
from fairness.manifest import Manifest
from fairness.screening import budget
from fairness.screening.linking import Entry, Links
from fairness.screening.model import Account, Judgement, Visit
from fairness.screening.window import Knowledge, Seen, screen_arrivals

_AT_ONCE = 1_000  # fans in one call of the store
Look = Callable[[Sequence[tuple[str, int]]], Sequence[tuple[Visit, Account]]]


class Replay:
    """One sale in an empty store."""

    def __init__(self, redis: Redis, rules: Manifest, knowledge: Knowledge) -> None:
        self._redis = redis
        self._rules = rules
        self._knowledge = knowledge
        self._sale_id = rules.sale_id

    def window(
        self, number: int, arrivals: Sequence[tuple[str, int]], gone: Collection[str], seen: Look
    ) -> dict[str, Judgement]:
        """Return the judgements of the next window, within the sale's budget."""
        self._arrive(arrivals, gone)

        def look(part: Sequence[tuple[str, int]]) -> Seen:
            found = seen(part)
            return [visit for visit, _ in found], {visit.fan: known for visit, known in found}

        found = screen_arrivals(self._redis, self._sale_id, arrivals, look, self._knowledge)
        self.unite(found.merges().items())
        return budget.keep_within(self._redis, self._sale_id, number, found.judgements, self._rules)

    def link(self, entries: Sequence[Entry]) -> None:
        """Remember what orders came with, as it was when they were made."""
        Links(self._redis, self._sale_id).join(entries)

    def unite(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Let each (fan, lead) share the lead's place."""
        for some in in_parts(list(pairs), _AT_ONCE):
            self._redis.hset(keys.merged(self._sale_id), items=[n for pair in some for n in pair])

    def part(self, fans: Sequence[str]) -> None:
        """Let these fans share nobody's place any more."""
        if fans:
            self._redis.hdel(keys.merged(self._sale_id), *fans)

    def _arrive(self, arrivals: Sequence[tuple[str, int]], gone: Collection[str]) -> None:
        left = keys.left(self._sale_id)
        for some in in_parts(arrivals, _AT_ONCE):
            came: Mapping[str, int] = dict(some)
            self._redis.zadd(keys.arrivals(self._sale_id), came)
            self._redis.srem(left, *came)
        for away in in_parts(list(gone), _AT_ONCE):
            self._redis.sadd(left, *away)
