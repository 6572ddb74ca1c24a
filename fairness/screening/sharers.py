"""Who shares what in a sale, kept in the store in little room: `link.lua` says how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, pairwise
from typing import Any, TypeVar

from redis import Redis
from redis.client import NEVER_DECODE

from fairness import keys, scripts
from fairness.screening import packing
from fairness.screening.bonds import Attribute
from fairness.screening.packing import Columns

KEPT_S = 30 * 24 * 3600  # the store forgets a link by itself after this
PACKED = 32  # fans of one attribute that stand in the shared field; more go into a set
FIELDS = 1 << 14  # a million records are 60 in a field
_AT_ONCE = 300  # records in one script: a millisecond of the store, if all are looked for
_FIELDS_AT_ONCE = 50
_READ = 250  # attributes in one trip: each is two short commands
_MARK, _RECORD = 6, 22  # bytes
_MARKS = 1 << 8 * _MARK
_MANY = 1_000  # members of a set that are read with one command

T = TypeVar("T")


class Sharers:
    """The fans of each attribute, all windows together."""

    def __init__(self, redis: Redis, sale_id: str) -> None:
        self._redis = redis
        self._sale_id = sale_id
        self._link = scripts.load(redis, "link")

    def add(self, here: Mapping[Attribute, Sequence[str]]) -> dict[Attribute, int]:
        """Remember these; return how many fans have each now. Doing it again changes nothing."""
        by_kind: dict[str, list[Attribute]] = defaultdict(list)
        for attribute in here:
            by_kind[attribute[0]].append(attribute)
        counts: dict[Attribute, int] = {}
        for kind, attributes in by_kind.items():
            values = [value for _, value in attributes]
            fans = [here[attribute] for attribute in attributes]
            counts |= zip(attributes, self._add(kind, values, fans), strict=True)
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

    def _add(self, kind: str, values: Sequence[str], fans: Sequence[Sequence[str]]) -> list[int]:
        """Return how many fans have each value of one kind now."""
        rows = _Rows(values, fans)
        counts = rows.sizes
        given = [keys.linked(self._sale_id, kind), keys.links(self._sale_id, kind)]
        for args in rows.arguments():
            for field, mark, count in self._link(keys=given, args=[KEPT_S, PACKED, *args]):
                value = rows.value_at(field, mark)
                counts[value] = max(counts[value], count)
        return counts

    def _others(self, attribute: Attribute) -> Iterator[str]:
        cursor, raw = 0, {NEVER_DECODE: True}
        command: Any = self._redis.execute_command
        while True:
            cursor, members = command("SSCAN", self._key(attribute), cursor, "COUNT", _MANY, **raw)
            yield from (packing.text(m[1:]) if m[:1] == b"\0" else m.decode() for m in members)
            if not int(cursor):
                return

    def _key(self, attribute: Attribute) -> str:
        field, mark = _place(attribute[1])
        return f"{keys.links(self._sale_id, attribute[0])}:{field}:{int.from_bytes(mark)}"


class _Rows:
    """Values of one kind with their fans, in the order in which the store keeps them."""

    def __init__(self, values: Sequence[str], fans: Sequence[Sequence[str]]) -> None:
        import numpy as np  # every process imports this module, and only screening has many

        fans = [list(dict.fromkeys(some)) if len(some) > 1 else some for some in fans]
        self.sizes = list(map(len, fans))
        flat = list(chain.from_iterable(fans))
        names, odd = packing.column(flat)
        heads = packing.column(values)[0].view(">u8")[::2].astype(np.uint64)
        places = heads % np.uint64(FIELDS * _MARKS)
        self._order = np.argsort(places, kind="stable")
        self._places = places[self._order]
        sizes = np.array(self.sizes, dtype=np.int64)
        owners = np.repeat(np.arange(len(values)), sizes)
        by_place = np.argsort(places[owners], kind="stable")
        self._odd = {number: flat[number] for number in odd}
        self._fields = (places[owners[by_place]] // np.uint64(_MARKS)).astype(np.int64)
        self._numbers = by_place
        self._records = _records(places[owners[by_place]], names[by_place])
        large = places[sizes > PACKED] // np.uint64(_MARKS)
        self._large = set(large.tolist())

    def arguments(self) -> Iterator[list[str | int | bytes]]:
        """Yield the arguments of each call of the script."""
        args, fields, count = list[str | int | bytes](), 0, 0
        for field, start, end in self._runs():
            if args and (count + end - start > _AT_ONCE or fields == _FIELDS_AT_ONCE):
                yield args
                args, fields, count = [], 0, 0
            args += [field, *self._run(field, start, end)]
            fields, count = fields + 1, count + end - start
        if args:
            yield args

    def value_at(self, field: int, mark: int) -> int:
        """Return the number of the value that is kept there."""
        return int(self._order[self._places.searchsorted(field * _MARKS + mark)])

    def _runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield each field with its rows, at most _AT_ONCE of them."""
        import numpy as np

        cuts = np.flatnonzero(np.diff(self._fields)) + 1
        bounds = [0, *cuts.tolist(), len(self._fields)]
        for first, last in pairwise(bounds):
            for start in range(first, last, _AT_ONCE):
                yield int(self._fields[start]), start, min(last, start + _AT_ONCE)

    def _run(self, field: int, start: int, end: int) -> list[str | int | bytes]:
        records = self._records[start * _RECORD : end * _RECORD]
        few = int(field not in self._large)
        if not self._odd:
            return [records, few, 0]
        names = [self._odd.get(number) for number in self._numbers[start:end].tolist()]
        rows = [records[n : n + _RECORD] for n in range(0, len(records), _RECORD)]
        found: list[str | int | bytes]
        plain = b"".join(row for row, name in zip(rows, names, strict=True) if name is None)
        found = [plain, few, len(names) - names.count(None)]
        for row, name in zip(rows, names, strict=True):
            found += [row[:_MARK], name] if name is not None else []
        return found


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield `items` in lists of at most `size`, in order."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _records(places: Columns, names: Columns) -> bytes:
    """Return the rows as the store keeps them: mark and fan of each."""
    import numpy as np

    rows = np.empty((len(places), _RECORD), dtype=np.uint8)
    rows[:, :_MARK] = places.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    rows[:, _MARK:] = names.view(np.uint8).reshape(-1, packing.NAME)
    return rows.tobytes()


def _place(value: str) -> tuple[int, bytes]:
    """Return the field in which a value's records stand and their mark, 62 bits together."""
    hashed = packing.packed(value)[:8]
    return int.from_bytes(hashed[:2]) % FIELDS, hashed[2:]


def _packed(records: bytes, mark: bytes) -> list[str]:
    return [
        packing.text(records[start + _MARK : start + _RECORD])
        for start in range(0, len(records), _RECORD)
        if records[start : start + _MARK] == mark
    ]
