"""What a session of an access log comes to: one value for each trait, None where nothing tells."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from fairness.screening.offline.judging import Actor
from fairness.screening.offline.rhythm import steadiness
from fairness.screening.offline.sessions import Session

_PARTS_LOGGED = 0.05  # of all requests; with fewer, another server sends pictures and styles
_PARTS = ("parts", "parts_per_page", "all_parts_per_page", "picture_share")


def actors(sessions: Mapping[str, Session]) -> list[Actor]:
    """Return the sessions of one log as actors, in their order."""
    requests = sum(session.requests for session in sessions.values())
    parts = sum(session.parts for session in sessions.values())
    logged = parts >= _PARTS_LOGGED * requests
    opened = Counter(sign for s in sessions.values() for sign in set(s.page_signs))
    newest = _newest([s.major for s in sessions.values() if s.major])
    return [
        Actor(name, derive(s, parts_logged=logged) | _beside_others(s, opened, newest))
        for name, s in sessions.items()
    ]


def derive(session: Session, *, parts_logged: bool = True) -> dict[str, float | None]:
    """Return the values of a session; None where the log cannot tell.

    `parts_logged`: whether the log has pictures and styles at all.
    """
    parts = _parts(session) if parts_logged else dict.fromkeys(_PARTS)
    return parts | _requests(session) | _pages(session) | _pauses(session) | _claims(session)


def _requests(session: Session) -> dict[str, float | None]:
    requests = session.requests
    return {
        "requests": requests,
        "bytes": session.bytes,
        "bytes_per_request": session.bytes / requests,
        "head_share": session.heads / requests,
        "heads": session.heads,
        "post_share": session.posts / requests,
        "error_share": session.errors / requests,
        "errors": session.errors,
        "failure_share": session.failures / requests,
        "unchanged_share": session.unchanged / requests,
        "moved_share": session.moved / requests,
        "old_share": session.old / requests,
        "hours": session.hours.bit_count(),
        "addresses": session.addresses.count(),
    }


def _parts(session: Session) -> dict[str, float | None]:
    pages, parts = session.pages, session.parts
    return {
        "parts": parts + session.unchanged,
        # A part every other page shows a browser; how many more is a matter of what it had already.
        "parts_per_page": min(parts / pages, 0.5) if pages else None,
        "all_parts_per_page": parts / pages if pages else None,
        "picture_share": session.pictures / session.requests,
    }


def _pages(session: Session) -> dict[str, float | None]:
    pages = session.pages
    if not pages:
        return {"pages": 0.0}
    depth = session.depth / pages
    values: dict[str, float | None] = {
        "pages": pages,
        "depth": depth,
        "depth_spread": math.sqrt(max(session.depth_squares / pages - depth * depth, 0.0)),
        "query_share": session.queries / pages,
    }
    if pages == 1:
        return values
    return values | {
        # Nobody follows a link to the first page, so it does not count.
        "unlinked_share": max(pages - session.linked - 1, 0) / (pages - 1),
        "unfollowed_share": max(pages - session.followed - 1, 0) / (pages - 1),
        "new_share": min(session.paths.count() / pages, 1.0),
        "repeat_share": session.repeats / (pages - 1),
    }


def _pauses(session: Session) -> dict[str, float | None]:
    rhythm = session.times.rhythm()
    gaps, mean = rhythm.number, rhythm.mean_s
    return {
        "page_gaps": gaps,
        "gap_s": rhythm.middle_s,
        "gap_mean_s": mean,
        "pages_per_minute": 60 / max(mean, 1 / gaps) if mean is not None else None,
        "unevenness": rhythm.unevenness,
        "log_spread": rhythm.log_spread,
        "steadiness": steadiness(rhythm.unevenness, gaps),
        "sameness": steadiness(rhythm.log_spread, gaps),
        "visits": rhythm.visits,
    }


def _claims(session: Session) -> dict[str, float | None]:
    return {
        "agents": session.agents.count() if session.kept_agent else None,
        "mobile": float(session.mobile),
        "robots": float(session.robots),
        "script": float(session.script),
        "headless": float(session.headless),
        "nameless": float(session.nameless),
        "strange": float(session.strange),
    }


def _beside_others(
    session: Session, opened: Mapping[int, int], newest: int
) -> dict[str, float | None]:
    """Return what can only be told beside the others: rare pages, an old browser."""
    signs = session.page_signs
    others = [math.log2(opened[sign]) for sign in signs]
    return {
        "popularity": sum(others) / len(others) if others else None,
        "agent_age": float(max(newest - session.major, 0)) if session.major else None,
    }


def _newest(majors: Sequence[int]) -> int:
    """Return what nearly the newest browsers say; a few claim what does not exist yet."""
    return sorted(majors)[int(len(majors) * 0.95)] if majors else 0
