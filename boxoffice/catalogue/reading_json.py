"""Reads values out of a JSON document, and notes each that is not as expected, with its path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from boxoffice.catalogue.faults import Faults, name_fault

FAR = 1_000_000  # no position lies farther out


def objects(
    thing: dict[str, Any], key: str, inside: str, faults: Faults
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each object of a list with its path in the file; note what is not an object."""
    path = f"{inside}.{key}" if inside else key
    value = thing.get(key)
    if not isinstance(value, list):
        faults.add(path, f"a list is expected, not {kind(value)}")
        return
    for number, item in enumerate(value):
        place = f"{path}[{number}]"
        if isinstance(item, dict):
            yield place, item
        else:
            faults.add(place, f"an object is expected, not {kind(item)}")


def name(thing: dict[str, Any], key: str, place: str, faults: Faults) -> str:
    """Return a name, or "" when it cannot be used."""
    value = thing.get(key)
    if not isinstance(value, str):
        faults.add(place, f"{key}: text is expected, not {kind(value)}")
        return ""
    clean = value.strip()
    fault = name_fault(key, clean)
    if fault:
        faults.add(place, fault)
    return "" if fault else clean


def position(thing: dict[str, Any], place: str, faults: Faults) -> tuple[float, float]:
    """Return the x and y of a thing; what is wrong with them is noted."""
    value = thing.get("position")
    if not isinstance(value, dict):
        faults.add(place, f"position: an object with x and y is expected, not {kind(value)}")
        return 0.0, 0.0
    x, y = (coordinate(value.get(axis), f"position {axis}", place, faults) for axis in "xy")
    return x, y


def coordinate(value: Any, what: str, place: str, faults: Faults) -> float:
    """Return a number that is no farther out than FAR, or 0 with a fault."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        faults.add(place, f"{what}: a number is expected, not {kind(value)}")
    elif not -FAR <= value <= FAR:
        faults.add(place, f"{what}: farther out than {FAR:,}")
    else:
        return float(value)
    return 0.0


def kind(value: Any) -> str:
    """Return what a value is, in words."""
    kinds = {dict: "an object", list: "a list", str: "text", bool: "true or false"}
    return "nothing" if value is None else kinds.get(type(value), "a number")


def flag(thing: dict[str, Any], key: str, place: str, faults: Faults) -> bool:
    """Return whether a thing is said to be so; nothing said is no."""
    value = thing.get(key, False)
    if not isinstance(value, bool):
        faults.add(place, f"{key}: true or false is expected, not {kind(value)}")
    return value is True


def words(thing: dict[str, Any], key: str, place: str, faults: Faults) -> str:
    """Return a text that may be left out."""
    return name(thing, key, place, faults) if thing.get(key) not in (None, "") else ""
