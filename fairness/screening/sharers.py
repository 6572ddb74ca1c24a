"""Who shares what in a sale, kept in the store in little room: `link.lua` says how."""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, TypeVar

from redis import Redis
from redis.client import NEVER_DECODE

from fairness import keys, scripts
from fairness.screening.bonds import Attribute

KEPT_S = 30 * 24 * 3600  # the store forgets a link by itself after this
PACKED = 32  # fans of one attribute that stand in the shared field; more go into a set
FIELDS = 1 << 14  # a million records are 60 in a field
_AT_ONCE = 16  # attributes in one script, fans in one part: a millisecond of the store
_READ = 250  # attributes in one trip: each is two short commands
_MARK, _RECORD = 6, 22  # bytes
_MANY = 1_000  # members of a set that are read with one command

_FAN = re.compile(r"[A-Za-z0-9_-]{21}[AQgw]").fullmatch  # what is 16 bytes in base64
T = TypeVar("T")


class Sharers:
    """The fans of each attribute, all windows together."""

    def __init__(self, redis: Redis, sale_id: str) -> None:
        self._redis = redis
        self._sale_id = sale_id
        self._link = scripts.load(redis, "link")

    def add(self, here: Mapping[Attribute, Sequence[str]]) -> dict[Attribute, int]:
        """Remember these; return how many fans have each now. Doing it again changes nothing."""
        counts: dict[Attribute, int] = {}
        by_kind: dict[str, list[tuple[Attribute, list[str]]]] = defaultdict(list)
        for attribute, fans in here.items():
            by_kind[attribute[0]] += ((attribute, part) for part in batches(fans, _AT_ONCE))
        for kind, parts in by_kind.items():
            # A crowd on one address comes in parts: a script takes a bounded number of arguments.
            for batch in batches(parts, _AT_ONCE):
                found = self._link(
                    keys=[keys.linked(self._sale_id, kind), *(self._key(a) for a, _ in batch)],
                    args=_arguments(batch),
                )
                counts |= {a: int(n) for (a, _), n in zip(batch, found, strict=True)}
        return counts

    def of(self, attributes: Iterable[Attribute]) -> dict[Attribute, list[str]]:
        """Return the fans who have each of these."""
        found: dict[Attribute, list[str]] = {}
        for batch in batches(attributes, _READ):
            with self._redis.pipeline(transaction=False) as pipe:
                for attribute in batch:
                    key = keys.linked(self._sale_id, attribute[0])
                    field = _place(attribute[1])[0]
                    raw: dict[str, Any] = {NEVER_DECODE: True}
                    pipe.execute_command("HGET", key, field, **raw)  # type: ignore[no-untyped-call]
                    pipe.scard(self._key(attribute))
                answers = iter(pipe.execute())
            for attribute, packed, others in zip(batch, answers, answers, strict=True):
                found[attribute] = _packed(packed or b"", _place(attribute[1])[1])
                if others:
                    found[attribute] += self._others(attribute)
        return found

    def _others(self, attribute: Attribute) -> Iterator[str]:
        cursor, raw = 0, {NEVER_DECODE: True}
        command: Any = self._redis.execute_command
        while True:
            cursor, members = command("SSCAN", self._key(attribute), cursor, "COUNT", _MANY, **raw)
            yield from (_text(m[1:]) if m[:1] == b"\0" else m.decode() for m in members)
            if not int(cursor):
                return

    def _key(self, attribute: Attribute) -> str:
        return keys.links(self._sale_id, *attribute)


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield `items` in lists of at most `size`, in order."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _arguments(batch: Sequence[tuple[Attribute, Sequence[str]]]) -> list[str | int | bytes]:
    args: list[str | int | bytes] = [KEPT_S, PACKED]
    for (_, value), fans in batch:
        others = [fan for fan in fans if not _FAN(fan)]
        short = b"".join(_bytes(fan) for fan in fans if _FAN(fan))
        args += (*_place(value), short, len(others), *others)
    return args


def _place(value: str) -> tuple[int, bytes]:
    """Return the field in which a value's records stand and their mark, 62 bits together."""
    hashed = _bytes(value)[:8] if _FAN(value) else sha256(value.encode()).digest()[:8]
    return int.from_bytes(hashed[:2]) % FIELDS, hashed[2:]


def _packed(records: bytes, mark: bytes) -> list[str]:
    return [
        _text(records[start + _MARK : start + _RECORD])
        for start in range(0, len(records), _RECORD)
        if records[start : start + _MARK] == mark
    ]


def _bytes(name: str) -> bytes:
    return base64.urlsafe_b64decode(f"{name}==")


def _text(name: bytes) -> str:
    return base64.urlsafe_b64encode(name).rstrip(b"=").decode()
