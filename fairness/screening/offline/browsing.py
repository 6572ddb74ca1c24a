"""What makes a session of an access log a machine: `derive` sums it up, METHOD judges.

Somebody who reads fetches a page with its parts, thinks, follows a link, comes back, makes a pause.
A machine fetches what it wants. No rule looks at the hour alone: people are awake at night, too.
"""

from __future__ import annotations

from collections.abc import Mapping

from fairness.screening.model import Finding
from fairness.screening.offline.evidence import Trait, Values
from fairness.screening.offline.judging import Actor, Method, number
from fairness.screening.offline.sessions import Session

_FEW_PAGES = 5  # fewer do not show a habit
_RHYTHM_PAGES = 10
_PARTS_LOGGED = 0.05  # of all requests; with fewer, another server sends pictures and styles
_COARSE_S = 3  # times are whole seconds: shorter gaps look even by themselves


def actors(sessions: Mapping[str, Session]) -> list[Actor]:
    """Return the sessions of one log as actors, in their order."""
    requests = sum(session.requests for session in sessions.values())
    parts = sum(session.parts for session in sessions.values())
    logged = parts >= _PARTS_LOGGED * requests
    return [Actor(name, derive(s, parts_logged=logged)) for name, s in sessions.items()]


def derive(session: Session, *, parts_logged: bool = True) -> dict[str, float | None]:
    """Return the values of a session; None where the log cannot tell.

    `parts_logged`: whether the log has pictures and styles at all.
    """
    pages, requests, gaps = session.pages, session.requests, session.gaps
    several = pages > 1
    return {
        "requests": requests,
        "pages": pages,
        "page_gaps": gaps.number,
        "gap_s": gaps.middle(),
        "gap_mean_s": gaps.total / gaps.number if gaps.number else None,
        "pages_per_minute": gaps.number * 60 / max(gaps.total, 1.0) if gaps.number else None,
        "unevenness": (uneven := gaps.unevenness()),
        "rhythm": None if uneven is None else min(uneven, 1.0),  # as chance has it: no evidence
        "parts": session.parts + session.unchanged if parts_logged else None,
        # One part a page shows a browser; how many more depends on what it kept of earlier visits.
        "parts_per_page": min(session.parts / pages, 1.0) if pages and parts_logged else None,
        "head_share": session.heads / requests,
        "heads": session.heads,
        "error_share": session.errors / requests,
        "errors": session.errors,
        "unchanged_share": session.unchanged / requests,
        # Nobody follows a link to the first page, so it does not count.
        "unlinked_share": max(pages - session.linked - 1, 0) / (pages - 1) if several else None,
        "new_share": min(session.paths.count() / pages, 1.0) if several else None,
        "depth": session.depth / pages if pages else None,
        "hours": session.hours.bit_count(),
        "agents": session.agents.count() if session.kept_agent else None,
        "robots": float(session.robots),
        "script": float(session.script),
        "headless": float(session.headless),
        "nameless": float(session.nameless),
    }


def says_so(values: Values) -> Finding | None:
    """Strong: the client names itself a program, or gives no name at all."""
    if values["script"]:
        return Finding("script_agent", 0.85, "its user agent names a program")
    if values["headless"]:
        return Finding("headless_browser", 0.85, "its user agent names a browser without a screen")
    if values["nameless"]:
        return Finding("no_agent", 0.5, "sent requests without a user agent")
    return None


def robots_file(values: Values) -> Finding | None:
    """Firm: the file is written for programs, and hardly anybody else opens it."""
    if not values["robots"]:
        return None
    return Finding("robots_file", 0.7, "asked for /robots.txt, which is written for programs")


def pages_alone(values: Values) -> Finding | None:
    """Weak: a browser fetches a page's parts, but may have them all from an earlier visit."""
    pages, parts = values["pages"] or 0, values["parts"]
    if parts is None or parts > 0 or pages < _FEW_PAGES:
        return None
    told = f"fetched {number(pages)} pages and not one picture, style or script"
    return Finding("pages_alone", 0.4, told)


def faster_than_reading(values: Values) -> Finding | None:
    """Weak: some pages fetch others by themselves."""
    gap, pages = values["gap_s"], values["pages"] or 0
    if gap is None or gap >= 2 or pages < 2 * _FEW_PAGES:
        return None
    told = f"opens a page every {number(gap)} s in the middle; people need longer to read"
    return Finding("faster_than_reading", 0.4 if gap < 1 else 0.25, told)


def clockwork(values: Values) -> Finding | None:
    """Up to strong: people's pauses spread at least as widely as chance would have it."""
    uneven, pages, mean = values["unevenness"], values["pages"] or 0, values["gap_mean_s"] or 0
    if uneven is None or pages < _RHYTHM_PAGES or mean < _COARSE_S:
        return None
    rounding = 0.5 / mean  # whole seconds alone make a difference of that size
    if uneven > max(0.3, rounding):
        return None
    weight = 0.8 if uneven <= max(0.05, rounding) else 0.6 if uneven < 0.15 else 0.3
    told = f"pauses between pages differ by only {uneven:.0%} of their length, as a clock's do"
    return Finding("clockwork", weight, told)


def tireless(values: Values) -> Finding | None:
    """Weak: a whole office behind one address is awake around the clock, too."""
    if (values["hours"] or 0) < 20 or (values["requests"] or 0) < 100:
        return None
    return Finding(
        "tireless", 0.3, f"was active in {number(values['hours'] or 0)} hours of the day"
    )


def guessing(values: Values) -> Finding | None:
    """Weak: half of what it asks for is not there, or not for it."""
    errors, share = values["errors"] or 0, values["error_share"] or 0
    if errors < 10 or share < 0.5:
        return None
    return Finding("guessing", 0.4, f"{share:.0%} of its requests were refused or found nothing")


def heads_only(values: Values) -> Finding | None:
    """Weak: browsers want the page, not only its headers."""
    heads, share = values["heads"] or 0, values["head_share"] or 0
    if heads < 3 or share < 0.2:
        return None
    return Finding("heads_only", 0.4, f"{share:.0%} of its requests were for headers only")


def many_agents(values: Values) -> Finding | None:
    """Weak: one session has one browser, unless a session is an address that many share."""
    agents = values["agents"]
    if agents is None or agents < 5:
        return None
    return Finding("many_agents", 0.2, f"called itself {number(round(agents))} different browsers")


METHOD = Method(
    traits=(
        Trait("requests", "volume", 0.5, told="made {value} requests"),
        Trait("pages", "volume", told="opened {value} pages"),
        Trait("gap_s", "speed", high=False, counted="page_gaps", many=4,
              told="waits {value} s between pages"),
        Trait("pages_per_minute", "speed", counted="page_gaps", many=4,
              told="opens {value} pages a minute"),
        Trait("rhythm", "rhythm", high=False, counted="page_gaps", many=6),
        Trait("parts_per_page", "parts", high=False, counted="pages", many=2),
        Trait("unchanged_share", "parts", 0.3, high=False),
        Trait("unlinked_share", "manners", counted="pages", many=3),
        Trait("error_share", "manners", 0.5, counted="requests", many=5),
        Trait("head_share", "manners", 0.5),
        Trait("new_share", "path", counted="pages", many=5),
        Trait("depth", "path", 0.3, counted="pages", many=5),
        Trait("hours", "day", told="was active in {value} hours of the day"),
    ),
    families={
        "volume": 0.7, "speed": 1.0, "rhythm": 0.8, "parts": 1.0, "manners": 0.7, "path": 0.3,
        "day": 0.2,
    },
    rules=(
        says_so, robots_file, pages_alone, faster_than_reading, clockwork, tireless, guessing,
        heads_only, many_agents,
    ),
)  # fmt: skip
