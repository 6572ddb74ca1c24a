"""All the faults of a file, each with its place, collected before the file is refused."""

from __future__ import annotations

from collections.abc import Iterable

from fairness.errors import Invalid

MAX_SEATS = 100_000
MAX_NAME = 100
MAX_FILE = 20_000_000  # characters
SHOWN = 3  # faults in the message; all of them are in the value


class Faults:
    """A list of faults that refuses the plan when it is not empty."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, place: str, fault: str) -> None:
        """Note one fault; `place` is where in the file, as its author would find it."""
        self.found.append(f"{place}: {fault}" if place else fault)

    def refuse(self) -> None:
        """Raise Invalid with every fault, if there is any."""
        if not self.found:
            return
        more = len(self.found) - SHOWN
        first = "; ".join(self.found[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
        raise Invalid(
            f"the seating plan has {len(self.found)} fault(s): {first}",
            field="plan",
            value=self.found,
            rule="every seat stands in the plan once, with a zone, a row, a number and a category",
            remedy="correct the file at the places named and import it again",
        )

    def check_size(self, text: str) -> None:
        """Note that a file is too large to be read at all, and refuse it."""
        if len(text) > MAX_FILE:
            self.add("", f"the file has more than {MAX_FILE:,} characters")
            self.refuse()


def places(where: Iterable[str], shown: int = 5) -> str:
    """Return a list of places for a fault: the first few, and how many more."""
    every = list(where)
    more = f" and {len(every) - shown} more" if len(every) > shown else ""
    return ", ".join(every[:shown]) + more


def name_fault(what: str, value: str) -> str | None:
    """Return what is wrong with a name, or None."""
    if not value:
        return f"the {what} is empty"
    if len(value) > MAX_NAME:
        return f"the {what} has {len(value)} characters; at most {MAX_NAME} are allowed"
    if not value.isprintable():
        return f"the {what} {value!r} has characters that cannot be shown"
    return None
