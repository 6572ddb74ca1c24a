"""What each kind of entry must look like, field by field. Nothing else gets into the log."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fairness.beacon_relays import REASONS

Shape: TypeAlias = Callable[[Any], bool]

VERSION = 1
VERDICTS = ("admit", "challenge", "merge", "review", "refuse")


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _number_or_none(value: Any) -> bool:
    return value is None or _number(value)


def _plain(value: Any) -> bool:
    return isinstance(value, dict)  # of any JSON values


def _verdict(value: Any) -> bool:
    return value in VERDICTS


def _hexadecimal(size: int) -> Shape:
    matches = re.compile(f"[0-9a-f]{{{2 * size}}}").fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


_STR = {str}


def _texts(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    return set(map(type, value)) <= _STR or all(isinstance(text, str) for text in value)


def _pairs(second: type) -> Shape:
    """Return the shape of a list of [text, text] or [text, number]; there may be a thousand."""

    def fits(value: Any) -> bool:
        if not isinstance(value, list):
            return False
        for pair in value:
            if type(pair) is not list or len(pair) != 2 or not isinstance(pair[0], str):
                return False
            last = pair[1]
            if not isinstance(last, second) or last is True or last is False:
                return False
        return second is str or all(pair[1] >= 0 for pair in value)

    return fits


def _numbers_by_name(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_number, value.values()))


def _proof(value: Any) -> bool:
    """Whether it has the size of an ECVRF proof, or of a signature of a public beacon."""
    return _hexadecimal(80)(value) or _hexadecimal(48)(value)


def _why(value: Any) -> bool:
    return value in REASONS


_HASH = _hexadecimal(32)
_NUMBERED, _NAMED = _pairs(int), _pairs(str)
_SEATS: dict[str, Shape] = {"order": _text, "fan": _text, "seats": _texts}
_COMMON: dict[str, Shape] = {
    "v": lambda value: type(value) is int and value == VERSION,
    "type": _text,
    "sale": _text,
    "at_us": _number,
}
_KINDS: dict[str, dict[str, Shape]] = {
    "keys": {"beacon": _text, "key": _HASH},
    "receipts": {"key": _HASH},
    "manifest": {"manifest": _plain},
    "arrivals": {
        "window": _number,
        "part": _number,
        "fans": _NUMBERED,
    },
    "merges": {"window": _number, "part": _number, "fans": _NAMED},
    "window": {
        "window": _number,
        "count": _number,
        "root": _HASH,
        "merged": _number,
        "verdicts": _numbers_by_name,
        "screened": _HASH,
    },
    "draw": {"window": _number, "beacon": _text, "proof": _proof, "seed": _HASH},
    "round": {
        "window": _number,
        "beacon": _text,
        "chain": _HASH,
        "round": _number,
        "sealed": _number,
    },
    "fallback": {"window": _number, "round": _number, "beacon": _text, "why": _why},
    "admitted": {
        "fans": _NUMBERED,
        "passed": _NAMED,
    },
    "united": {"fans": _NAMED, "why": _text},
    "parted": {"fans": _NAMED, "why": _text},
    "deferral": {"fan": _text, "until_us": _number},
    "verdict": {
        "fan": _text,
        "verdict": _verdict,
        "rules": _texts,
        "window": _number_or_none,
    },
    "seats_held": {**_SEATS, "until_us": _number},
    "seats_sold": _SEATS,
    "seats_released": {**_SEATS, "reason": _text},
    "passed_on": {**_SEATS, "to_order": _text, "to_fan": _text},
    "wish": {"fan": _text, "place": _number_or_none, "count": _number, "tiers": _texts},
    "offered": {**_SEATS, "tier": _text, "until_us": _number},
    "organiser": {"act": _text, "detail": _plain},
    "opened": {},
    "rebuilt": {"totals": _numbers_by_name},
    "closed": {"totals": _numbers_by_name},
}
_OWN = {kind: {"v": _COMMON["v"], **fields} for kind, fields in _KINDS.items()}
FREE = frozenset(kind for kind, fields in _KINDS.items() if _plain in fields.values())
FIELDS = {kind: {**_COMMON, **fields} for kind, fields in _KINDS.items()}

# How RFC 8785 writes a field that holds printable ASCII without quotes and backslashes, and
# numbers under 9·10^15. There is one way only, so who finds this need not write it anew.
_TEXT = r'"[ !#-\[\]-~]*+"'
_DIGITS = r"(?:0|[1-8][0-9]{0,15}+|9[0-9]{0,14}+)"


def _list(one: str) -> str:
    return rf"\[(?:{one}(?:,{one})*+)?+\]"


_WRITTEN: dict[Shape, str] = {
    _text: _TEXT,
    _number: _DIGITS,
    _number_or_none: f"(?:null|{_DIGITS})",
    _verdict: f'"(?:{"|".join(VERDICTS)})"',
    _texts: _list(_TEXT),
    _NUMBERED: _list(rf"\[{_TEXT},{_DIGITS}\]"),
    _NAMED: _list(rf"\[{_TEXT},{_TEXT}\]"),
    _HASH: '"[0-9a-f]{64}"',
    _proof: '"(?:[0-9a-f]{160}|[0-9a-f]{96})"',
}


def _pattern(kind: str, fields: Mapping[str, Shape]) -> Callable[[bytes], object]:
    written = {name: _WRITTEN[shape] for name, shape in fields.items() if shape in _WRITTEN}
    written |= {"v": str(VERSION), "type": f'"{kind}"'}
    body = ",".join(f'"{name}":{written[name]}' for name in sorted(fields))
    return re.compile(rf"\{{{body}\}}".encode()).fullmatch


_PLAIN = {
    kind: _pattern(kind, fields)
    for kind, fields in FIELDS.items()
    if set(fields.values()) - {_COMMON["v"]} <= set(_WRITTEN)
}


def is_plain(kind: object, data: bytes) -> bool:
    """Return whether these bytes are certainly canonical, and an entry of this kind as described.

    Nearly all are, and it is seen in a microsecond. Others may be an entry as well: `fault` tells.
    """
    pattern = _PLAIN.get(kind) if isinstance(kind, str) else None
    return pattern is not None and pattern(data) is not None


def fault(entry: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the first field that is not as it must be and the rule it breaks; None when all are.

    The value itself is not repeated: it may be what must never get into a log.
    """
    kind = entry.get("type")
    shapes = FIELDS.get(kind) if isinstance(kind, str) else None
    if shapes is None:
        return "type", f"one of {', '.join(FIELDS)}"
    if entry.keys() != shapes.keys():
        odd = sorted(set(entry) ^ set(shapes), key=str)
        return odd[0], f"exactly the fields {', '.join(shapes)}"
    at_us = entry["at_us"]
    if entry["v"] == VERSION and type(at_us) is int and at_us >= 0 and type(entry["sale"]) is str:
        shapes = _OWN[entry["type"]]  # most entries; the others are looked at field by field
    for name, shape in shapes.items():
        if not shape(entry[name]):
            return name, f"as docs/ledger.md describes {kind}"
    return None
