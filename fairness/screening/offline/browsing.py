"""What makes a session of an access log a machine: METHOD judges what `summaries` made of it.

Somebody who reads fetches a page with its parts, thinks, follows a link, comes back, makes a pause.
A machine fetches what it wants. No rule looks at the hour alone: people are awake at night, too.
"""

from __future__ import annotations

from fairness.screening.model import Finding
from fairness.screening.offline.evidence import Family, Trait, Values
from fairness.screening.offline.judging import Method, number

_FEW_PAGES = 5  # fewer do not show a habit
_RHYTHM_PAGES = 10
_COARSE_S = 3  # times are whole seconds: shorter gaps look even by themselves


def says_so(values: Values) -> Finding | None:
    """Strong: the client names itself a program, or gives no name at all."""
    if values["script"]:
        return Finding("script_agent", 0.85, "its user agent names a program")
    if values["headless"]:
        return Finding("headless_browser", 0.85, "its user agent names a browser without a screen")
    if values["strange"]:
        return Finding("no_browser", 0.4, "its user agent names no browser")
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
        Trait("steadiness", "rhythm", told="pauses more evenly than people do"),
        Trait("sameness", "rhythm"),
        Trait("parts_per_page", "parts", high=False, counted="pages", many=2),
        Trait("unchanged_share", "parts", 0.3, high=False),
        Trait("unlinked_share", "manners", counted="pages", many=3),
        Trait("unfollowed_share", "manners", counted="pages", many=3),
        Trait("error_share", "manners", 0.5, counted="requests", many=5),
        Trait("head_share", "manners", 0.5),
        Trait("new_share", "path", counted="pages", many=5),
        Trait("popularity", "path", 0.5, high=False, counted="pages", many=5),
        Trait("depth", "path", 0.3, counted="pages", many=5),
        Trait("hours", "day", told="was active in {value} hours of the day"),
    ),
    families={
        "volume": Family(0.5, 0.4), "speed": Family(0.8, 0.4), "rhythm": Family(1.2),
        "parts": Family(1.0), "manners": Family(0.7), "path": Family(0.3), "day": Family(0.2, 0.4),
    },
    rules=(
        says_so, robots_file, pages_alone, faster_than_reading, clockwork, tireless, guessing,
        heads_only, many_agents,
    ),
)  # fmt: skip
