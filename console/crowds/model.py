"""A crowd in a file: who its people are, what they share, how they come. TOML, one crowd a file.

Every key but `about` has a default; `docs/screening.md` explains them all.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from pathlib import Path
from typing import Any

from fairness.errors import Invalid

ARRIVES = ("like fans", "at once", "soon", "evenly")
BROWSERS = ("real", "private", "script", "headless", "copied", "polished")
NETWORKS = ("home", "datacenter", "vpn", "relay", "carrier")
MAILS = ("own", "thrown away")
SHAREABLE = ("card", "phone", "device", "address", "mailbox")

_CHOICES = {"arrives": ARRIVES, "browser": BROWSERS, "network": NETWORKS, "mail": MAILS}


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which part of a group shares one kind of thing, and how many accounts share each."""

    part: float = 1.0
    by: tuple[int, int] = (2, 2)


@dataclass(frozen=True, slots=True)
class Crowd:
    """One crowd. Times are seconds unless a name says otherwise; ranges are inclusive."""

    name: str
    about: str
    honest: bool = False
    arrives: str = "like fans"
    browser: str = "real"
    network: str = "home"
    mail: str = "own"
    age_days: tuple[float, float] = (30.0, 900.0)
    made_within_h: float | None = None  # a group's accounts are made this close together
    wants: tuple[int, int] = (4, 4)  # tickets
    group: tuple[int, int] = (1, 1)  # accounts that belong together
    card_known: bool = True  # from an earlier order; else the card is seen when they pay
    one_person: bool = True  # a group is one buyer; else people of one home or school
    alone: float = 0.0  # this part of a group shares nothing
    shares: Mapping[str, Sharing] = field(default_factory=dict)


def builtin(kind: str = "builtin") -> dict[str, Crowd]:
    """Return the crowds that come with the project, by name; `harder` are attackers with care."""
    folder = resources.files("console.crowds").joinpath(kind)
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    crowds = (parse(f.read_text("utf-8"), f.name.removesuffix(".toml")) for f in files)
    return {crowd.name: crowd for crowd in sorted(crowds, key=lambda crowd: crowd.name)}


def read(path: Path) -> Crowd:
    """Return the crowd in a file; its name is the file's. Raises Invalid, naming the fault."""
    try:
        return parse(path.read_text("utf-8"), path.stem)
    except (OSError, UnicodeDecodeError) as error:
        raise _fault(path.stem, "file", str(path), "a readable text file") from error


def parse(text: str, name: str) -> Crowd:
    """Return the crowd that the TOML text describes. Raises Invalid, naming the key at fault."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _fault(name, "file", str(error), "valid TOML") from error
    known = {f.name for f in fields(Crowd)} - {"name"}
    if unknown := sorted(raw.keys() - known):
        raise _fault(name, unknown[0], raw[unknown[0]], f"one of {', '.join(sorted(known))}")
    if not isinstance(raw.get("about"), str):
        raise _fault(name, "about", raw.get("about"), "one sentence that says who they are")
    return Crowd(name=name, **{key: _value(name, key, value) for key, value in raw.items()})


def _value(crowd: str, key: str, value: Any) -> Any:
    if key in _CHOICES:
        return _checked(crowd, key, value, value in _CHOICES[key], f"one of {_CHOICES[key]}")
    if key in ("age_days", "wants", "group"):
        return _range(crowd, key, value, whole=key != "age_days")
    if key in ("honest", "one_person", "card_known"):
        return _checked(crowd, key, value, isinstance(value, bool), "true or false")
    if key == "alone":
        return _part(crowd, key, value)
    if key == "made_within_h":
        right = isinstance(value, int | float) and value > 0
        return _checked(crowd, key, value, right, "hours, more than 0")
    if key == "shares":
        return {kind: _sharing(crowd, kind, told) for kind, told in value.items()}
    return value


def _sharing(crowd: str, kind: str, told: Any) -> Sharing:
    _checked(crowd, f"shares.{kind}", kind, kind in SHAREABLE, f"one of {SHAREABLE}")
    right = isinstance(told, dict) and told.keys() <= {"part", "by"}
    _checked(crowd, f"shares.{kind}", told, right, "part = 0 to 1 and by = [fewest, most]")
    part = _part(crowd, f"shares.{kind}.part", told.get("part", 1.0))
    return Sharing(part, _range(crowd, f"shares.{kind}.by", told.get("by", [2, 2]), whole=True))


def _part(crowd: str, key: str, value: Any) -> float:
    right = isinstance(value, int | float) and 0 <= value <= 1
    return float(_checked(crowd, key, value, right, "a part of the whole, 0 to 1"))


def _range(crowd: str, key: str, value: Any, *, whole: bool) -> tuple[Any, Any]:
    kind: Any = int if whole else (int, float)
    right = (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(end, kind) for end in value)
        and 0 <= value[0] <= value[1]
        and (not whole or value[0] >= 1)
    )
    _checked(crowd, key, value, right, "[least, most]")
    return value[0], value[1]


def _checked(crowd: str, key: str, value: Any, right: bool, rule: str) -> Any:
    if not right:
        raise _fault(crowd, key, value, rule)
    return value


def _fault(crowd: str, key: str, value: Any, rule: str) -> Invalid:
    return Invalid(
        f"crowd {crowd}: {key} = {value!r}",
        field=key,
        value=str(value),
        rule=rule,
        remedy="see the crowds in docs/screening.md",
    )
