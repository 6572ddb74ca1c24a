"""Reading lines of an access log in NCSA's combined format, and in the formats made of it.

Extra fields, quoted or not, may stand before the time and behind the size: then the first quoted
text after the size is the referrer, and the first of the others that looks like one the user agent.
"""

from __future__ import annotations

import gzip
import re
import zlib
from calendar import timegm
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from fairness.screening.offline.faults import Faults

LONGEST_LINE = 16_384
_LARGEST = 1 << 50  # bytes; more is no answer's size

_LINE = re.compile(
    r"\[(?P<date>\d{1,2}/[A-Za-z]{3}/\d{4}):(?P<h>\d\d):(?P<m>\d\d):(?P<s>\d\d)(?:\.\d+)?"
    r"(?: (?P<zone>[+-]\d{4}))?\] "
    r'"(?P<request>[^"\\]*(?:\\.[^"\\]*)*)" (?P<status>\d{3}) (?P<size>\d+|-)(?P<rest>.*)'
)
_QUOTED = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"')
_AGENT = re.compile(r"[A-Za-z][\w .-]*/\d")  # name and version
_MONTHS = {name: at for at, name in enumerate(
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
)}  # fmt: skip


class Hit(NamedTuple):
    """One request, as the log has it."""

    at_s: int  # seconds since 1970 UTC
    hour: int  # of the server's day
    method: str
    path: str  # without the query
    status: int
    referrer: str
    agent: str | None  # None: the log does not keep it
    address: str = ""  # the line's first field
    size: int = 0  # bytes of the answer
    query: bool = False
    old: bool = False  # spoken in HTTP/1.0, or before


def lines(paths: Iterable[Path], faults: Faults) -> Iterator[str]:
    """Yield the lines of the files (plain, or packed as .gz) one by one: logs outgrow memories.

    A line that is too long, or a file that cannot be read to its end, is counted in `faults`.
    """
    for path in paths:
        try:
            with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
                yield from _short(cast(BinaryIO, file), faults)
        except (OSError, EOFError, zlib.error) as error:
            faults.note("file that cannot be read to its end", f"{path}: {error}")


def parse(line: str) -> Hit | None:
    """Return the request in `line`, or None when it is not a line of such a log."""
    found = _LINE.search(line)
    if found is None:
        return None
    day = _day(found["date"].lower())
    hour, minute, second = int(found["h"]), int(found["m"]), int(found["s"])
    if day is None or hour > 23 or minute > 59 or second > 60:
        return None
    method, _, target = found["request"].partition(" ")
    target, _, protocol = target.partition(" ")
    path, asked, _ = target.partition("?")
    quoted = _QUOTED.findall(found["rest"])
    return Hit(
        at_s=day + hour * 3600 + minute * 60 + second - _offset_s(found["zone"]),
        hour=hour,
        method=method.upper(),
        path=path,
        status=int(found["status"]),
        referrer=_given(quoted[0]) if quoted else "",
        agent=_agent(quoted[1:]),
        address=line.split(" ", 1)[0],
        size=0 if found["size"] == "-" else min(int(found["size"][:18]), _LARGEST),
        query=bool(asked),
        old=protocol == "HTTP/1.0",
    )


def _short(file: BinaryIO, faults: Faults) -> Iterator[str]:
    while raw := file.readline(LONGEST_LINE):
        if len(raw) < LONGEST_LINE or raw.endswith(b"\n"):
            yield raw.decode("utf-8", "replace")
            continue
        faults.note(f"line longer than {LONGEST_LINE:,} bytes", repr(raw[:40]))
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE)


def _agent(texts: Sequence[str]) -> str | None:
    """Return the user agent among `texts`; a cookie before it or an address behind it is none."""
    if len(texts) > 1:
        for text in texts:
            if _AGENT.match(text):
                return text
    return _given(texts[0]) if texts else None


def _given(text: str) -> str:
    return "" if text == "-" else text


@lru_cache(maxsize=64)
def _day(date: str) -> int | None:
    day, month, year = date.split("/")
    at = _MONTHS.get(month)
    if at is None or not 1 <= int(day) <= 31:
        return None
    return timegm((int(year), at, int(day), 0, 0, 0))


@lru_cache(maxsize=64)
def _offset_s(zone: str | None) -> int:
    if not zone:
        return 0
    ahead = int(zone[1:3]) * 3600 + int(zone[3:]) * 60
    return -ahead if zone[0] == "-" else ahead
