"""What is searched: the listed events with their words. Built whole, never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from boxoffice.catalogue.model import Event, Performance, Venue
from boxoffice.search.model import Hit
from boxoffice.search.words import fold, words

Dates: TypeAlias = tuple[tuple[Performance, Venue], ...]

# A whole word counts twice; the name of who plays counts most.
WEIGHTS = {"artist": 5, "title": 4, "venue": 3, "city": 3, "genre": 2, "description": 1}
MONTH_US = 30 * 24 * 3600 * 1_000_000
NEVER_US = 1 << 62


@dataclass(frozen=True, slots=True)
class Document:
    """One event as it is searched: for each field its folded words."""

    event: Event
    dates: Dates  # listed ones, the earliest first
    fields: Mapping[str, frozenset[str]]

    @property
    def first_us(self) -> int:
        """Return when its first performance begins; never, when it has none."""
        return self.dates[0][0].starts_at_us if self.dates else NEVER_US


def build(
    events: Iterable[Event], performances: Iterable[Performance], venues: Iterable[Venue]
) -> dict[str, Document]:
    """Return event id -> document, for the listed events and their listed performances."""
    places = {venue.venue_id: venue for venue in venues}
    dates: dict[str, list[tuple[Performance, Venue]]] = {}
    for performance in sorted(performances, key=lambda p: (p.starts_at_us, p.performance_id)):
        venue = places.get(performance.venue_id)
        if performance.listed and venue:
            dates.setdefault(performance.event_id, []).append((performance, venue))
    return {
        event.event_id: _document(event, tuple(dates.get(event.event_id, ())))
        for event in events
        if event.listed
    }


def _document(event: Event, dates: Dates) -> Document:
    texts = {
        "artist": event.artist,
        "title": event.title,
        "venue": " ".join(venue.name for _, venue in dates),
        "city": " ".join(venue.city for _, venue in dates),
        "genre": event.genre,
        "description": event.description,
    }
    return Document(event, dates, {name: frozenset(words(text)) for name, text in texts.items()})


def find(
    documents: Iterable[Document],
    wanted: Sequence[str],
    city: str,
    from_us: int | None,
    to_us: int | None,
) -> list[Hit]:
    """Return the events with all `wanted` words, and dates in the city and time asked for."""
    hits = []
    for document in documents:
        dates = _matching(document.dates, city, from_us, to_us)
        if not dates and (document.dates or city or from_us is not None or to_us is not None):
            continue
        matches = [match for word in wanted if (match := _match(document, word))]
        if len(matches) == len(wanted):
            score = sum(weight for weight, _ in matches)
            because = tuple(reason for _, reason in matches)
            hits.append(Hit(document.event, dates, score, because))
    return sorted(hits, key=_best_first)


def alike(documents: Iterable[Document], to: Document, from_us: int | None) -> list[Hit]:
    """Return the other events that have something in common with `to`, the most alike first.

    With `from_us`, only those that can still be seen then.
    """
    hits = []
    for document in documents:
        dates = _matching(document.dates, "", from_us, None)
        if document.event.event_id == to.event.event_id or (not dates and from_us is not None):
            continue
        score, because = _likeness(replace(document, dates=dates), to)
        if score > 1:  # the same month alone is no likeness
            hits.append(Hit(document.event, dates, score, because))
    return sorted(hits, key=_best_first)


def _likeness(one: Document, other: Document) -> tuple[int, tuple[str, ...]]:
    cities = {fold(venue.city) for _, venue in other.dates}
    shared = [venue.city for _, venue in one.dates if fold(venue.city) in cities]
    artist, genre = one.event.artist, one.event.genre
    same_artist = bool(artist) and fold(artist) == fold(other.event.artist)
    same_genre = bool(genre) and fold(genre) == fold(other.event.genre)
    near = bool(one.dates and other.dates) and abs(one.first_us - other.first_us) <= MONTH_US
    reasons = (
        (same_artist, 8, f"also by {artist}"),
        (same_genre, 4, f"also {genre}"),
        (bool(shared), 2, f"also in {shared[0] if shared else ''}"),
        (near, 1, "around the same date"),
    )
    given = [(weight, reason) for holds, weight, reason in reasons if holds]
    return sum(weight for weight, _ in given), tuple(reason for _, reason in given)


def _matching(dates: Dates, city: str, from_us: int | None, to_us: int | None) -> Dates:
    return tuple(
        (performance, venue)
        for performance, venue in dates
        if city in ("", fold(venue.city))
        and (from_us is None or performance.starts_at_us >= from_us)
        and (to_us is None or performance.starts_at_us < to_us)
    )


def _match(document: Document, word: str) -> tuple[int, str] | None:
    """Return the best weight of a word and where it was found; None when it is nowhere."""
    found = []
    for name, weight in WEIGHTS.items():
        if word in document.fields[name]:
            found.append((2 * weight, f'"{word}" in the {name}'))
        elif any(other.startswith(word) for other in document.fields[name]):
            found.append((weight, f'"{word}…" in the {name}'))
    return max(found, key=lambda match: match[0], default=None)


def _best_first(hit: Hit) -> tuple[int, int, str]:
    first = hit.performances[0][0].starts_at_us if hit.performances else NEVER_US
    return -hit.score, first, hit.event.event_id
