"""From the lines of a log to one session each, in memory that does not grow with a session."""

from __future__ import annotations

import math
import re
from array import array
from collections.abc import Iterable
from zlib import crc32

from fairness.errors import Invalid
from fairness.screening import agents
from fairness.screening.offline.accesslog import Hit, parse
from fairness.screening.offline.actors import LONGEST_NAME
from fairness.screening.offline.faults import Faults
from fairness.screening.offline.rhythm import Times

BY_ADDRESS = r"^(\S+)"  # the first field of a line: the client's address
MOST_SESSIONS = 250_000  # about 2 kB each
KEPT_PAGES = 64  # of a session, to see how popular they are

_PICTURES = frozenset(("png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "bmp"))
_OTHERS = frozenset((
    "css", "js", "mjs", "map", "woff", "woff2", "ttf", "eot", "otf", "mp3", "mp4", "webm", "wasm",
    "json", "webmanifest",
))  # fmt: skip
_FETCHED = ("/api/", "/static/", "/assets/", "/ajax/")
# Programs that people run for themselves say so, too: readers of feeds, monitors, previews.
_PROGRAM = re.compile(
    r"https?://|@|(?<!cu)bot\b|crawl|spider|slurp|archiver|externalhit|\bfeed|\brss\b|monitor|"
    r"pingdom|uptime|link.?check|preview|fetcher|scanner",
    re.IGNORECASE,
)


class Distinct:
    """About how many different texts were seen, up to a few thousand, in 128 bytes."""

    __slots__ = ("_bits",)
    _SIZE = 1024

    def __init__(self) -> None:
        self._bits = 0

    def add(self, sign: int) -> bool:
        """See the text whose `signature` is `sign`; return whether it was (likely) seen before."""
        bit = 1 << sign % self._SIZE
        seen = bool(self._bits & bit)
        self._bits |= bit
        return seen

    def has(self, sign: int) -> bool:
        """Return whether it was seen; a few strangers look as if."""
        return bool(self._bits >> sign % self._SIZE & 1)

    def count(self) -> float:
        """Return the estimate (linear counting); it is exact, nearly always, below ten."""
        free = max(self._SIZE - self._bits.bit_count(), 1)
        return round(-self._SIZE * math.log(free / self._SIZE), 1) if self._bits else 0.0


class Session:
    """What one session did, in counters."""

    __slots__ = (
        "addresses", "agents", "bytes", "depth", "depth_squares", "errors", "failures", "followed",
        "headless", "heads", "hours", "kept_agent", "last_page", "linked", "major", "mobile",
        "moved", "nameless", "old", "page_signs", "pages", "parts", "paths", "pictures", "posts",
        "queries", "repeats", "requests", "robots", "script", "strange", "times", "unchanged",
    )  # fmt: skip

    def __init__(self) -> None:
        self.requests = self.pages = self.parts = self.pictures = self.linked = self.followed = 0
        self.heads = self.posts = self.errors = self.failures = self.unchanged = self.moved = 0
        self.old = self.queries = self.repeats = self.depth = self.depth_squares = self.bytes = 0
        self.hours = 0  # one bit for each hour of the day
        self.major = 0  # of Chromium, the newest claimed
        self.last_page = -1
        self.robots = self.script = self.headless = self.nameless = self.kept_agent = False
        self.mobile = self.strange = False
        self.agents, self.paths, self.addresses, self.times = (
            Distinct(), Distinct(), Distinct(), Times(),
        )  # fmt: skip
        self.page_signs = array("L")

    def add(self, hit: Hit) -> None:
        """Take one request into account."""
        self.requests += 1
        self.heads += hit.method == "HEAD"
        self.posts += hit.method == "POST"
        self._answered(hit.status)
        self.bytes += hit.size
        self.old += hit.old
        self.hours |= 1 << hit.hour
        self.robots |= hit.path == "/robots.txt"
        self.addresses.add(signature(hit.address))
        if hit.agent is not None:
            self._claims(hit.agent)
        if not hit.path:
            return  # a connection without a request, which browsers open to be quick later
        ending = hit.path.rpartition(".")[2].lower()
        if ending in _PICTURES:
            self.pictures += 1
            self.parts += 1
        elif ending in _OTHERS or hit.path.startswith(_FETCHED):
            self.parts += 1
        else:
            self._page(hit)

    def _answered(self, status: int) -> None:
        self.errors += 400 <= status < 500 and status != 408  # 408: nothing was asked for
        self.failures += status >= 500
        self.unchanged += status == 304
        self.moved += status in (301, 302, 303, 307, 308)

    def _page(self, hit: Hit) -> None:
        self.pages += 1
        self.queries += hit.query
        self.times.add(hit.at_s)
        if hit.referrer:
            self.linked += 1
            self.followed += self.paths.has(signature(_path(hit.referrer)))
        sign = signature(hit.path)
        self.paths.add(sign)
        self.repeats += sign == self.last_page
        self.last_page = sign
        if len(self.page_signs) < KEPT_PAGES:
            self.page_signs.append(sign)
        depth = hit.path.strip("/").count("/") + 1
        self.depth += depth
        self.depth_squares += depth * depth

    def _claims(self, text: str) -> None:
        self.kept_agent = True
        if self.agents.add(signature(text)):
            return  # it has said that before
        agent = agents.read(text[:512])
        self.script |= agent.script or bool(_PROGRAM.search(text[:512]))
        self.headless |= agent.headless
        self.nameless |= not text
        self.strange |= bool(text) and not text.startswith(("Mozilla/", "Opera/"))
        self.mobile |= agent.mobile
        self.major = max(self.major, agent.major)


def signature(text: str) -> int:
    """Return 32 bits that stand for `text`, each as good as chance (the end of Murmur3)."""
    sign = crc32(text.encode("utf-8", "replace"))
    sign = (sign ^ sign >> 16) * 0x85EBCA6B & 0xFFFFFFFF
    sign = (sign ^ sign >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
    return sign ^ sign >> 16


def collect(
    lines: Iterable[str], session: re.Pattern[str], faults: Faults, most: int = MOST_SESSIONS
) -> dict[str, Session]:
    """Return the sessions by name, which is what `session` finds in a line.

    Its groups, joined by a space, or the whole match when it has none. Lines that are of no
    session, or of one that comes after `most` others, are counted in `faults`.
    """
    found: dict[str, Session] = {}
    for at, line in enumerate(lines, 1):
        if (hit := parse(line)) is None:
            if line.strip():
                faults.note("line that is not of an access log", f"line {at}")
        elif not (name := _name(line, session)):
            faults.note("line of no session", f"line {at}")
        elif (known := found.get(name)) is not None:
            known.add(hit)
        elif len(found) < most:
            found[name] = known = Session()
            known.add(hit)
        else:
            faults.note(f"line of a session after the first {most:,}", f"line {at}")
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


def _path(url: str) -> str:
    """Return the path of a referrer, without query and fragment."""
    host_on = url.partition("://")[2] or url
    path = "/" + host_on.partition("/")[2]
    return path.partition("?")[0].partition("#")[0]


def _name(line: str, session: re.Pattern[str]) -> str:
    match = session.search(line)
    if match is None:
        return ""
    parts = match.groups() or (match[0],)
    name = " ".join(part.strip() for part in parts if part)
    return "" if name == "-" else name[:LONGEST_NAME]
