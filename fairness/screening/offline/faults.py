"""What of a file could not be used: counted by kind, the first of each kind named."""

from __future__ import annotations


class Faults:
    """One bad line never stops the rest, and never goes unsaid."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, str]] = {}

    def note(self, kind: str, where: str) -> None:
        """Count one fault of `kind` (words of ours, never of the file) at `where`."""
        times, first = self._found.get(kind, (0, where))
        self._found[kind] = (times + 1, first)

    def counts(self) -> dict[str, int]:
        """Return how often each kind was found."""
        return {kind: times for kind, (times, _) in self._found.items()}

    def told(self) -> list[str]:
        """Return one line a kind: how often, what, and where it was first."""
        return [f"{times} × {kind} (first: {at})" for kind, (times, at) in self._found.items()]
