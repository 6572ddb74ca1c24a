"""Plain Python values as DynamoDB writes them, and back.

str, int, bool, bytes, lists, dicts and sets of one kind; None is an attribute that is not there.
A float is refused: money is minor units, time is µs.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

Item = dict[str, Any]


def pack(item: Mapping[str, Any]) -> Item:
    """Return the attributes of `item` as DynamoDB writes them, without those that are None."""
    return {name: packed(value) for name, value in item.items() if value is not None}


def packed(value: Any) -> Item:
    """Return one value as DynamoDB writes it; TypeError for a kind that is never stored."""
    write = _WRITE.get(type(value))
    if write is None:
        raise TypeError(f"a {type(value).__name__} cannot be stored")
    return write(value)


def unpack(item: Mapping[str, Any]) -> Item:
    """Return the plain values of attributes as DynamoDB wrote them."""
    return {name: plain(value) for name, value in item.items()}


def plain(value: Mapping[str, Any]) -> Any:
    """Return one plain value. Binary may be bytes, or base64 as it came over the wire."""
    ((kind, inner),) = value.items()
    return _READ[kind](inner)


def _set(value: set[Any] | frozenset[Any]) -> Item:
    kinds = {type(member) for member in value}
    if kinds == {str}:
        return {"SS": sorted(value)}
    if kinds == {int}:
        return {"NS": sorted(map(str, value))}
    raise TypeError("a set holds texts or integers, and at least one")


def _binary(value: str | bytes) -> bytes:
    return b64decode(value) if isinstance(value, str) else bytes(value)


_WRITE: dict[type, Callable[[Any], Item]] = {
    str: lambda value: {"S": value},
    int: lambda value: {"N": str(value)},
    bool: lambda value: {"BOOL": value},
    bytes: lambda value: {"B": value},
    list: lambda value: {"L": [packed(inner) for inner in value]},
    tuple: lambda value: {"L": [packed(inner) for inner in value]},
    dict: lambda value: {"M": {name: packed(inner) for name, inner in value.items()}},
    set: _set,
    frozenset: _set,
    type(None): lambda _: {"NULL": True},
}

_READ: dict[str, Callable[[Any], Any]] = {
    "S": str,
    "N": int,
    "BOOL": bool,
    "B": _binary,
    "L": lambda value: [plain(inner) for inner in value],
    "M": unpack,
    "SS": set,
    "NS": lambda value: set(map(int, value)),
    "NULL": lambda _: None,
}
