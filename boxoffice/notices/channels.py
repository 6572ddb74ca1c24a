"""How a letter leaves the house: one interface for every way."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from boxoffice.notices.model import Letter

ADDRESS = "email"  # the field of an Invalid that says: nobody can be reached there


class Post(Protocol):
    """An open connection."""

    def send(self, letter: Letter) -> None:
        """Hand `letter` over. Unavailable when not now, Invalid when it never will be taken.

        The field of the latter is ADDRESS when it is because of whom it is for.
        """
        ...


class Sender(Protocol):
    """A way to send letters."""

    def connected(self) -> AbstractContextManager[Post]:
        """Return a context with one open connection; Unavailable when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Channel:
    """A way, and how many letters a second it takes; 0: as many as there are."""

    sender: Sender
    per_s: int = 0
