"""The only door to search."""

from __future__ import annotations

import time
from collections.abc import Mapping

from boxoffice.catalogue.service import Catalogue
from boxoffice.search import index
from boxoffice.search.model import Hit
from boxoffice.search.words import fold
from boxoffice.search.words import words as words_of
from fairness.errors import Invalid

FRESH_S = 5.0
MAX_WORDS = 20


class Search:
    """Finds listed events; what is new in the catalogue is found after at most 5 seconds."""

    def __init__(self, catalogue: Catalogue, fresh_s: float = FRESH_S) -> None:
        self._catalogue = catalogue
        self._fresh_s = fresh_s
        self._documents: Mapping[str, index.Document] = {}
        self._stale_at = float("-inf")

    def find(
        self,
        words: str = "",
        city: str = "",
        from_us: int | None = None,
        to_us: int | None = None,
        limit: int = 50,
    ) -> list[Hit]:
        """Return the events that match all that is asked, the best first, then the earliest.

        Each word must be in the artist, title, venue, city, genre or description, or begin a word
        there; case and accents do not count. Performances begin at or after `from_us` and before
        `to_us` (µs UTC). Invalid when that is never.
        """
        if from_us is not None and to_us is not None and to_us <= from_us:
            raise Invalid(
                "the dates run backwards",
                field="to",
                value=to_us,
                rule="from < to",
                remedy="choose an end after the beginning",
            )
        wanted = words_of(words)[:MAX_WORDS]
        documents = self._fresh().values()
        return index.find(documents, wanted, fold(city), from_us, to_us)[:limit]

    def also_like(self, event_id: str, limit: int = 5, from_us: int | None = None) -> list[Hit]:
        """Return events of the same artist, genre or city, the most alike first; NotFound.

        With `from_us` (µs UTC), only those that can still be seen then. None for an event that is
        too new to be in the index, or not listed.
        """
        documents = self._fresh()
        if event_id not in documents:
            self._catalogue.event(event_id)
            return []
        return index.alike(documents.values(), documents[event_id], from_us)[:limit]

    def _fresh(self) -> Mapping[str, index.Document]:
        """Return the documents, read again when they are older than `fresh_s`."""
        now = time.monotonic()
        if now >= self._stale_at:
            self._documents = index.build(
                self._catalogue.events(),
                self._catalogue.performances(),
                self._catalogue.venues(),
            )
            self._stale_at = now + self._fresh_s
        return self._documents
