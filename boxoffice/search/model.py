"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass

from boxoffice.catalogue.model import Event, Performance, Venue


@dataclass(frozen=True, slots=True)
class Hit:
    """An event that was found, the dates and places that match, and why it stands where it does."""

    event: Event
    performances: tuple[tuple[Performance, Venue], ...]  # the earliest first
    score: int
    because: tuple[str, ...]  # for example '"tosca" in the title'
