"""From the lines of a log to one session each, in memory that does not grow with a session."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable
from hashlib import blake2b
from random import Random
from statistics import median

from fairness.errors import Invalid
from fairness.screening import agents
from fairness.screening.offline.accesslog import Hit, parse
from fairness.screening.offline.actors import LONGEST_NAME
from fairness.screening.offline.faults import Faults

BY_ADDRESS = r"^(\S+)"  # the first field of a line: the client's address
MOST_SESSIONS = 250_000  # about 1.5 kB each
PAUSE_S = 30 * 60  # who comes back later than this is on another visit

_KEPT_GAPS = 64
_ASSET = re.compile(
    r"\.(?:css|js|mjs|map|png|jpe?g|gif|svg|webp|avif|ico|bmp|woff2?|ttf|eot|otf|mp[34]|webm|wasm|"
    r"json|webmanifest)$|^/(?:api|static|assets|ajax)/",
    re.IGNORECASE,
)


class Distinct:
    """About how many different texts were seen, up to a few thousand, in 128 bytes."""

    __slots__ = ("_bits",)
    _SIZE = 1024

    def __init__(self) -> None:
        self._bits = 0

    def add(self, text: str) -> None:
        """See `text`."""
        digest = blake2b(text.encode("utf-8", "replace"), digest_size=2).digest()
        self._bits |= 1 << (int.from_bytes(digest, "big") % self._SIZE)

    def count(self) -> float:
        """Return the estimate (linear counting); it is exact, nearly always, below ten."""
        free = max(self._SIZE - self._bits.bit_count(), 1)
        return round(-self._SIZE * math.log(free / self._SIZE), 1) if self._bits else 0.0


class Gaps:
    """The pauses between pages: exact mean and spread, and a fair sample for the middle."""

    __slots__ = ("_sample", "number", "squares", "total")

    def __init__(self) -> None:
        self.number, self.total, self.squares = 0, 0.0, 0.0
        self._sample = array("f")

    def add(self, seconds: float, chance: Random) -> None:
        """Take one pause into account."""
        self.number += 1
        self.total += seconds
        self.squares += seconds * seconds
        if len(self._sample) < _KEPT_GAPS:
            self._sample.append(seconds)
        elif (at := chance.randrange(self.number)) < _KEPT_GAPS:
            self._sample[at] = seconds

    def middle(self) -> float | None:
        """Return the median, or None without a pause."""
        return float(median(self._sample)) if self._sample else None

    def unevenness(self) -> float | None:
        """Return the standard deviation over the mean; None for fewer than two or no length."""
        if self.number < 2 or not self.total:
            return None
        mean = self.total / self.number
        return math.sqrt(max(self.squares / self.number - mean * mean, 0.0)) / mean


class Session:
    """What one session did, in counters."""

    __slots__ = (
        "agents",
        "depth",
        "errors",
        "gaps",
        "headless",
        "heads",
        "hours",
        "kept_agent",
        "last_page_s",
        "linked",
        "nameless",
        "pages",
        "parts",
        "paths",
        "requests",
        "robots",
        "script",
        "unchanged",
    )  # fmt: skip

    def __init__(self) -> None:
        self.requests = self.pages = self.parts = self.linked = 0
        self.heads = self.errors = self.unchanged = self.depth = 0
        self.hours = 0  # one bit for each hour of the day
        self.last_page_s: int | None = None
        self.robots = self.script = self.headless = self.nameless = self.kept_agent = False
        self.agents, self.paths, self.gaps = Distinct(), Distinct(), Gaps()

    def add(self, hit: Hit, chance: Random) -> None:
        """Take one request into account."""
        self.requests += 1
        self.heads += hit.method == "HEAD"
        self.errors += 400 <= hit.status < 500
        self.unchanged += hit.status == 304
        self.hours |= 1 << hit.hour
        self.robots |= hit.path == "/robots.txt"
        if hit.agent is not None:
            self._claims(hit.agent)
        if _ASSET.search(hit.path):
            self.parts += 1
        else:
            self._page(hit, chance)

    def _page(self, hit: Hit, chance: Random) -> None:
        self.pages += 1
        self.linked += bool(hit.referrer)
        self.paths.add(hit.path)
        self.depth += hit.path.strip("/").count("/") + 1
        if self.last_page_s is not None:
            gap = max(hit.at_s - self.last_page_s, 0)  # logs are written a little out of order
            if gap <= PAUSE_S:
                self.gaps.add(gap, chance)
        self.last_page_s = max(hit.at_s, self.last_page_s or 0)

    def _claims(self, text: str) -> None:
        agent = agents.read(text[:512])
        self.kept_agent = True
        self.agents.add(text)
        self.script |= agent.script
        self.headless |= agent.headless
        self.nameless |= not text


def collect(
    lines: Iterable[str], session: re.Pattern[str], faults: Faults, most: int = MOST_SESSIONS
) -> dict[str, Session]:
    """Return the sessions by name, which is what `session` finds in a line.

    Its groups, joined by a space, or the whole match when it has none. Lines that are of no
    session, or of one that comes after `most` others, are counted in `faults`.
    """
    found: dict[str, Session] = {}
    chance = Random(0)  # noqa: S311 (a sample, not a secret; the same file gives the same scores)
    for at, line in enumerate(lines, 1):
        where = f"line {at}"
        if (hit := parse(line)) is None:
            if line.strip():
                faults.note("line that is not of an access log", where)
        elif not (name := _name(line, session)):
            faults.note("line of no session", where)
        elif name in found:
            found[name].add(hit, chance)
        elif len(found) < most:
            found[name] = Session()
            found[name].add(hit, chance)
        else:
            faults.note(f"line of a session after the first {most:,}", where)
    return found


def pattern(text: str) -> re.Pattern[str]:
    """Return the compiled expression. Invalid when it is none."""
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise Invalid(
            f"this is not a regular expression: {error}",
            field="--session-regex",
            value=text[:200],
            rule="Python's syntax; its groups, or else the whole match, name the session",
            remedy=r"for a cookie behind the referrer, for example: '\" (\w{26}) \"'",
        ) from error


def _name(line: str, session: re.Pattern[str]) -> str:
    match = session.search(line)
    if match is None:
        return ""
    parts = match.groups() or (match[0],)
    name = " ".join(part.strip() for part in parts if part)
    return "" if name == "-" else name[:LONGEST_NAME]
