"""What the line decided, as entries: its scripts write a stream, and this reads one item of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from fairness.ledger import entries
from fairness.ledger.entries import Entry


def from_decision(sale_id: str, fields: Mapping[str, str]) -> list[Entry]:
    """Return the entries of one item of the line's decision stream, in order."""
    at_us, found, asked = int(fields["at_us"]), fields.get("rebuilt"), fields.get("deferred")
    fans = list(zip(_words(fields["fans"]), map(int, _words(fields["places"])), strict=True))
    passed = [(fan, why) for fan, _, why in (p.partition(":") for p in _words(fields["passed"]))]
    return [
        *([entries.rebuilt(sale_id, at_us, json.loads(found))] if found else []),
        *(entries.deferral(sale_id, at_us, fan, until_us) for fan, until_us in _pair_of(asked)),
        *_regrouped(sale_id, at_us, fields),
        *_held(sale_id, at_us, fields),
        *(entries.admitted(sale_id, at_us, (), part) for part in entries.in_parts(passed)),
        *(entries.admitted(sale_id, at_us, part) for part in entries.in_parts(fans)),
    ]


def _pair_of(text: str | None) -> Iterator[tuple[str, int]]:
    if text:
        fan, _, number = text.rpartition(":")
        yield fan, int(number)


def _regrouped(sale_id: str, at_us: int, fields: Mapping[str, str]) -> Iterator[Entry]:
    for name, kind in (("united", entries.united), ("parted", entries.parted)):
        if name in fields:
            pairs = [(fan, lead) for fan, _, lead in map(_split, _words(fields[name]))]
            yield kind(sale_id, at_us, pairs, fields["why"])


def _held(sale_id: str, at_us: int, fields: Mapping[str, str]) -> Iterator[Entry]:
    if "held" in fields:
        yield entries.verdict(sale_id, at_us, fields["held"], "review", _words(fields["rules"]))


def _split(text: str) -> tuple[str, str, str]:
    return text.partition(":")


def _words(text: str) -> list[str]:
    return text.split(",") if text else []
