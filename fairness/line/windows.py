"""From arrivals to places: windows close, are committed, and are drawn."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from hashlib import sha256

from fairness import keys
from fairness.collector import paused
from fairness.errors import Conflict, Invalid
from fairness.ledger.entries import in_parts
from fairness.line.model import ClosedWindow
from fairness.line.part import Part

PART = 256  # places given in one step of the store, which serves nobody else meanwhile
SWEPT = 250  # arrivals taken out in one step

WHY_NOT = {
    "uncommitted": "a window is committed before it is drawn",
    "too soon": "windows are drawn in their order",
    "other order": "a window is drawn once",
}


class Windows(Part):
    """Windows between their closing and their draw.

    Closed, decided, screened, committed, then drawn. However many fans are in a window, no single
    step keeps the store busy for long; what takes several steps can be resumed after any of them.
    """

    def close_due_windows(self) -> list[int]:
        """Close every window that is over; return the new ones that have arrivals, in order.

        From that moment no join can land in them, even when the store's clock steps back.
        """
        return self._close()

    def pending(self) -> dict[int, str]:
        """Return how far each window has come that is closed and not yet drawn, in order."""
        (steps,) = self._read(("HGETALL", keys.windows(self.sale_id)))
        return dict(sorted((int(number), step) for number, step in steps.items()))

    def windows_in(self, step: str) -> list[ClosedWindow]:
        """Return the windows that have come exactly as far as `step`, in order."""
        numbers = [number for number, its_step in self.pending().items() if its_step == step]
        if not numbers:
            return []
        rules, found = self.manifest(), defaultdict[int, list[tuple[str, int]]](list)
        start = rules.window_ends_us(numbers[0] - 1) if numbers[0] else 0
        end = rules.window_ends_us(numbers[-1])
        # Nothing is added to a window that is closed, so it may be read bit by bit.
        with paused():
            for fan, at_us in self._scored(keys.arrivals(self.sale_id), start, f"({end}"):
                found[rules.window_of(at_us)].append((fan, at_us))
        return [ClosedWindow(number, tuple(found[number])) for number in numbers]

    def advance(self, window: int, step: str) -> None:
        """Note that a window is now "screened" or "committed"; a step is never taken back.

        "drawn" is noted by `place`, with the last place it gives.
        """
        if step not in ("screened", "committed"):
            raise Invalid(
                f"a window cannot be advanced to {step}",
                field="step",
                value=step,
                rule="screened or committed",
                remedy="use place to draw a window",
            )
        self._run("advance", window, step)

    def place(
        self,
        window: int,
        order: Sequence[str],
        times: Sequence[int] = (),
        arrived: Sequence[str] = (),
    ) -> int:
        """Give the next places to these fans, in this order; return how many places are new.

        Places are counted from 1 without a gap over all windows and never change. Doing it again,
        or twice at once, changes nothing. Conflict when the window is not committed, when an
        earlier one is not yet drawn, or when a draw with another order has begun.

        `times` are their arrivals, µs, and `arrived` the same fans in the order of their arrival,
        as the log has them; the line is asked when they are not given.
        """
        if len(set(order)) != len(order):
            raise Invalid("a fan is twice in the order", field="order", rule="one place each")
        if len(times) != len(order):
            times, arrived = self._arrived(window, order)
        name = sha256("\n".join(order).encode()).hexdigest()
        new = 0
        for start in range(0, max(len(order), 1), PART):
            part = order[start : start + PART]
            came = b"".join([at_us.to_bytes(7) for at_us in times[start : start + PART]])
            answer = self._run("place", window, name, len(order), start, came, *part)
            if isinstance(answer, str):
                raise Conflict(
                    f"window {window} cannot be placed: {WHY_NOT[answer]}",
                    field="window",
                    value=window,
                    rule=WHY_NOT[answer],
                )
            new += answer
        # Whom somebody else took out meanwhile is not missed, and nobody is added to the window.
        # In the order of time, where neighbours are at hand: the draw's order costs ten times that.
        for part in in_parts(arrived, SWEPT):
            self._run("sweep", window, name, *part)
        self._run("sweep", window, name)
        return new

    def places(self) -> dict[str, int]:
        """Return the place of every fan who has one, in the order of places."""
        return dict(self._scored(keys.line(self.sale_id)))

    def _arrived(self, window: int, order: Sequence[str]) -> tuple[list[int], list[str]]:
        """Return when each of these arrived, 0 if they are gone, and them in that order.

        Who is gone has a place already.
        """
        rules, placed = self.manifest(), set(order)
        first = rules.window_ends_us(window - 1) if window else 0
        last = rules.window_ends_us(window) - 1
        arrived = dict(self._scored(keys.arrivals(self.sale_id), first, last))
        return [arrived.get(fan, 0) for fan in order], [fan for fan in arrived if fan in placed]

    def _close(self, *until_us: int) -> list[int]:
        closed: list[int] = []
        more: int = 1
        while more:
            more, *numbers = self._run("close", *until_us)
            closed += map(int, numbers)
        return closed
